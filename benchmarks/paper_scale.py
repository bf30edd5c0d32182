"""What every trained or swept experiment costs at the works' own scale, from a few measured steps.

    OMP_NUM_THREADS=1 python benchmarks/paper_scale.py          # a table; minutes on one core
    python benchmarks/paper_scale.py --record                   # records/paper-scale-costs/DATE
    python benchmarks/paper_scale.py --device cuda --record     # .../DATE-cuda

How. For each experiment and method the run of the paper profile is set up as training sets it up,
with random images of the data set's size instead of the images themselves (whitening them would
take longer than everything else). After two warm-up steps whole steps are timed (a mini-batch
gradient and the optimizer's step), and the evaluation of a thousand samples. On a CPU time is
processor time of the one thread, so that other work on the machine matters little; on a GPU it lies
between two synchronisations. The rest is arithmetic: steps a run, rows a run, samples a row, runs.
Augmentation, checkpoints and the preparation of the data are left out.

Of a sweep only a sample of its configurations is timed. A step costs what the network, its samples
and its batch make it cost, whatever lr, l2 and seed are; where axes vary these, they are sorted by
weights times samples of a step, and the middle one of each of eight parts stands for its part.
Batches are as large as the sweep makes them. That networks leave their batch one after the other,
which costs a little, and that some diverge and end early, which saves more, is left out.

The JSON: {"machine": {"device", "name", "threads", "torch", "python"}, "date", "command", "commit",
"rows": [...]}, and in each row

    experiment, method            as declared
    runs                          seeds times points of the grid; configurations of a sweep
    steps, rows, evaluated        of a run: mini-batches, evaluations, samples of an evaluation
    step_seconds                  median
    step_quartiles                [lower, upper]
    evaluation_seconds            of a thousand samples, median
    hours                         of one run

with means over the configurations in a sweep's row, and quartiles of all that was timed.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import recording
import torch

from landscape import data, models
from landscape.data.canonical import IMAGE_SETS
from landscape.experiments import catalogue, settings
from landscape.experiments.sweep_settings import configurations
from landscape.train import distributed, sweeps
from landscape.train.evaluate import loss_and_error
from landscape.train.run import Run
from landscape.train.sweep_batch import Batch
from landscape.train.sweep_spec import Configuration, Shared, instants

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "paper-scale-costs"
WARM_UP, EVALUATED = 2, 1000
PARTS = 8  # of a sweep are timed at most


def made_up(
    name: str,
    *,
    holdout: float,
    train_samples: int | None,
    test_samples: int | None = None,
    downsample: int = 1,
    classes: list | None = None,
    parity: bool = False,
    device: torch.device | str = "cpu",
    **_: Any,
) -> SimpleNamespace:
    """What ``data.prepare`` would give, with one random image repeated without taking memory."""
    arrays = IMAGE_SETS[name].arrays
    count, *shape = arrays["train_images"].shape
    side, channels = shape[0] // downsample, shape[2] if len(shape) > 2 else 1
    labels = 2 if parity else len(classes or range(10))

    def part(samples: int) -> SimpleNamespace:
        x = torch.randn(1, channels, side, side, device=device)
        y = torch.arange(samples, device=device) % labels
        return SimpleNamespace(x=x.expand(samples, -1, -1, -1), y=y)

    held_out = round(count * holdout)
    test = arrays["test_images"].shape[0]
    return SimpleNamespace(
        train=part(min(train_samples or count, count - held_out)),
        validation=part(held_out) if held_out else None,
        test=part(min(test_samples or test, test)),
    )


def timer(device: torch.device) -> Callable[[], float]:
    """The clock: processor time of this thread, or wall time once the GPU has finished."""
    if device.type == "cpu":
        return time.thread_time

    def clock() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return clock


def measure(
    experiment: str, method: str, device: torch.device, repeats: int, profile: str = "paper"
) -> dict[str, Any]:
    """One row."""
    specs = catalogue.run_specs(experiment, method, profile, ROOT)
    clock, spec = timer(device), specs[0]
    with mock.patch.object(data, "prepare", made_up):
        run = Run(spec, device, None, distributed.world())
    run.optimizer.prepare()
    seconds = []
    for number in range(WARM_UP + repeats):
        start = clock()
        run.optimizer.observe(run.gradients())
        run.optimizer.step()
        run.step += 1
        if number >= WARM_UP:
            seconds.append(clock() - start)
    x = torch.randn(EVALUATED, *run.splits.train.x.shape[1:], device=device)
    y = torch.zeros(EVALUATED, dtype=torch.int64, device=device)
    evaluations = []
    for _ in range(3):
        start = clock()
        loss_and_error(run.model, x, y, run.convolutional)
        evaluations.append(clock() - start)
    parts = [run.splits.train.y[: spec.evaluation_samples], run.splits.test.y]
    parts += [run.splits.validation.y] if run.splits.validation is not None else []
    evaluated, rows = sum(map(len, parts)), len(run.evaluation_steps())
    step, thousand = statistics.median(seconds), statistics.median(evaluations)
    quartiles = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
    total = run.total_steps * step + rows * evaluated / EVALUATED * thousand
    return {
        "experiment": experiment, "method": method, "runs": len(specs),
        "steps": run.total_steps, "rows": rows, "evaluated": evaluated,
        "step_seconds": step, "step_quartiles": [quartiles[0], quartiles[2]],
        "evaluation_seconds": thousand, "hours": total / 3600,
    }  # fmt: skip


def measure_sweep(
    experiment: str, method: str, device: torch.device, repeats: int, profile: str = "paper"
) -> dict[str, Any]:
    """One row, of what a sample of the configurations costs."""
    given = settings.method_settings(experiment, method, profile, ROOT)
    every, size = configurations(given, experiment), given["sweep"].get("together")
    kinds: dict[str, list[Configuration]] = {}
    for one in every:
        kinds.setdefault(repr(one.shared), []).append(one)
    ordered = sorted(kinds.values(), key=lambda kind: _work(kind[0].shared))
    parts = min(PARTS, len(ordered))
    bounds = [len(ordered) * part // parts for part in range(parts + 1)]
    step = evaluation = 0.0  # seconds of all configurations
    steps = looks = samples = 0
    each: list[float] = []
    for first, last in itertools.pairwise(bounds):
        stands = ordered[(first + last) // 2]
        shared = stands[0].shared
        batch = stands[: size or sweeps.together(shared, len(stands))]
        seconds, thousand, counts = _timed_batch(batch, device, repeats)
        each += seconds
        for one in itertools.chain(*ordered[first:last]):
            seen = instants(one.steps, one.shared.rows_per_decade, one.shared.looks)
            measured = len(seen) * counts[1] + sum(seen.values()) * counts[0]
            step += one.steps * statistics.median(seconds)
            evaluation += measured / EVALUATED * thousand
            steps, looks, samples = steps + one.steps, looks + len(seen), samples + measured
    quartiles = statistics.quantiles(each, n=4) if len(each) > 1 else each * 3
    return {
        "experiment": experiment, "method": method, "runs": len(every),
        "steps": round(steps / len(every)), "rows": round(looks / len(every)),
        # What makes the evaluations add up: rows times evaluated times seconds.
        "evaluated": samples / len(every) / round(looks / len(every)),
        "step_seconds": step / steps, "step_quartiles": [quartiles[0], quartiles[2]],
        "evaluation_seconds": 1000 * evaluation / samples,
        "hours": (step + evaluation) / len(every) / 3600,
    }  # fmt: skip


def _work(shared: Shared) -> float:
    """Weights times samples of a step, to sort by."""
    weights = models.parameter_count(models.build(shared.model, **shared.model_options))
    return weights * (shared.batch_size or shared.data.train_samples or math.inf)


def _timed_batch(
    batch: list[Configuration], device: torch.device, repeats: int
) -> tuple[list[float], float, tuple[int, int]]:
    """Of one network: seconds of steps, of a thousand evaluations, its training and test samples.

    Training samples are those that are evaluated.
    """
    clock, shared = timer(device), batch[0].shared
    described = vars(shared.data).copy()
    splits = made_up(described.pop("name"), device=device, **described)
    made = Batch(batch, splits, device)
    seconds = []
    for number in range(WARM_UP + repeats):
        start = clock()
        made.update(made.gradients(number)[1])
        if number >= WARM_UP:
            seconds.append((clock() - start) / len(batch))
    x = torch.randn(EVALUATED, *splits.train.x.shape[1:], device=device)
    y = torch.zeros(EVALUATED, dtype=torch.int64, device=device)
    evaluations = []
    for _ in range(3):
        start = clock()
        made.measure(x, y)
        evaluations.append((clock() - start) / len(batch))
    counts = len(splits.train.y[: shared.evaluation_samples]), len(splits.test.y)
    return seconds, statistics.median(evaluations), counts


def main(arguments: list[str] | None = None) -> int:
    """Measure as the options say and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    recording.add_options(parser, FOLDER, 7)
    parser.add_argument("--experiments", nargs="+", help="default: all that are trained or swept")
    parser.add_argument("--profile", default="paper", help="another profile, to try this file")
    given = parser.parse_args(arguments)
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    ways = {"train": measure, "sweep": measure_sweep}
    trained = [item for item in catalogue.experiments(ROOT) if item.kind in ways]
    unknown = set(given.experiments or ()) - {item.id for item in trained}
    if unknown:
        parser.error(
            f"{', '.join(sorted(unknown))} is neither trained nor swept; `landscape list` names all"
        )
    rows = []
    for item in trained:
        for method in item.runs if item.id in (given.experiments or [item.id]) else ():
            way = ways[item.kind]
            rows.append(row := way(item.id, method, device, given.repeats, given.profile))
            print(
                f"{row['experiment']:32} {row['method']:16} {row['runs']:5} runs of "
                f"{row['hours']:9.3g} h ({row['step_seconds']:.3g} s a step)",
                flush=True,
            )
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="paper_scale.py", arguments=arguments
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
