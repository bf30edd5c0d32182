"""Execute one run - a method with all seeds, or a case - and write its result and provenance."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import hashlib
import importlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.experiments import catalogue, kept, reading, seal, settings, weights_index
from landscape.experiments.catalogue import Experiment
from landscape.experiments.simulation import csv_text
from landscape.experiments.stopwatch import Stopwatch
from landscape.experiments.sweep_settings import configurations
from landscape.files import replacing_folder, require_writable
from landscape.project import check_profile, find_root
from landscape.train import distributed, provenance, sweeps
from landscape.train.history import write_csv
from landscape.train.many import clear_checkpoints, fit_many
from landscape.train.workers import worker_count

_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_SMALLER = "make its settings smaller, or run it on a machine with more."


def run(
    run_id: str,
    profile: str,
    *,
    root: Path | None = None,
    output: Path | None = None,
    workers: int | None = None,
    seeds: int | None = None,
    inputs: Callable[[], str | None] | None = None,
    read_from: Path | None = None,
    most_steps: int | None = None,
) -> Path:
    """Execute one run and return the folder of its tables.

    The tables go to ``results/<profile>/<part>/<experiment>/<run>/``: ``results.csv`` and what a
    simulation adds, with ``<run>.provenance.json`` beside the folder. Nothing is written before all
    is done; a killed call resumes from its checkpoints when it is repeated.

    Under ``torchrun`` every process calls this and trains one replica; process 0 writes.

    Args:
        run_id: ``<part>/<experiment>/<run>``.
        profile: smoke, laptop or paper.
        root: The project's folder.
        output: Another folder than the experiment's for the run's folder and its provenance.
        workers: Worker processes; by default one a core, at smoke scale one for a method.
        seeds: Only the first so many seeds of a method.
        inputs: Gives the digest of all that the run is made from (``pipeline.finished``). It is
            noted where it is the same before and after: nobody edited the code meanwhile.
        read_from: Where ``<experiment>/<run>`` of the runs lie whose weights it reads, where these
            are not the profile's results.
        most_steps: Of a sweep only the networks of up to so many steps; its provenance says so.

    Raises:
        LandscapeError: Unknown names, settings that cannot be run, folders that cannot be written.
    """
    root = root or find_root()
    experiment, name = catalogue.of_run(run_id, root)
    job = job_of(experiment, name, check_profile(profile), root, workers, seeds)
    if most_steps is not None:
        job.shorten(most_steps)
    if output is not None:
        job.large = None
    if read_from is not None:
        job.read_from(read_from)
    folder = Path(output) if output is not None else experiment.folder(profile, root)
    distributed.all_or_none(lambda: require_writable(folder))
    world, specification = distributed.world(), digest(job)
    made_from = inputs() if inputs is not None else None
    with Stopwatch(root / "checkpoints", f"{run_id} {specification}", world.speaks) as watch:
        with _refusals(run_id):
            job.execute()
        if world.speaks:
            with replacing_folder(folder / name) as new:
                job.write(new)
            record = {
                "experiment": experiment.id,
                "method": name,
                "profile": profile,
                "specification": specification,
                "parameters": json.loads(_text(job)),
                "command": _command(run_id, profile, world.size, seeds, most_steps),
                "commit": provenance.commit(root),
                "device": provenance.device_name(),
                "cpu": provenance.processor(),
                "cores": os.cpu_count(),
                "versions": provenance.versions(),
                "started": watch.started,
                "finished": provenance.now(),
                "wall_seconds": watch.seconds,
                "files": provenance.checksums(folder / name),
                **job.record(),
            }
            # Under torchrun the other processes are no children of this one.
            if world.size == 1 and (used := watch.cpu_seconds) is not None:
                record["cpu_seconds"] = used
            if made_from is not None and made_from == inputs():
                record["inputs"] = made_from
            provenance.write(folder / f"{name}.provenance.json", seal.sealed(record))
        distributed.largest(0)  # the others wait until the results are written
        job.forget()
    return folder / name


@contextlib.contextmanager
def _refusals(run_id: str) -> Iterator[None]:
    """One sentence for what the settings of a run ask of a machine or of a simulation in vain."""
    try:
        yield
    except LandscapeError:
        raise
    except MemoryError as error:
        raise LandscapeError(f"{run_id} needs more memory than there is; {_SMALLER}") from error
    except RuntimeError as error:  # torch's own
        if not any(words in str(error).lower() for words in _NO_MEMORY):
            raise
        raise LandscapeError(f"{run_id} needs more memory than there is; {_SMALLER}") from error
    except ValueError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise LandscapeError(f"The settings of {run_id} cannot be run: {reason}.") from error


def job_of(
    experiment: Experiment,
    name: str,
    profile: str,
    root: Path,
    workers: int | None = None,
    seeds: int | None = None,
) -> Job:
    """What has to be done for a run; its settings are checked."""
    kinds = {"train": _Training, "sweep": _Sweep, "simulate": _Simulation}
    return kinds[experiment.kind](experiment, name, profile, root, workers, seeds)


def digest(job: Job) -> str:
    """SHA-256 of its parameters: it depends on the settings alone."""
    return hashlib.sha256(_text(job).encode()).hexdigest()


def _text(job: Job) -> str:
    return json.dumps(job.parameters, sort_keys=True, default=str)


def _command(
    run_id: str, profile: str, processes: int, seeds: int | None, most_steps: int | None
) -> str:
    torchrun = f"torchrun --nproc-per-node {processes} -m "
    program = ("" if processes == 1 else torchrun) + "landscape"
    only = "" if seeds is None else f" --seeds {seeds}"
    only += "" if most_steps is None else f" --most-steps {most_steps}"
    return f"{program} run {run_id} --profile {profile}{only}"


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

    def shorten(self, most_steps: int) -> None:
        """Leave out what takes more steps; only a sweep can."""
        raise LandscapeError(
            f"{self.experiment.id} is no sweep: --most-steps {most_steps} has no meaning for it."
        )

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


class _Training(Job):
    """All seeds of a method."""

    def prepare(self) -> None:
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

    def execute(self) -> None:
        kept.refuse_large(self.specs[0], self.profile)
        self.frame = fit_many(
            self.specs,
            checkpoints=self.checkpoints,
            workers=self.workers,
            label=self.label,
            points=self.points,
        )

    def write(self, folder: Path) -> None:
        write_csv(self.frame, folder / "results.csv")
        kept.collect(self.specs, self.points, self.checkpoints, folder, self.large)

    def record(self) -> dict[str, Any]:
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
        clear_checkpoints(self.specs, self.checkpoints)


class _Sweep(Job):
    """All configurations of a method."""

    def prepare(self) -> None:
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

    def shorten(self, most_steps: int) -> None:
        """Only the networks of up to so many steps; the settings noted say so."""
        kept = [one for one in self.configurations if one.steps <= most_steps]
        if not kept:
            least = min(one.steps for one in self.configurations)
            raise LandscapeError(
                f"{self.experiment.id}: no network takes {most_steps} steps or fewer; the shortest "
                f"takes {least}."
            )
        self.configurations = kept
        sweep = self.parameters["sweep"] | {"most_steps": most_steps}
        self.parameters = self.parameters | {"sweep": sweep}

    def execute(self) -> None:
        self.frame = sweeps.fit_sweep(
            self.configurations,
            checkpoints=self.checkpoints,
            workers=self.workers,
            size=self.parameters["sweep"].get("together"),
            label=self.label,
        )

    def write(self, folder: Path) -> None:
        (folder / "results.csv").write_text(csv_text(self.frame), encoding="utf-8", newline="\n")

    def record(self) -> dict[str, Any]:
        return {
            "seeds": list(range(self.parameters["run"]["seeds"])),
            "workers": self.workers,
            "configurations": len(self.configurations),
            "diverged_configurations": int(self.frame["diverged"].sum()),
        }

    def forget(self) -> None:
        sweeps.forget(self.configurations, self.checkpoints)


class _Simulation(Job):
    """One case."""

    def prepare(self) -> None:
        name = self.experiment.id
        if self.seeds is not None:
            raise LandscapeError(f"{name} is simulated: it has no seeds to choose from.")
        self.module = importlib.import_module(self.experiment.module)
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
        self.outcome = self.module.simulate(
            self.parameters,
            self.name,
            checkpoints=self.checkpoints,
            workers=self.workers,
            **self.options,
        )

    def write(self, folder: Path) -> None:
        for name, text in self.outcome.tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")

    def record(self) -> dict[str, Any]:
        return {"seeds": [self.parameters["seed"]], "workers": self.workers}

    def forget(self) -> None:
        for path in self.outcome.kept:
            with contextlib.suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # unless chunks of other settings are there
