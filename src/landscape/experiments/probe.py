"""Try a run on this machine before the clock runs: does it work, and how long would it take?

One line of JSON a run is printed by ::

    python -m landscape.experiments.probe --profile paper RUN [RUN ...]

First one seed at smoke scale goes through everything a run does -
training, evaluation, a checkpoint, the answer - then a few steps at the profile's own scale are
timed. A process of its own, because a failure inside CUDA spoils the process it happens in.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from landscape.experiments import catalogue
from landscape.project import find_root
from landscape.train import device as devices
from landscape.train import distributed
from landscape.train.loop import fit
from landscape.train.run import Run

WARM_UP, MOST_STEPS, MOST_SECONDS = 3, 30, 1.5


def probe(run_id: str, profile: str, root: Path, device: torch.device) -> dict[str, Any]:
    """Device and seconds of a run.

    Returns:
        run; device: its name; runs: seeds times points of a grid; step_seconds: median; seconds:
        all runs one after the other.
    """
    experiment, method = catalogue.of_run(run_id, root)
    smallest = catalogue.run_specs(experiment.id, method, "smoke", root)[0]
    with tempfile.TemporaryDirectory() as folder:
        fit(smallest, device=device, checkpoints=folder)
    specs = catalogue.run_specs(experiment.id, method, profile, root)
    step, evaluation, run = _timed(Run(specs[0], device, None, distributed.world()), device)
    whole = run.total_steps * step + len(run.evaluation_steps()) * evaluation
    return {
        "run": run_id, "device": devices_name(device), "runs": len(specs),
        "step_seconds": step, "seconds": len(specs) * whole,
    }  # fmt: skip


def devices_name(device: torch.device) -> str:
    """``cpu`` or the card's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _timed(run: Run, device: torch.device) -> tuple[float, float, Run]:
    """Seconds of a step (median) and of an evaluation."""
    run.optimizer.prepare()
    seconds: list[float] = []
    begun = time.perf_counter()
    while len(seconds) < WARM_UP + MOST_STEPS:
        start = _clock(device)
        run.optimizer.observe(run.gradients())
        run.optimizer.step()
        run.step += 1
        seconds.append(_clock(device) - start)
        if len(seconds) > WARM_UP and time.perf_counter() - begun > MOST_SECONDS:
            break
    start = _clock(device)
    run.evaluate({})
    return statistics.median(seconds[WARM_UP:]), _clock(device) - start, run


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
    root, device = find_root(), devices.pick()
    for name in given.runs:
        try:
            found = probe(name, given.profile, root, device)
        except Exception as error:  # whatever it is, the queue goes on without this run
            found = {"run": name, "error": " ".join(str(error).split())[:300] or repr(error)}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
