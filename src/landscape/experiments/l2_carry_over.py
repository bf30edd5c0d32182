"""Does lambda = c / T, measured with plain SGD, hold for other optimizers and for schedules?

One small network, a grid of L2 strengths, equal numbers of gradients for every method: those of an
inner loop and of all replicas count. A case trains

``grid``
    every strength until the largest budget; with a schedule, which depends on the budget, once for
    each budget;
``rates``
    the same at other learning rates, to see which product sets the time scale;
``probe``
    the large strength for a short while at a constant rate: the time of its best test accuracy
    times its strength is c, one for each seed;
``predicted``
    each seed with the strength that its own c predicts for a budget, for as long as the budget.

Tables: ``results``, one row a network and look, whose ``step`` counts gradients and whose ``clock``
is the sum of the rates of these divided by the first; ``predictions``, one row a seed, budget and
rule. Losses and strengths are in the work's convention, cross-entropy / (2 classes) + lambda / 2
``|theta|^2``.

Source: Lewkowycz & Gur-Ari (2020), sections 2 and 3, supplement A (schedule: section 2).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from landscape import data, optim
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    TEXT,
    list_of,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.experiments.stacked_networks import Group, Stack, fit, look_times
from landscape.optim import predicted_l2 as prediction
from landscape.optim.rate_schedules import relative
from landscape.train.streams import NOISE_STREAM
from landscape.train.workers import in_workers

EXPERIMENT = "does-the-rule-carry-over"
_PART = POSITIVE | {"exclusiveMaximum": 1, "description": "a number between 0 and 1"}
_NAMED = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
_METHOD = {
    "optimizer": _NAMED,
    "rate": POSITIVE,
    "rate_of": {"enum": ["lr", "lr_inner"], "description": "lr or lr_inner"},
    "other_rates": list_of(POSITIVE, "a list of learning rates", 0),
    "replicas": whole(),
    "l2": list_of(NOT_NEGATIVE, "a list of numbers of at least 0"),
    "probe_l2": POSITIVE,
    "schedule": {"enum": ["none", "steps", "cosine"], "description": "none, steps or cosine"},
}
_SETTINGS = {
    "data": TEXT,
    "scaling": TEXT,
    "downsample": whole(),
    "train_samples": whole(2),
    "test_samples": whole(2),
    "model": _NAMED,
    "loss_scale": POSITIVE,
    "batch_size": whole(),
    "budgets": list_of(whole(), "a list of whole numbers of at least 1"),
    "probe_gradients": whole(),
    "looks_per_decade": whole(),
    "probe_looks_per_decade": whole(),
    "drop_at": list_of(_PART, "a list of numbers between 0 and 1"),
    "drop_factor": POSITIVE,
    "seeds": whole(),
    "seed": whole(0),
    "methods": {"type": "object", "additionalProperties": mapping(_METHOD, tuple(_METHOD))},
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
_KEY = ("part", "rate", "budget", "l2", "seed")
COLUMNS = (*_KEY, "step", "clock", "training_loss", "training_error", "test_loss", "test_error",
           "least_test_error", "norm2", "diverged")  # fmt: skip
PREDICTED = ("seed", "probe_l2", "peak", "c", "budget", "rule", "l2")
#: Optimizers of torch that the library has no own form of.
_OUTSIDE = {"adamw": torch.optim.AdamW}


def build(
    stack: Stack, method: Mapping[str, Any], rate: float, batches_per_epoch: int
) -> torch.optim.Optimizer:
    """The method's optimizer on the networks, at a learning rate."""
    options = {k: v for k, v in method["optimizer"].items() if k != "name"}
    options[method["rate_of"]] = rate
    name = method["optimizer"]["name"]
    if name in _OUTSIDE:
        return _OUTSIDE[name](stack.parameter_groups(), **options)
    if options.pop("scoping", False):
        options["batches_per_epoch"] = batches_per_epoch
    return optim.build(name, stack.parameter_groups(), **options)


def scheduler(
    optimizer: torch.optim.Optimizer,
    settings: Mapping[str, Any],
    kind: str,
    rate: float,
    steps: int,
) -> LRScheduler | None:
    """The schedule that ends with the budget; None for a constant rate."""
    if kind == "steps":
        drops = relative(rate, settings["drop_at"], settings["drop_factor"], epochs=steps)
        return drops.scheduler(optimizer, steps_per_epoch=1)
    return CosineAnnealingLR(optimizer, steps) if kind == "cosine" else None


def clock(settings: Mapping[str, Any], kind: str, steps: int) -> list[float]:
    """Sum of the first n rates of a schedule over its first rate, for n = 0, ..., steps.

    >>> clock({}, "none", 3)
    [0.0, 1.0, 2.0, 3.0]
    >>> half = clock({}, "cosine", 1000)[-1]
    >>> round(half)
    500
    """
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = scheduler(optimizer, settings, kind, 1.0, steps)
    passed = [0.0]
    for _ in range(steps):
        passed.append(passed[-1] + optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return passed


def predictions(
    settings: Mapping[str, Any], kind: str, probe: pd.DataFrame, strength: float
) -> pd.DataFrame:
    """The strengths that each seed's short run predicts, by budget and rule.

    Rules: ``budget``, c / T; with a schedule also ``clock``, c over the sum of the rates divided by
    the first of them; with steps also the work's ``first_drop``, c / (0.3 T). A seed whose short
    run is not finite predicts nothing.

    Args:
        settings: As SETTINGS says.
        kind: The schedule.
        probe: Rows of the short run.
        strength: Its lambda.
    """
    rows = []
    for seed, own in probe.groupby("seed"):
        if own["diverged"].any():
            continue
        accuracy = 100.0 - own["test_error"]
        peak = prediction.peak_time(own["step"].tolist(), accuracy.tolist())
        c = prediction.coefficient(peak, strength)
        for budget in settings["budgets"]:
            spans = {"budget": float(budget)}
            if kind != "none":
                spans["clock"] = clock(settings, kind, budget)[-1]
            if kind == "steps":
                spans["first_drop"] = settings["drop_at"][0] * budget
            for rule, span in spans.items():
                found = float(f"{prediction.predicted_l2(c, span):.6g}")
                rows.append((seed, strength, peak, c, budget, rule, found))
    return pd.DataFrame(rows, columns=PREDICTED)


def train(
    settings: Mapping[str, Any],
    case: str,
    part: str,
    rate: float,
    budget: int,
    groups: Sequence[Group],
) -> pd.DataFrame:
    """Train networks of a case together for a budget of gradients; their rows."""
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)
    method = settings["methods"][case]
    kind = "none" if part == "probe" else method["schedule"]
    splits = data.prepare(
        settings["data"], settings["scaling"], train_samples=settings["train_samples"],
        test_samples=settings["test_samples"], downsample=settings["downsample"],
    )  # fmt: skip
    options = {k: v for k, v in settings["model"].items() if k != "name"}
    options |= {"size": splits.train.x.shape[-1], "in_channels": splits.train.x.shape[1]}
    replicas, batch = method["replicas"], settings["batch_size"]
    stack = Stack(
        settings["model"]["name"], options, groups, splits, batch_size=batch,
        loss_scale=settings["loss_scale"], replicas=replicas,
    )  # fmt: skip
    optimizer = build(stack, method, rate, len(splits.train.y) // batch)
    steps = budget // replicas
    schedule = scheduler(optimizer, settings, kind, rate, steps)
    each = settings["probe_looks_per_decade" if part == "probe" else "looks_per_decade"]
    looks = look_times(budget, each, replicas)
    torch.manual_seed(settings["seed"] + NOISE_STREAM)  # that of an inner loop
    with _small_numbers_are_zero():
        rows = pd.DataFrame(fit(stack, optimizer, looks, schedule))
    passed = clock(settings, kind, steps)
    rows["clock"] = [replicas * passed[step // replicas] for step in rows["step"]]
    rows["least_test_error"] = rows.groupby(["l2", "seed"])["test_error"].cummin()
    rows = rows.assign(part=part, rate=rate, budget=budget)[list(COLUMNS)]
    return rows.sort_values(["l2", "seed", "step"], kind="stable")


@contextlib.contextmanager
def _small_numbers_are_zero() -> Iterator[None]:
    """Networks that the L2 term has brought to zero would be computed many times more slowly."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """All runs of one method.

    Args:
        settings: As SETTINGS says.
        case: One of its methods.
        checkpoints: Not used: a case takes a minute at small scale.
        workers: Stacks of networks that are trained at the same time.
    """
    method = settings["methods"][case]
    seeds = tuple(range(settings["seed"], settings["seed"] + settings["seeds"]))
    rate, longest, kind = method["rate"], max(settings["budgets"]), method["schedule"]
    grid = [Group(float(l2), seeds) for l2 in method["l2"]]
    tasks = [(settings, case, "grid", rate, longest, grid)]
    if kind != "none":
        tasks = [(settings, case, "grid", rate, budget, grid) for budget in settings["budgets"]]
    tasks += [(settings, case, "rates", other, longest, grid) for other in method["other_rates"]]
    big = [Group(method["probe_l2"], seeds)]
    tasks.append((settings, case, "probe", rate, settings["probe_gradients"], big))
    frames = list(in_workers(train, tasks, min(workers, len(tasks))))
    expected = predictions(settings, kind, frames[-1], method["probe_l2"])
    tasks = []
    for budget in settings["budgets"]:
        of = expected[expected["budget"] == budget]
        pairs = sorted({(l2, seed) for l2, seed in zip(of["l2"], of["seed"], strict=True)})
        if pairs:
            each = [Group(l2, (seed,)) for l2, seed in pairs]
            tasks.append((settings, case, "predicted", rate, budget, each))
    frames += in_workers(train, tasks, min(workers, max(len(tasks), 1)))
    return Outcome({"results": csv_text(pd.concat(frames), "%.6g"),
                    "predictions": csv_text(expected, "%.6g")})  # fmt: skip
