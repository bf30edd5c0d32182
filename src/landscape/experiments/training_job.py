"""A method of a training experiment, with all its seeds and grid points, as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from landscape.experiments import catalogue, earlier, kept, weights_index
from landscape.experiments.job import Job
from landscape.experiments.optimizer_trial import try_optimizer
from landscape.train import distributed
from landscape.train.history import write_csv
from landscape.train.many import clear_checkpoints, fit_many
from landscape.train.workers import worker_count


class Training(Job):
    """All seeds of a method."""

    def prepare(self) -> None:
        """Every seed of every grid point; at paper scale with a place for large weights."""
        runs = catalogue.grid_runs(
            self.experiment.id, self.name, self.profile, self.root, self.seeds
        )
        self.specs, self.points = map(list, zip(*runs, strict=True))
        worker_count(self.workers)
        first, point = runs[0]
        if self.profile == "paper":
            run_id = self.experiment.run_id(self.name)
            self.large = weights_index.large_folder(self.profile, run_id, self.root)
        self.parameters = {k: v for k, v in first.as_dict().items() if k != "seed"}
        if point:
            self.parameters["grid"] = list({str(at): at for at in self.points}.values())

    def refuse(self) -> None:
        """An optimizer that is not there, or not with these settings."""
        different = {repr((s.optimizer, s.optimizer_options)): s for s in self.specs}
        for spec in different.values():
            try_optimizer(spec)

    def take(self, folder: Path) -> None:
        """Keep the seeds that the folder of a finished run holds, and train the others alone."""
        self.earlier = earlier.read(folder, self.large)

    def execute(self) -> None:
        """Train them, in worker processes where there are several."""
        kept.refuse_large(self.specs[0], self.profile)
        there = set() if self.earlier is None else set(self.earlier.seeds)
        due = [n for n, spec in enumerate(self.specs) if spec.seed not in there]
        self.frame = fit_many(
            [self.specs[n] for n in due],
            checkpoints=self.checkpoints,
            workers=self.workers,
            label=self.label,
            points=[self.points[n] for n in due],
        )
        if self.earlier is not None:
            order = [*self.points[0], "seed", "step"]
            both = pd.concat([self.earlier.results, self.frame])
            self.frame = both.sort_values(order, kind="stable").reset_index(drop=True)

    def write(self, folder: Path) -> None:
        """``results.csv`` with all seeds, and the weights that the settings keep."""
        write_csv(self.frame, folder / "results.csv")
        kept.collect(self.specs, self.points, self.checkpoints, folder, self.large, self.earlier)

    def record(self) -> dict[str, Any]:
        """Seeds, processes, and the seeds that diverged."""
        world, diverged = distributed.world(), self.frame["diverged"] == 1
        alone = min(worker_count(self.workers), len(self.specs))
        return {
            "seeds": sorted({spec.seed for spec in self.specs}),
            "workers": alone if world.size == 1 else 1,
            "replicas": self.specs[0].replicas.count,
            "world_size": world.size,
            "backend": world.backend,
            "diverged": sorted(int(s) for s in self.frame.loc[diverged, "seed"].unique()),
        }

    def forget(self) -> None:
        """Delete the checkpoints of all seeds."""
        clear_checkpoints(self.specs, self.checkpoints)
