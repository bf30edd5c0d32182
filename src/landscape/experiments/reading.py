"""Simulations that read the weights which training runs have kept.

A simulation names them in its settings, an experiment or one run of it::

    common:
      reads: [wide-or-not-training]  # or [wide-or-not-training/sgd]

Its ``simulate`` is then called with ``kept``, a ``KeptRuns``, from which
``landscape.experiments.networks.network`` builds the networks. What those runs are made from counts
among what the simulation is made from (``landscape.pipeline.inputs``), and ``landscape run`` makes
them first where they are not finished, so that no order has to be written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings, weights_index
from landscape.experiments.settings_schema import TEXT, list_of

#: For the schema of a simulation's settings.
READS = list_of(TEXT, "a list of experiments or runs whose kept weights are read")


@dataclass(frozen=True)
class KeptRuns:
    """The kept weights of a profile's training runs.

    Attributes:
        profile: smoke, laptop or paper.
        root: The project's folder.
        results: Where ``<experiment>/<run>`` of runs lie that were made now; None: the profile's.
    """

    profile: str
    root: Path
    results: Path | None = None

    def weights(
        self, experiment: str, run: str, seed: int = 0, at: float = 1.0, **point: Any
    ) -> Path:
        """The file with the weights of one run at one instant, its bytes checked.

        The arguments are those of ``landscape.evidence.runs.Runs.weights``.

        Raises:
            LandscapeError: There are no such weights, or their file is missing or damaged.
        """
        declared = catalogue.get(experiment, root=self.root)
        folder = declared.folder(self.profile, self.root)
        if self.results is not None:
            folder = Path(self.results) / experiment
        index = folder / run / weights_index.INDEX
        large = weights_index.large_folder(self.profile, declared.run_id(run), self.root)
        return weights_index.find(index, large, seed, at, point)

    def parameters(self, experiment: str, run: str) -> dict[str, Any]:
        """The settings in force of one method, nested as in ``settings.yaml``."""
        return settings.method_settings(experiment, run, self.profile, self.root)


def runs_read(given: Mapping[str, Any], root: Path) -> list[str]:
    """The ids of the training runs that a simulation's settings name in ``reads``.

    Raises:
        LandscapeError: There is no such experiment or run, or it is not trained.
    """
    found: dict[str, None] = {}
    for name in given.get("reads", ()):
        for run_id in catalogue.find_runs(name, root):
            if catalogue.of_run(run_id, root)[0].kind != "train":
                raise LandscapeError(
                    f"reads names {name}, which is not trained and keeps no weights; name a "
                    "training experiment."
                )
            found[run_id] = None
    return list(found)


def needed(run_ids: Iterable[str], profile: str, root: Path) -> list[str]:
    """The training runs that some runs read and that are not among them, each once."""
    asked = list(run_ids)
    found: dict[str, None] = {}
    for run_id in asked:
        experiment, _ = catalogue.of_run(run_id, root)
        if experiment.kind == "simulate":
            given = settings.resolved(experiment.id, profile, root)
            found.update(dict.fromkeys(runs_read(given, root)))
    return [run_id for run_id in found if run_id not in asked]
