"""What a sweep costs, from a few timed steps of a sample of its configurations.

A step costs what the network, its samples and its batch make it cost, whatever lr, l2 and seed are.
Where axes vary these, they are sorted by weights times samples of a step, and the middle one of
each of eight parts stands for its part. Networks that are alike share what was timed; large
convolutional ones are timed on few images (``few_images.py``). Batches are as large as the sweep
makes them. That networks leave their batch one after the other, which costs a little, and that some
diverge and end early, which saves more, is left out.
"""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import few_images
import torch
from made_up_data import made_up, timer

from landscape import models
from landscape.experiments import settings
from landscape.experiments.sweep_settings import configurations
from landscape.train import sweeps
from landscape.train.sweep_batch import Batch
from landscape.train.sweep_spec import Configuration, Shared, instants

WARM_UP, EVALUATED = 2, 1000
PARTS = 8  # are timed at most


def measure(
    experiment: str,
    method: str,
    device: torch.device,
    repeats: int,
    profile: str,
    root: Path,
    known: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One row, as ``paper_scale.py`` describes it; ``known`` keeps what was timed."""
    known, few = {} if known is None else known, set()
    given = settings.method_settings(experiment, method, profile, root)
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
        key = repr((shared, len(batch), [one.momentum > 0 for one in batch]))
        if key not in known:
            known[key] = _timed_batch(batch, device, repeats)
        seconds, thousand, counts, *images = known[key]
        few.update(images)
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
        **({"timed_images": min(few)} if few else {}),
    }  # fmt: skip


def _work(shared: Shared) -> float:
    """Weights times samples of a step, to sort by."""
    weights = models.parameter_count(models.build(shared.model, **shared.model_options))
    return weights * (shared.batch_size or shared.data.train_samples or math.inf)


def _timed_batch(
    batch: list[Configuration], device: torch.device, repeats: int
) -> tuple[Any, ...]:
    """Of one network: seconds of steps, of a thousand evaluations, its training and test samples.

    Training samples are those that are evaluated. Where few images stood for a step, how many.
    """
    clock, shared = timer(device), batch[0].shared
    described = vars(shared.data).copy()
    splits = made_up(described.pop("name"), device=device, **described)
    counts = len(splits.train.y[: shared.evaluation_samples]), len(splits.test.y)
    made = Batch(batch, splits, device)
    images = few_images.timed_images(made.model, made.batch_size, device)
    times = made.batch_size / images
    if times > 1:
        fewer = [replace(one, shared=replace(shared, batch_size=images)) for one in batch]
        made = Batch(fewer, splits, device)
    seconds, warm_up = [], WARM_UP if times == 1 else 1
    for number in range(warm_up + repeats):
        start = clock()
        gradients = made.gradients(number)[1]
        middle = clock()
        made.update(gradients)
        if number >= warm_up:
            seconds.append((times * (middle - start) + clock() - middle) / len(batch))
    samples = EVALUATED if times == 1 else images
    x = torch.randn(samples, *splits.train.x.shape[1:], device=device)
    y = torch.zeros(samples, dtype=torch.int64, device=device)
    evaluations = []
    for _ in range(3 if times == 1 else 2):
        start = clock()
        made.measure(x, y)
        evaluations.append((clock() - start) / len(batch) * EVALUATED / samples)
    return seconds, statistics.median(evaluations), counts, *([images] if times > 1 else [])
