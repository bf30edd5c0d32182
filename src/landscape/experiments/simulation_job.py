"""A case of a simulation as a job."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.experiments import reading, settings
from landscape.experiments.job import Job
from landscape.experiments.simulation_modules import module_of
from landscape.train.workers import worker_count


class Simulation(Job):
    """One case."""

    def prepare(self) -> None:
        """The experiment's settings, checked by its module's schema; no seeds to choose from."""
        name = self.experiment.id
        if self.seeds is not None:
            raise LandscapeError(f"{name} is simulated: it has no seeds to choose from.")
        self.module = module_of(name, self.experiment.module)
        settings.check(name, self.profile, self.module.SETTINGS, self.root)
        self.parameters = settings.resolved(name, self.profile, self.root)
        self.workers = worker_count(self.workers)
        self.options = {}
        if reading.runs_read(self.parameters, self.root):
            self.options["kept"] = reading.KeptRuns(self.profile, Path(self.root))

    def read_from(self, folder: Path) -> None:
        """Read kept weights there."""
        if "kept" in self.options:
            self.options["kept"] = dataclasses.replace(self.options["kept"], results=folder)

    def execute(self) -> None:
        """Call the module's ``simulate``, with kept weights where the settings read some."""
        self.outcome = self.module.simulate(
            self.parameters,
            self.name,
            checkpoints=self.checkpoints,
            workers=self.workers,
            **self.options,
        )

    def write(self, folder: Path) -> None:
        """Every table of its outcome, each to a file of its own."""
        for name, text in self.outcome.tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")

    def record(self) -> dict[str, Any]:
        """Its seed and its processes."""
        return {"seeds": [self.parameters["seed"]], "workers": self.workers}

    def forget(self) -> None:
        """Delete the parts that it kept on the way."""
        for path in self.outcome.kept:
            with contextlib.suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # unless chunks of other settings are there
