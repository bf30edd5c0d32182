"""What every trained or swept experiment costs at the works' own scale, from a few measured steps.

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
are left out. Runs that differ in rate, coefficient, schedule, length or seed alone share their
timed steps, and large convolutional networks are timed on few images (``few_images.py``).
With --experiments a record holds these alone: of what an older one holds beside them,
that counts on. Of a sweep a sample of its configurations is timed (``sweep_scale.py``); a
simulation for the GPU queue, and one that is made by name only, says itself what it costs
(``landscape.experiments.simulation``).

The JSON: {"machine": {"device", "name", "threads", "torch", "python"}, "date", "command", "commit",
"rows": [...]}, and in each row

    experiment, method            as declared
    runs                          seeds times points of the grid; configurations of a sweep
    steps, rows, evaluated        of a run: mini-batches, evaluations, samples (tokens) of one
    step_seconds                  median
    step_quartiles                [lower, upper]
    evaluation_seconds            of a thousand samples, median
    hours                         of one run
    timed_images                  where fewer than a mini-batch were timed, and on how many

with means over the configurations in a sweep's row, and quartiles of all that was timed.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import few_images
import recording
import sweep_scale
import torch
from made_up_data import made_up, made_up_sequence, timer

from landscape import data, project
from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings
from landscape.train import distributed
from landscape.train.evaluate import loss_and_error, sequence_loss_and_error
from landscape.train.run import Run
from landscape.train.spec import RunSpec

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "paper-scale-costs"
WARM_UP, EVALUATED = 2, 1000


def measure(
    experiment: str,
    method: str,
    device: torch.device,
    repeats: int,
    profile: str = "paper",
    known: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One row; ``known`` keeps what was timed for runs that are alike."""
    specs = catalogue.run_specs(experiment, method, profile, ROOT)
    spec, known = specs[0], {} if known is None else known
    run = _made(spec, device)
    few = run.spec.batch_size
    if not spec.sequential:
        few = few_images.timed_images(run.model, spec.batch_size, device)
    key = _alike(spec)
    if key not in known:
        timed = run if few == spec.batch_size else _made(replace(spec, batch_size=few), device)
        known[key] = _timed(timed, device, repeats, spec.batch_size)
    seconds, thousand = known[key]
    parts = [run.splits.train.y[: spec.evaluation_samples], run.splits.test.y]
    parts += [run.splits.validation.y] if run.splits.validation is not None else []
    evaluated, rows = sum(map(len, parts)), len(run.evaluation_steps())
    step = statistics.median(seconds)
    quartiles = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
    total = run.total_steps * step + rows * evaluated / EVALUATED * thousand
    return {
        "experiment": experiment, "method": method, "runs": len(specs),
        "steps": run.total_steps, "rows": rows, "evaluated": evaluated,
        "step_seconds": step, "step_quartiles": [quartiles[0], quartiles[2]],
        "evaluation_seconds": thousand, "hours": total / 3600,
        **({} if few == spec.batch_size else {"timed_images": few}),
    }  # fmt: skip


def _made(spec: RunSpec, device: torch.device) -> Run:
    with (
        mock.patch.object(data, "prepare", made_up),
        mock.patch.object(data, "prepare_sequence", made_up_sequence),
    ):
        return Run(spec, device, None, distributed.world())


def _alike(spec: RunSpec) -> str:
    """What a step's cost depends on; not on rates, coefficients, schedules, lengths and seeds."""
    options = {key: value for key, value in spec.optimizer_options.items() if key != "lr"}
    return repr((
        spec.model, spec.model_options, spec.optimizer, options, spec.data, spec.batch_size,
        spec.replicas, spec.auto_l2 is None, spec.augmentation,
        replace(spec.loss, l2=float(spec.loss.l2 > 0)), spec.clip_norm, spec.clip_value,
        spec.record_every is None, spec.evaluation_batch, spec.batch_statistics,
    ))  # fmt: skip


def _timed(
    run: Run, device: torch.device, repeats: int, batch: int
) -> tuple[list[float], float]:
    """Seconds of steps of ``batch`` samples, and of a thousand evaluated ones.

    Where the run's own batch is smaller, its gradients stand for larger ones.
    """
    clock, times, seconds = timer(device), batch / run.spec.batch_size, []
    warm_up = WARM_UP if times == 1 else 1
    run.optimizer.prepare()
    for number in range(warm_up + repeats):
        start = clock()
        loss = run.gradients()
        middle = clock()
        run.optimizer.observe(loss)
        run.optimizer.step()
        run.step += 1
        if number >= warm_up:
            seconds.append(times * (middle - start) + clock() - middle)
    samples = EVALUATED if times == 1 else run.spec.batch_size
    evaluations, evaluate = [], evaluation(run, samples)
    for _ in range(3 if times == 1 else 2):
        start = clock()
        evaluate()
        evaluations.append((clock() - start) * EVALUATED / samples)
    return seconds, statistics.median(evaluations)


def evaluation(run: Run, samples: int = EVALUATED) -> Callable[[], object]:
    """A function that evaluates so many samples or, of a text, about a thousand tokens."""
    spec, splits = run.spec, run.splits
    if spec.sequential:
        streams = spec.evaluation_batch or spec.batch_size
        each = max(EVALUATED // streams, 1)
        x, y = splits.train.x[: streams * each], splits.train.y[: streams * each]
        return lambda: sequence_loss_and_error(run.model, x, y, streams, spec.data.unroll)
    x = torch.randn(samples, *splits.train.x.shape[1:], device=run.device)
    y = torch.zeros(samples, dtype=torch.int64, device=run.device)
    return lambda: loss_and_error(run.model, x, y, run.convolutional)


def main(arguments: list[str] | None = None) -> int:
    """Measure as the options say and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    recording.add_options(parser, FOLDER, 7)
    parser.add_argument("--experiments", nargs="+", help="default: all trained or swept")
    parser.add_argument("--profile", default="paper", help="another profile, to try this file")
    given = parser.parse_args(arguments)
    try:
        project.check_profile(given.profile)
    except LandscapeError as error:
        parser.error(str(error))
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    trained = [item for item in catalogue.experiments(ROOT)
               if item.kind in ("train", "sweep") or item.gpu or _says(item)]  # fmt: skip
    unknown = set(given.experiments or ()) - {item.id for item in trained}
    if unknown:
        parser.error(
            f"{', '.join(sorted(unknown))} is neither trained nor swept; `landscape list` names all"
        )
    rows, known = [], {}
    for item in trained:
        for method in item.runs if item.id in (given.experiments or [item.id]) else ():
            if item.kind == "sweep":
                row = sweep_scale.measure(
                    item.id, method, device, given.repeats, given.profile, ROOT, known
                )
            elif item.kind == "simulate":
                given_of = settings.resolved(item.id, given.profile, ROOT)
                found = importlib.import_module(item.module).costs(
                    given_of, method, device, given.repeats
                )
                row = {"experiment": item.id, "method": method, **found}
            else:
                row = measure(item.id, method, device, given.repeats, given.profile, known)
            rows.append(row)
            print(
                f"{row['experiment']:32} {row['method']:16} {row['runs']:5} runs of "
                f"{row['hours']:9.3g} h ({row['step_seconds']:.3g} s a step)",
                flush=True,
            )
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="paper_scale.py", arguments=arguments
    )
    return 0


def _says(item: catalogue.Experiment) -> bool:
    """Whether a simulation that is made by name only says what it costs."""
    return item.by_name and hasattr(importlib.import_module(item.module), "costs")


if __name__ == "__main__":
    sys.exit(main())
