"""Try a run on this machine before the clock runs: does it work, and how long would it take?

One line of JSON a run is printed by ::

    python -m landscape.experiments.probe --profile paper RUN [RUN ...]

First one seed at smoke scale goes through everything a run does -
training, evaluation, a checkpoint, the answer - then a few steps at the profile's own scale are
timed. Of a sweep it is one network of each, of a simulation the whole at smoke scale and what its
module's ``costs`` says. A process of its own, because a failure inside CUDA spoils the process it
happens in.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from landscape import data, following
from landscape.experiments import catalogue, settings
from landscape.experiments.sweep_settings import configurations
from landscape.project import find_root
from landscape.train import device as devices
from landscape.train import distributed, sweeps
from landscape.train.loop import fit
from landscape.train.run import Run
from landscape.train.sweep_batch import Batch

WARM_UP, MOST_STEPS, MOST_SECONDS = 3, 30, 1.5


def probe(run_id: str, profile: str, root: Path, device: torch.device) -> dict[str, Any]:
    """Device and seconds of a run.

    Returns:
        run; device: its name; runs: seeds times points of a grid; step_seconds: median; seconds:
        all runs one after the other. Of a sweep ``evaluation_seconds`` of a thousand samples
        instead of ``seconds``: its networks' horizons decide (``evidence.sweep_reach``).
    """
    experiment, method = catalogue.of_run(run_id, root)
    named = {"run": run_id, "device": devices_name(device)}
    if experiment.kind == "sweep":
        return named | _of_sweep(experiment.id, method, profile, root, device)
    if experiment.kind == "simulate":
        return named | _of_simulation(experiment, method, profile, root, device)
    smallest = catalogue.run_specs(experiment.id, method, "smoke", root)[0]
    with tempfile.TemporaryDirectory() as folder:
        fit(smallest, device=device, checkpoints=folder)
    specs = catalogue.run_specs(experiment.id, method, profile, root)
    step, evaluation, run = _timed(Run(specs[0], device, None, distributed.world()), device)
    whole = run.total_steps * step + len(run.evaluation_steps()) * evaluation
    return named | {"runs": len(specs), "step_seconds": step, "seconds": len(specs) * whole}


def _of_sweep(
    name: str, method: str, profile: str, root: Path, device: torch.device
) -> dict[str, Any]:
    """One network of a sweep: trained at smoke scale, timed at the profile's."""
    every = {
        scale: configurations(settings.method_settings(name, method, scale, root), name)
        for scale in ("smoke", profile)
    }
    with tempfile.TemporaryDirectory() as folder:
        sweeps.fit_sweep(every["smoke"][:1], checkpoints=folder, workers=1)
    one = every[profile][0]
    described = vars(one.shared.data) | {"device": device}
    described.pop("unroll", None)  # of sequences
    batch = Batch([one], data.prepare(**described), device)
    seconds = _steps(device, lambda number: batch.update(batch.gradients(number)[1]))
    x, y = batch.test.x[:1000], batch.test.y[:1000]
    batch.measure(x, y)
    start = _clock(device)
    batch.measure(x, y)
    thousand = (_clock(device) - start) * 1000 / len(y)
    return {"runs": len(every[profile]), "step_seconds": seconds, "evaluation_seconds": thousand}


def _of_simulation(
    experiment: catalogue.Experiment, case: str, profile: str, root: Path, device: torch.device
) -> dict[str, Any]:
    """A simulation at smoke scale, and what its module says of the profile's."""
    module = importlib.import_module(experiment.module)
    with tempfile.TemporaryDirectory() as folder:
        given = settings.resolved(experiment.id, "smoke", root)
        module.simulate(given, case, checkpoints=Path(folder), workers=1)
    given = settings.resolved(experiment.id, profile, root)
    row = module.costs(given, case, device, repeats=2)
    return {"runs": row["runs"], "step_seconds": row["step_seconds"],
            "seconds": 3600 * row["runs"] * row["hours"]}  # fmt: skip


def devices_name(device: torch.device) -> str:
    """``cpu`` or the card's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _timed(run: Run, device: torch.device) -> tuple[float, float, Run]:
    """Seconds of a step (median) and of an evaluation."""
    run.optimizer.prepare()

    def step(_: int) -> None:
        run.optimizer.observe(run.gradients())
        run.optimizer.step()
        run.step += 1

    seconds = _steps(device, step)
    start = _clock(device)
    run.evaluate({})
    return seconds, _clock(device) - start, run


def _steps(device: torch.device, step: Callable[[int], object]) -> float:
    """Seconds of a step, the median of as many as there is time for."""
    seconds: list[float] = []
    begun = time.perf_counter()
    while len(seconds) < WARM_UP + MOST_STEPS:
        start = _clock(device)
        step(len(seconds))
        seconds.append(_clock(device) - start)
        if len(seconds) > WARM_UP and time.perf_counter() - begun > MOST_SECONDS:
            break
    return statistics.median(seconds[WARM_UP:])


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def main() -> None:
    """Probe the named runs; one that fails is reported and does not end the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--profile", required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    following.follow_parent()
    root, device = find_root(), devices.pick()
    for name in given.runs:
        try:
            found = probe(name, given.profile, root, device)
        except Exception as error:  # whatever it is, the queue goes on without this run
            found = {"run": name, "error": " ".join(str(error).split())[:300] or repr(error)}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
