"""Entropy-SGD against its scope: where the force matters, and where the loop is no longer stable.

A small network is trained with constant scopes from infinite (no force) down to where it blows up,
for several L and alpha, all else equal. Beside each network without force stand, on the same start,
one with other noise, one with other mini-batches and noise, and, for every scope, one without force
whose outer rate is as much smaller as the force shortens the outer step of a straight slope
(``landscape.theory.inner_loop.step_share``): what the force does beyond being a smaller rate.

Tables: ``results``, one row a network at its end, with its distance from the one without force;
``curvature``, the largest Hessian eigenvalue at start and end of those without force.

Source: Chaudhari (2018), Algorithm 2 and section 3.2.3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from landscape import data
from landscape.experiments.entropy_forms import FlatNetwork, Form, outer_steps
from landscape.experiments.settings_schema import NOT_NEGATIVE, POSITIVE, list_of, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.theory import inner_loop
from landscape.train.streams import NOISE_STREAM, ORDER_STREAM
from landscape.train.workers import in_workers

_SHARE = NOT_NEGATIVE | {"exclusiveMaximum": 1, "description": "a number from 0 to below 1"}
_SETTINGS = {
    "data": {"const": "mnist"}, "train_samples": whole(), "test_samples": whole(),
    "batch_size": whole(), "width": whole(), "lr": POSITIVE, "lr_inner": POSITIVE,
    "momentum": _SHARE, "momentum_outer": _SHARE, "temperature": NOT_NEGATIVE,
    "L": list_of(whole(), "a list of whole numbers of at least 1"),
    "alpha": list_of(_SHARE, "a list of numbers from 0 to below 1"),
    "gamma": list_of(POSITIVE, "a list of positive numbers"),
    "gradients": whole(), "draws": whole(), "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
_OTHER = 50_000_017


class Network(NamedTuple):
    """One network of a task: its kind, scope, outer rate, seed, and streams of batches and noise.

    ``kind`` is ``force`` (no force included), ``noise``, ``batches`` or ``rate``; ``stands_for``
    is the scope that a ``rate`` network belongs to.
    """

    kind: str
    gamma: float
    lr: float
    seed: int
    batches: int = 0
    noise: int = 0
    stands_for: float = math.inf


def networks(settings: Mapping[str, Any], L: int, alpha: float) -> list[Network]:
    """All networks of one L and alpha; the first of each seed has no force."""
    lr, found = settings["lr"], []
    loop = {"L": L, "alpha": alpha, "lr_inner": settings["lr_inner"],
            "momentum": settings["momentum"]}  # fmt: skip
    for seed in range(settings["seed"], settings["seed"] + settings["draws"]):
        found.append(Network("force", math.inf, lr, seed))
        found.append(Network("noise", math.inf, lr, seed, 0, 1))
        found.append(Network("batches", math.inf, lr, seed, 1, 1))
        for gamma in settings["gamma"]:
            found.append(Network("force", gamma, lr, seed))
            share = inner_loop.step_share(gamma, **loop)
            if 0 < share < 1:
                found.append(Network("rate", math.inf, lr * share, seed, stands_for=gamma))
    return found


def orders(seed: int, stream: int, samples: int, batch: int, gradients: int) -> torch.Tensor:
    """Positions of the mini-batches, int64 [gradients, batch]: permutations without their rest."""
    generator = torch.Generator().manual_seed(seed + ORDER_STREAM + stream * _OTHER)
    each = samples // batch
    epochs = [torch.randperm(samples, generator=generator)[: each * batch].view(each, batch)
              for _ in range(-(-gradients // each))]  # fmt: skip
    return torch.cat(epochs)[:gradients]


def train(settings: Mapping[str, Any], L: int, alpha: float) -> tuple[list[dict], list[dict]]:
    """Rows of both tables for one L and alpha."""
    torch.set_num_threads(1)
    splits = data.prepare(
        settings["data"], "minus_one_one", train_samples=settings["train_samples"],
        test_samples=settings["test_samples"], downsample=4,
    )  # fmt: skip
    network = FlatNetwork("small_fc_ch6", width=settings["width"], batch_norm=False)
    rows = networks(settings, L, alpha)
    updates = settings["gradients"] // L
    x, y = splits.train.x, splits.train.y
    batches = {(r.seed, r.batches): None for r in rows}
    for key in batches:
        batches[key] = orders(*key, len(y), settings["batch_size"], updates * L)
    row_batch = torch.tensor([list(batches).index((r.seed, r.batches)) for r in rows])
    chosen = torch.stack(list(batches.values()))
    noises = {(r.seed, r.noise): torch.Generator().manual_seed(
        r.seed + NOISE_STREAM + r.noise * _OTHER) for r in rows}  # fmt: skip
    row_noise = torch.tensor([list(noises).index((r.seed, r.noise)) for r in rows])
    spread = math.sqrt(2 * settings["lr_inner"] * settings["temperature"])
    start = torch.stack([network.start(r.seed) for r in rows])

    def gradient(theta: torch.Tensor, k: int) -> torch.Tensor:
        at = chosen[:, k]
        return network.gradients(theta, x[at][row_batch], y[at][row_batch])

    def noise(k: int) -> torch.Tensor:
        drawn = [torch.randn(start.shape[1], generator=one) for one in noises.values()]
        return spread * torch.stack(drawn)[row_noise]

    forms = [Form(gamma=r.gamma, lr=r.lr, alpha=alpha, scoping=0.0,
                  momentum_outer=settings["momentum_outer"]) for r in rows]  # fmt: skip
    *_, end = outer_steps(
        gradient, start, forms, updates, L=L, lr_inner=settings["lr_inner"],
        momentum=settings["momentum"], noise=noise if spread else None,
    )  # fmt: skip
    return _results(network, rows, splits, start, end, L, alpha), _curvature(
        network, rows, splits, start, end, L, alpha
    )


def _results(network, rows, splits, start, end, L, alpha) -> list[dict]:
    measured = {
        "start_loss": network.measured(start, splits.train.x, splits.train.y)[0],
        "training_loss": network.measured(end, splits.train.x, splits.train.y)[0],
        "test_error": network.measured(end, splits.test.x, splits.test.y)[1],
    }
    free = {r.seed: i for i, r in enumerate(rows) if r.kind == "force" and math.isinf(r.gamma)}
    found = []
    for i, row in enumerate(rows):
        base, lost = end[free[row.seed]], not bool(end[i].isfinite().all())
        numbers = {name: float(values[i]) for name, values in measured.items()}
        if lost:
            numbers |= {"training_loss": math.nan, "test_error": math.nan}
        found.append({
            "inner_steps": L, "alpha": alpha, **row._asdict(), **numbers,
            "distance": math.nan if lost else float((end[i] - base).norm()),
            "moved": float((base - start[i]).norm()), "diverged": int(lost),
        })  # fmt: skip
    return found


def _curvature(network, rows, splits, start, end, L, alpha) -> list[dict]:
    return [
        {
            "inner_steps": L, "alpha": alpha, "seed": row.seed,
            **{name: network.sharpest(points[i], splits.train.x, splits.train.y)
               for name, points in (("start", start), ("end", end))},
        }
        for i, row in enumerate(rows) if row.kind == "force" and math.isinf(row.gamma)
    ]  # fmt: skip


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Both tables; takes a minute or two at laptop scale, so nothing is kept in `checkpoints`."""
    tasks = [(settings, L, alpha) for L in settings["L"] for alpha in settings["alpha"]]
    found = list(in_workers(train, tasks, workers))
    tables = {"results": [part[0] for part in found], "curvature": [part[1] for part in found]}
    return Outcome({name: csv_text(pd.DataFrame(sum(rows, [])), "%.6g")
                    for name, rows in tables.items()})  # fmt: skip
