"""The chapter on the optimizers: no figure of a work, a picture of what each method does."""

from landscape.experiments.catalogue import Experiment

EXPERIMENTS = (
    Experiment(
        id="optimizer-paths",
        artifact="optimizers",
        part=0,
        kind="simulate",
        runs=("paths", "endings", "options"),
        title="Every optimizer on one loss of two weights",
        module="landscape.experiments.optimizer_paths",
    ),
)
