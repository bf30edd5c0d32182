"""Every optimizer on one loss of two weights: a picture of what each does, no evidence on networks.

Three cases, each with its table::

    paths    one run of each method from the same start on the same mini-batches: the point of every
             gradient (role "working") and of every answer (role "answer"; where the two are one
             point there are only answers). Replica 0, 1, ... or "all" for an answer that replicas
             share.
    endings  many runs of each from starts drawn uniformly in a box: where each ends
    options  what each optimizer says of itself (`optimizer_options`)

The loss is `landscape.theory.two_valleys`; its mini-batches are random shifts. Optimizers are used
as anybody would use them: `build`, `prepare`, a gradient, `observe`, `step`, `solution`. Runs from
many starts share one parameter [starts, 2] where an optimizer treats every weight by itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landscape import optim
from landscape.errors import LandscapeError
from landscape.experiments import optimizer_options
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TEXT,
    list_of,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome
from landscape.theory.two_valleys import TwoValleys, Valley

EXPERIMENT = "optimizer-paths"
_POINT = list_of(NUMBER, "two numbers", 2) | {"maxItems": 2}
_VALLEY = {"centre": _POINT, "width": POSITIVE, "depth": POSITIVE}
_LOSS = {
    **dict.fromkeys(("wide", "narrow"), mapping(_VALLEY, tuple(_VALLEY))),
    **dict.fromkeys(("bowl", "ripple", "wave"), NOT_NEGATIVE),
    "offset": NUMBER,
}
_METHOD = mapping(
    {"label": TEXT,
     "optimizer": {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}},
    ("label", "optimizer"),
)  # fmt: skip
_SETTINGS = {
    "loss": mapping(_LOSS, tuple(_LOSS)),
    "batch_shift": NOT_NEGATIVE,
    "gradients": whole(),
    "start": _POINT,
    "replica_starts": list_of(_POINT, "a list of points"),
    "box": list_of(_POINT, "two points", 2) | {"maxItems": 2},
    "starts": whole(),
    "near": POSITIVE,
    "seed": whole(0),
    "methods": {"type": "object", "additionalProperties": _METHOD},
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
#: Methods in which one weight's step depends on the others (a norm, the loss), so that every start
#: needs an optimizer of its own.
JOINT = frozenset({"matched_cgd", "cosine_cgd", "two_step_cgd"})


@dataclass
class Descent:
    """Where one optimizer was: float64 arrays over time, replicas and starts.

    ``working`` [times, replicas, starts, 2] holds the points of the gradients, ``answers`` [times,
    starts, 2] the answers, at the start and after each gradient.
    """

    working: np.ndarray
    answers: np.ndarray
    own_answer: bool


def loss_of(settings: Mapping[str, Any]) -> TwoValleys:
    """The loss that a mini-batch without shift would see."""
    shape = settings["loss"]
    valleys = {
        name: Valley(tuple(shape[name]["centre"]), shape[name]["width"], shape[name]["depth"])
        for name in ("wide", "narrow")
    }
    return TwoValleys(**valleys, **{k: v for k, v in shape.items() if k not in valleys})


def mean_loss(settings: Mapping[str, Any]) -> TwoValleys:
    """The loss averaged over mini-batches: what is minimised, and what the page draws."""
    return loss_of(settings).smoothed(settings["batch_shift"] ** 2)


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Run one case; it takes seconds, so that nothing is kept in ``checkpoints``.

    Raises:
        LandscapeError: An optimizer has no method here.
    """
    shown = {method["optimizer"]["name"] for method in settings["methods"].values()}
    absent = [name for name in optim.names() if name not in shown]
    if absent:
        raise LandscapeError(
            f"{EXPERIMENT} has no method for the optimizer {absent[0]!r}: add one in its "
            "settings.yaml, and its section to the page."
        )
    torch.set_num_threads(1)
    columns, rows = _CASES[case]
    return Outcome({"results": _csv(columns, rows(settings))})


# Running an optimizer


def run(
    method: Mapping[str, Any],
    loss: TwoValleys,
    starts: np.ndarray,
    shifts: np.ndarray,
    seed: int,
    ends_only: bool = False,
) -> Descent:
    """One method from ``starts`` [replicas, starts, 2] on mini-batches moved by ``shifts``.

    ``shifts`` is [gradients, replicas, starts, 2]; replicas beyond those the method has are not
    used. ``ends_only`` looks at the first and the last point alone. Raises HyperparameterError for
    settings that the optimizer refuses.
    """
    name = method["optimizer"]["name"]
    settings = {k: v for k, v in method["optimizer"].items() if k != "name"}
    several = optim.trains_replicas(name)
    weights = [torch.tensor(start) for start in (starts if several else starts[:1])]
    grads = [torch.empty_like(w) for w in weights]
    count = starts.shape[1]
    parts = [slice(i, i + 1) for i in range(count)] if name in JOINT else [slice(0, count)]
    walkers = []
    for part in parts:
        params = [torch.nn.Parameter(w[part]) for w in weights]  # views: all see `weights`
        for p, g in zip(params, grads, strict=True):
            p.grad = g[part]
        generator = torch.Generator().manual_seed(seed + part.start)
        walkers.append(
            optim.build(
                name, [[p] for p in params] if several else params, generator=generator, **settings
            )
        )
        walkers[-1].prepare()

    points = [w.numpy() for w in weights]  # views, too
    working, answers = [], []

    def look() -> None:
        working.append(np.stack(points))
        with ExitStack() as stack:
            for walker in walkers:
                stack.enter_context(walker.solution())
            answers.append(points[0].copy())

    look()
    for step, shift in enumerate(shifts, start=1):
        seen = np.stack(points) - shift[: len(points)]
        for g, value in zip(grads, loss.gradient(seen), strict=True):
            g.numpy()[...] = value
        losses = loss.value(seen).mean(0)
        for walker, part in zip(walkers, parts, strict=True):
            walker.observe(float(losses[part].mean()))
            walker.step()
        if not ends_only or step == len(shifts):
            look()
    return Descent(np.stack(working), np.stack(answers), bool(walkers[0].own_answer))


def _shifts(settings: Mapping[str, Any], starts: int, stream: int) -> np.ndarray:
    """The mini-batches [gradients, replicas, starts, 2], the same for every method."""
    shape = (settings["gradients"], len(settings["replica_starts"]), starts, 2)
    draws = np.random.default_rng([settings["seed"], stream])
    return settings["batch_shift"] * draws.standard_normal(shape)


def _around(settings: Mapping[str, Any], starts: np.ndarray) -> np.ndarray:
    """A start for each replica: [replicas, starts, 2]."""
    return np.asarray(settings["replica_starts"], dtype=float)[:, None, :] + starts


# What is written

_PATH_COLUMNS = ("method", "step", "replica", "x", "y", "role")
_END_COLUMNS = ("method", "start_x", "start_y", "x", "y", "valley")


def _path_rows(settings: Mapping[str, Any]) -> Iterable[tuple]:
    loss, start = loss_of(settings), np.asarray([settings["start"]], dtype=float)
    shifts = _shifts(settings, 1, stream=0)
    for key, method in settings["methods"].items():
        done = run(method, loss, _around(settings, start), shifts, settings["seed"])
        if done.own_answer:
            for a in range(done.working.shape[1]):
                for step, (x, y) in enumerate(done.working[:, a, 0]):
                    yield key, step, a, f"{x:.4f}", f"{y:.4f}", "working"
        shared = "all" if done.working.shape[1] > 1 else 0
        before = None
        for step, (x, y) in enumerate(done.answers[:, 0]):
            # An answer that has not moved is not written again, but the last one always is.
            point = (f"{x:.4f}", f"{y:.4f}")
            if point != before or step == len(shifts):
                yield key, step, shared, *point, "answer"
            before = point


def _end_rows(settings: Mapping[str, Any]) -> Iterable[tuple]:
    loss, low_high = loss_of(settings), np.asarray(settings["box"], dtype=float)
    draws = np.random.default_rng([settings["seed"], 2])
    starts = draws.uniform(*low_high, size=(settings["starts"], 2))
    shifts = _shifts(settings, settings["starts"], stream=1)
    valleys = _valleys(settings)
    for key, method in settings["methods"].items():
        done = run(method, loss, _around(settings, starts), shifts, settings["seed"], True)
        for (a, b), (x, y) in zip(starts, done.answers[-1], strict=True):
            where = next(
                (name for name, (point, reach) in valleys.items()
                 if np.hypot(x - point[0], y - point[1]) < reach), "neither",
            )  # fmt: skip
            yield key, f"{a:.3f}", f"{b:.3f}", f"{x:.3f}", f"{y:.3f}", where


def _valleys(settings: Mapping[str, Any]) -> dict[str, tuple[np.ndarray, float]]:
    """Minimum of the mean loss in each valley, and how near an end point must be to count."""
    loss, mean = loss_of(settings), mean_loss(settings)
    return {
        name: (mean.minimum(valley.centre), settings["near"] * valley.width)
        for name, valley in (("narrow", loss.narrow), ("wide", loss.wide))
    }


def _csv(columns: tuple[str, ...], rows: Iterable[tuple]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()


_CASES = {
    "paths": (_PATH_COLUMNS, _path_rows),
    "endings": (_END_COLUMNS, _end_rows),
    "options": (optimizer_options.COLUMNS, optimizer_options.rows),
}
