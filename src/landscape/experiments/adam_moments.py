"""The diagonal of a variance of gradients from Adam's two moments (thesis, figure 3.4, panel C).

Each seed trains a network with Adam. Tables:

* ``results``: a row a seed and kind of diagonal: loss and error, ends and mean of the entries;
* ``shares``: a row a seed, kind and width, with the share of the entries within it and below it;
* ``counts``: entries by sign and decade, in tenths of decades.

Kinds: ``state``, Adam's own moments at the end of training, both bias-corrected; ``frozen``, the
same recurrences over mini-batches at the final weights; ``equal``, these with the second moment's
beta for both; ``samples``, the variance of the gradients of single samples, evaluation mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from landscape.analysis.mean_loss import MeanLoss
from landscape.analysis.sample_gradients import sample_gradients
from landscape.experiments.settings_schema import POSITIVE, TEXT, list_of, mapping, whole
from landscape.experiments.simulation import Outcome
from landscape.experiments.trained import TRAIN, Trained, of_seeds, train, training_set

_MOMENTS = {
    "batches": whole(2), "samples": whole(2), "chunk": whole(),
    "widths": list_of(POSITIVE, "a list of positive numbers"),
}  # fmt: skip
SETTINGS = mapping(
    {"data": TEXT, "seed": whole(0), "seeds": whole(), "train": TRAIN,
     "moments": mapping(_MOMENTS, tuple(_MOMENTS))},
    ("data", "seed", "seeds", "train", "moments"),
)  # fmt: skip

EDGES = np.arange(-140, 21) / 10  # decimal logarithms
ORDER = 4_000_037  # keeps the order of the frozen batches apart from that of the training


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Train the networks and take their diagonals, a seed a worker.

    Args:
        settings: As SETTINGS says; ``moments`` has the analysis, ``train`` the training.
        case: ``diagonal``.
        checkpoints: Where a killed run continues from.
        workers: Processes.

    Source: Chaudhari (2018), section 3.3.1: diag I = E(g^2) - (E g)^2.
    """
    return of_seeds(_one, ("results", "shares", "counts"), settings, checkpoints, workers)


def _one(settings: Mapping[str, Any], seed: int, checkpoints: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    asked = settings["moments"]
    trained = train(settings, seed, checkpoints)
    results, shares, counts = [], [], []
    for kind, entries in _diagonals(trained, seed, asked):
        key = {"seed": seed, "kind": kind}
        results.append(key | {
            "weights": len(entries), "training_loss": trained.row["training_loss"],
            "test_error": trained.row["test_error"], "negative": 100 * (entries < 0).mean(),
            "largest": entries.max(), "smallest": entries.min(), "mean": entries.mean(),
            "batch_size": trained.spec.batch_size,
        })  # fmt: skip
        shares += [
            key | {"width": width, "within": 100 * (np.abs(entries) <= width).mean(),
                   "below": 100 * (entries < -width).mean()}
            for width in asked["widths"]
        ]  # fmt: skip
        counts += [key | row for row in _counts(entries)]
    return {"results": pd.DataFrame(results), "shares": pd.DataFrame(shares),
            "counts": pd.DataFrame(counts), "files": trained.files}  # fmt: skip


def _diagonals(trained: Trained, seed: int, asked: Mapping) -> Iterator[tuple[str, np.ndarray]]:
    b1, b2 = trained.spec.optimizer_options.get("betas", (0.9, 0.999))
    state = trained.optimizer_state()
    first, second = (torch.cat([one[name].double().cpu().ravel() for one in state])
                     for name in ("exp_avg", "exp_avg_sq"))  # fmt: skip
    steps = int(state[0]["step"])
    yield "state", difference(first / (1 - b1**steps), second / (1 - b2**steps))
    x, y, loss = training_set(trained.spec)
    model = trained.model.cpu()
    f = MeanLoss(model, x[: asked["samples"]], y[: asked["samples"]], loss=loss,
                 chunk=asked["chunk"], dtype=torch.float32)  # fmt: skip
    torch.manual_seed(seed)  # dropout
    moments = frozen_moments(
        model, _batches(x, y, trained.spec.batch_size, asked["batches"], seed), (b1, b2)
    )
    yield "frozen", difference(moments["first"], moments["second"])
    yield "equal", difference(moments["slow"], moments["second"])
    total, squares = torch.zeros(f.size).double(), torch.zeros(f.size).double()
    for gradients in sample_gradients(f):
        total += gradients.double().sum(0)
        squares += gradients.double().square().sum(0)
    yield "samples", difference(total / f.samples, squares / f.samples)


def difference(first: Tensor, second: Tensor) -> np.ndarray:
    """The printed formula: second moments [d] minus the squares of first ones [d]."""
    return (second - first.square()).numpy()


def frozen_moments(model: nn.Module, batches, betas: tuple[float, float]) -> dict[str, Tensor]:
    """Adam's bias-corrected moments of mini-batch gradients while the weights stand still.

    Args:
        model: The network; its gradients are those of training mode, its buffers do not change.
        batches: Pairs of inputs and labels.
        betas: Of the first and of the second moment.

    Returns:
        ``first`` with its own beta, ``second`` and ``slow``, a first moment with the second's beta;
        each [d] in float64.
    """
    buffers = {name: value.clone() for name, value in model.state_dict().items()}
    size = sum(p.numel() for p in model.parameters())
    found = {name: torch.zeros(size).double() for name in ("first", "second", "slow")}
    beta = {"first": betas[0], "second": betas[1], "slow": betas[1]}
    steps = 0
    model.train()
    for x, y in batches:
        model.zero_grad(set_to_none=True)
        functional.cross_entropy(model(x), y).backward()
        g = torch.cat([p.grad.ravel() for p in model.parameters()]).double()
        for name, average in found.items():
            average.lerp_(g.square() if name == "second" else g, 1 - beta[name])
        steps += 1
    model.eval().load_state_dict(buffers)
    return {name: average / (1 - beta[name] ** steps) for name, average in found.items()}


def _batches(x: Tensor, y: Tensor, size: int, number: int, seed: int) -> Iterator:
    """Mini-batches without the incomplete last one of each pass."""
    generator = torch.Generator().manual_seed(seed + ORDER)
    while True:
        order = torch.randperm(len(y), generator=generator)
        for which in order[: len(order) // size * size].split(size):
            if not number:
                return
            number -= 1
            yield x[which], y[which]


def _counts(entries: np.ndarray) -> Iterator[dict[str, Any]]:
    """Entries by sign and magnitude; what lies outside the edges is in the outermost bins."""
    for sign in (1, -1):
        magnitudes = np.log10(sign * entries[sign * entries > 0])
        number, _ = np.histogram(np.clip(magnitudes, EDGES[0], EDGES[-1] - 1e-9), EDGES)
        for i in np.flatnonzero(number):
            yield {"sign": sign, "decade": EDGES[i], "number": int(number[i])}
