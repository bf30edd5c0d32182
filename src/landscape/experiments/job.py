"""What has to be done for one run, whatever its kind.

The kinds: ``training_job``, ``sweep_job`` and ``simulation_job``; ``execute.run`` goes through one.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.experiments.catalogue import Experiment
from landscape.experiments.earlier import Earlier


@dataclass
class Job(abc.ABC):
    """One run, its settings checked; ``parameters`` are all that its digest depends on."""

    experiment: Experiment
    name: str
    profile: str
    root: Path
    workers: int | None
    seeds: int | None
    large: Path | None = field(default=None, init=False)
    earlier: Earlier | None = field(default=None, init=False)
    parameters: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.label = f"{self.experiment.id} {self.name} ({self.profile})"
        self.checkpoints = self.root / "checkpoints"
        # At smoke scale training is shorter than the start of a worker process.
        if self.workers is None and self.profile == "smoke" and self.experiment.kind != "simulate":
            self.workers = 1
        self.prepare()

    @abc.abstractmethod
    def prepare(self) -> None:
        """Resolve and check the settings."""

    def refuse(self) -> None:  # noqa: B027 - most have nothing else that can be wrong
        """Refuse what only the work itself would notice."""

    def shorten(self, most_steps: int) -> bool:
        """Leave out what takes more steps, and whether that is anything; only a sweep can."""
        raise LandscapeError(
            f"{self.experiment.id} is no sweep: --most-steps {most_steps} has no meaning for it."
        )

    def read_from(self, folder: Path) -> None:
        """Where the runs lie whose kept weights it reads; only a simulation reads any."""
        raise LandscapeError(f"{self.experiment.id} is no simulation: it reads no kept weights.")

    def take(self, folder: Path) -> None:
        """Keep the seeds that a run's folder holds; only training can."""
        raise LandscapeError(f"{self.experiment.id} is no training: it is run with all its seeds.")

    @abc.abstractmethod
    def execute(self) -> None:
        """Do it, resuming from the checkpoints."""

    @abc.abstractmethod
    def write(self, folder: Path) -> None:
        """Write the tables."""

    @abc.abstractmethod
    def record(self) -> dict[str, Any]:
        """What its provenance says beside what all have."""

    @abc.abstractmethod
    def forget(self) -> None:
        """Delete the checkpoints."""
