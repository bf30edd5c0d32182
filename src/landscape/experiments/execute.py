"""Execute one run group (all seeds of a method) and write its result and provenance."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings
from landscape.train import distributed, provenance
from landscape.train.history import write_csv
from landscape.train.many import clear_checkpoints, fit_many, worker_count


def train(
    experiment: str,
    method: str,
    profile: str,
    *,
    root: Path | None = None,
    output: Path | None = None,
    workers: int | None = None,
    seeds: int | None = None,
) -> Path:
    """Train every seed of one method; returns the path of the CSV.

    The CSV goes to ``results/<profile>/<experiment>/<method>.csv`` (or to ``output``), its
    provenance beside it. Nothing is written before all seeds have finished; a killed call resumes
    from its checkpoints when it is repeated. Under ``torchrun`` every process calls this and trains
    one replica; process 0 writes.

    Raises LandscapeError for unknown names and for settings that cannot be run.
    """
    root = root or settings.find_root()
    catalogue.get(experiment, kind="train")
    runs = catalogue.grid_runs(experiment, method, profile, root, seeds)
    specs = [spec for spec, _ in runs]
    checkpoints = root / "checkpoints"
    workers = _workers(workers, profile)
    started, clock = provenance.now(), time.monotonic()
    frame = fit_many(
        specs,
        checkpoints=checkpoints,
        data_root=None,
        workers=workers,
        label=f"{experiment} {method} ({profile})",
        points=[point for _, point in runs],
    )
    folder = output or root / "results" / profile / experiment
    path = folder / f"{method}.csv"
    world = distributed.world()
    if not world.speaks:
        distributed.largest(0)  # wait until the results are written
        clear_checkpoints(specs, checkpoints)
        return path
    write_csv(frame, path)
    record = describe(
        experiment,
        method,
        profile,
        root,
        parameters=_parameters(runs),
        seeds=sorted({spec.seed for spec in specs}),
        command=_command(world.size)
        + f" train {experiment} --method {method} --profile {profile}",
    )
    record.update(
        started=started,
        finished=provenance.now(),
        wall_seconds=round(time.monotonic() - clock, 1),
        workers=min(worker_count(workers), len(specs)) if world.size == 1 else 1,
        replicas=specs[0].replicas.count,
        world_size=world.size,
        backend=world.backend,
        diverged=sorted(int(s) for s in frame.loc[frame["diverged"] == 1, "seed"].unique()),
    )
    provenance.write(folder / f"{method}.provenance.json", record)
    distributed.largest(0)
    clear_checkpoints(specs, checkpoints)
    return path


def _parameters(runs: list[tuple]) -> dict[str, Any]:
    """What the runs of a method share, and the points of its grid if it has one."""
    (first, point), *_ = runs
    shared = {k: v for k, v in first.as_dict().items() if k != "seed"}
    return shared | {"grid": list({str(at): at for _, at in runs}.values())} if point else shared


def _command(processes: int) -> str:
    return "landscape" if processes == 1 else f"torchrun --nproc-per-node {processes} -m landscape"


def simulate(
    experiment: str,
    case: str,
    profile: str,
    *,
    root: Path | None = None,
    output: Path | None = None,
    workers: int | None = None,
) -> list[Path]:
    """Run one case of a simulation and write its CSVs and its provenance; returns the CSVs' paths.

    Raises LandscapeError for unknown names and for settings that cannot be run.
    """
    root = root or settings.find_root()
    declared = catalogue.get(experiment, kind="simulate")
    if case not in declared.runs:
        known = ", ".join(declared.runs)
        raise LandscapeError(f"{experiment} has no case {case!r}; it has {known}.")
    parameters = settings.resolved(experiment, profile, root)
    folder = output or root / "results" / profile / experiment
    workers = worker_count(workers)
    started, clock = provenance.now(), time.monotonic()
    module = importlib.import_module(declared.module)
    paths = module.simulate(
        parameters, case, folder, checkpoint_dir=root / "checkpoints", workers=workers
    )
    record = describe(
        experiment,
        case,
        profile,
        root,
        parameters=parameters,
        seeds=[parameters["seed"]],
        command=f"landscape simulate {experiment} --case {case} --profile {profile}",
    )
    record.update(
        started=started,
        finished=provenance.now(),
        wall_seconds=round(time.monotonic() - clock, 1),
        workers=workers,
    )
    provenance.write(folder / f"{case}.provenance.json", record)
    return paths


def analyse(experiment: str, profile: str, *, root: Path | None = None) -> Path:
    """Summarise a finished simulation over its cases; returns the path of the summary.

    Raises LandscapeError when the simulation has not been run, or has nothing to summarise.
    """
    root = root or settings.find_root()
    declared = catalogue.get(experiment, kind="simulate")
    module = importlib.import_module(declared.module)
    if not hasattr(module, "analyse"):
        raise LandscapeError(f"{experiment} has no analysis of its own; its cases are its results.")
    folder = root / "results" / profile / experiment
    return module.analyse(settings.resolved(experiment, profile, root), folder)


def describe(
    experiment: str,
    run: str,
    profile: str,
    root: Path,
    *,
    parameters: dict[str, Any],
    seeds: list[int],
    command: str,
) -> dict[str, Any]:
    """The part of a provenance record that is known before the run."""
    specification = json.dumps(parameters, sort_keys=True, default=str)
    return {
        "experiment": experiment,
        "method": run,
        "profile": profile,
        "specification": hashlib.sha256(specification.encode()).hexdigest(),
        "parameters": json.loads(specification),
        "seeds": seeds,
        "command": command,
        "commit": provenance.commit(root),
        "device": provenance.device_name(),
        "cpu": provenance.processor(),
        "cores": os.cpu_count(),
        "versions": provenance.versions(),
    }


def _workers(wanted: int | None, profile: str) -> int | None:
    """One worker at smoke scale, whose runs are shorter than the start of a worker process."""
    return 1 if wanted is None and profile == "smoke" else wanted


def train_frame(experiment: str, profile: str, root: Path | None = None) -> pd.DataFrame:
    """Train all methods now, in worker processes, without touching results or checkpoints.

    This is what ``live = True`` in a notebook does. Returns the rows of all methods with a
    ``method`` column.
    """
    root = root or settings.find_root()
    declared = catalogue.get(experiment, kind="train")
    frames = []
    for method in declared.runs:
        runs = catalogue.grid_runs(experiment, method, profile, root)
        rows = fit_many(
            [spec for spec, _ in runs],
            workers=_workers(None, profile),
            label=f"{experiment} {method}",
            points=[point for _, point in runs],
        )
        frames.append(rows.assign(method=method))
    return pd.concat(frames, ignore_index=True)
