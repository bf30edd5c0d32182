"""A method of a sweep, with all its configurations, as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.experiments import settings
from landscape.experiments.job import Job
from landscape.experiments.simulation import csv_text
from landscape.experiments.sweep_settings import configurations
from landscape.train import distributed, sweeps
from landscape.train.workers import worker_count


class Sweep(Job):
    """All configurations of a method."""

    def prepare(self) -> None:
        """Every combination of the axes, each with its seeds and its own horizon."""
        name = self.experiment.id
        if distributed.world().size > 1:
            raise LandscapeError(f"{name} is a sweep: run it without torchrun.")
        if self.seeds is not None and self.seeds < 1:
            raise LandscapeError(f"{self.seeds} seeds cannot be run; ask for at least 1.")
        given = settings.method_settings(name, self.name, self.profile, self.root)
        run = given["run"]
        run["seeds"] = min(run["seeds"], self.seeds or run["seeds"])
        self.parameters = given
        self.configurations = configurations(given, f"{name}, method {self.name}")
        sweeps.check(self.configurations)
        self.workers = worker_count(self.workers)

    def shorten(self, most_steps: int) -> bool:
        """Only the networks of up to so many steps; the settings noted say so."""
        kept = [one for one in self.configurations if one.steps <= most_steps]
        if not kept:
            least = min(one.steps for one in self.configurations)
            raise LandscapeError(
                f"{self.experiment.id}: no network takes {most_steps} steps or fewer; the shortest "
                f"takes {least}."
            )
        if len(kept) == len(self.configurations):
            return False
        self.configurations = kept
        sweep = self.parameters["sweep"] | {"most_steps": most_steps}
        self.parameters = self.parameters | {"sweep": sweep}
        return True

    def execute(self) -> None:
        """Train all networks, many in one batch."""
        self.frame = sweeps.fit_sweep(
            self.configurations,
            checkpoints=self.checkpoints,
            workers=self.workers,
            size=self.parameters["sweep"].get("together"),
            label=self.label,
        )

    def write(self, folder: Path) -> None:
        """``results.csv`` with all configurations."""
        (folder / "results.csv").write_text(csv_text(self.frame), encoding="utf-8", newline="\n")

    def record(self) -> dict[str, Any]:
        """Seeds, processes, and how many configurations diverged."""
        return {
            "seeds": list(range(self.parameters["run"]["seeds"])),
            "workers": self.workers,
            "configurations": len(self.configurations),
            "diverged_configurations": int(self.frame["diverged"].sum()),
        }

    def forget(self) -> None:
        """Delete the checkpoints of all batches."""
        sweeps.forget(self.configurations, self.checkpoints)
