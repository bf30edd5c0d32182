"""What every trained experiment costs at the works' own scale, from a few measured steps.

    OMP_NUM_THREADS=1 python benchmarks/paper_scale.py          # a table; minutes on one core
    python benchmarks/paper_scale.py --record                   # records/paper-scale-costs/DATE
    python benchmarks/paper_scale.py --device cuda --record     # .../DATE-cuda

How. For each experiment and method the run of the paper profile is set up as training sets it up,
with random images or tokens of the data set's size instead of the set itself (whitening images
would take longer than everything else, and not all sets are fetched). After two warm-up steps whole
steps are timed (a mini-batch gradient and the optimizer's step), and the evaluation of a thousand
samples or tokens. On a CPU time is processor time of the one thread, so that other work on the
machine matters little; on a GPU it lies between two synchronisations. The rest is arithmetic: steps
a run, rows a run, samples a row, runs. Augmentation, checkpoints and the preparation of the data
are left out. With --experiments a record holds these alone: of what an older one holds beside them,
that counts on.

The JSON: {"machine": {"device", "name", "threads", "torch", "python"}, "date", "command", "commit",
"rows": [...]}, and in each row

    experiment, method            as declared
    runs                          seeds times points of the grid
    steps, rows, evaluated        of a run: mini-batches, evaluations, samples (tokens) of one
    step_seconds                  median
    step_quartiles                [lower, upper]
    evaluation_seconds            of a thousand samples, median
    hours                         of one run
"""

from __future__ import annotations

import argparse
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

from landscape import data
from landscape.data.canonical import IMAGE_SETS
from landscape.experiments import catalogue
from landscape.train import distributed
from landscape.train.evaluate import loss_and_error, sequence_loss_and_error
from landscape.train.run import Run

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "paper-scale-costs"
WARM_UP, EVALUATED = 2, 1000
#: Tokens of training, validation and test of the texts that the works use, and their vocabulary.
SEQUENCES = {
    "text": ((2_556_969, 319_621, 319_621), 82),
    "ptb": ((929_589, 73_760, 82_430), 10_000),
}


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


def made_up_sequence(
    name: str,
    root: Path | None = None,
    device: torch.device | str = "cpu",
    *,
    train_samples: int | None = None,
    test_samples: int | None = None,
) -> tuple[SimpleNamespace, int]:
    """What ``data.prepare_sequence`` would give, with random tokens."""
    counts, vocabulary = SEQUENCES[name]
    parts = []
    for count, wanted in zip(counts, (train_samples, test_samples, test_samples), strict=True):
        tokens = torch.randint(vocabulary, (1 + min(wanted or count, count - 1),), device=device)
        parts.append(SimpleNamespace(x=tokens[:-1], y=tokens[1:]))
    return SimpleNamespace(train=parts[0], validation=parts[1], test=parts[2]), vocabulary


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
    with (
        mock.patch.object(data, "prepare", made_up),
        mock.patch.object(data, "prepare_sequence", made_up_sequence),
    ):
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
    evaluations, thousand_once = [], evaluation(run)
    for _ in range(3):
        start = clock()
        thousand_once()
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


def evaluation(run: Run) -> Callable[[], object]:
    """A function that evaluates a thousand samples or, of a text, about as many tokens."""
    spec, splits = run.spec, run.splits
    if spec.sequential:
        streams = spec.evaluation_batch or spec.batch_size
        each = max(EVALUATED // streams, 1)
        x, y = splits.train.x[: streams * each], splits.train.y[: streams * each]
        return lambda: sequence_loss_and_error(run.model, x, y, streams, spec.data.unroll)
    x = torch.randn(EVALUATED, *splits.train.x.shape[1:], device=run.device)
    y = torch.zeros(EVALUATED, dtype=torch.int64, device=run.device)
    return lambda: loss_and_error(run.model, x, y, run.convolutional)


def main(arguments: list[str] | None = None) -> int:
    """Measure as the options say and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    recording.add_options(parser, FOLDER, 7)
    parser.add_argument("--experiments", nargs="+", help="default: all that are trained")
    parser.add_argument("--profile", default="paper", help="another profile, to try this file")
    given = parser.parse_args(arguments)
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    trained = [item for item in catalogue.experiments(ROOT) if item.kind == "train"]
    unknown = set(given.experiments or ()) - {item.id for item in trained}
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is not trained; `landscape list` names all")
    rows = []
    for item in trained:
        for method in item.runs if item.id in (given.experiments or [item.id]) else ():
            rows.append(row := measure(item.id, method, device, given.repeats, given.profile))
            print(
                f"{row['experiment']:32} {row['method']:16} {row['runs']:3} runs of "
                f"{row['hours']:9.3g} h ({row['step_seconds']:.3g} s a step)",
                flush=True,
            )
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="paper_scale.py", arguments=arguments
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
