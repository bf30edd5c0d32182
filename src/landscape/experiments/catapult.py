"""The first steps of gradient descent on the squared loss: does it catapult, and to what curvature?

Above ``eta = 2 / lambda_max``, ``lambda_max`` the largest eigenvalue of the loss' Hessian at the
start, a quadratic diverges. A wide network may instead let its loss rise for some steps while the
curvature falls, until the rate is stable. Every network is trained by full-batch gradient descent
without L2 term, as a sweep does it (``landscape.train.sweep_batch``), from the start that a sweep
has for the same seed.

Tables: ``results``, one row a step with the loss before it; ``curvature``, one row a network with
``lambda_max`` at the start and after the last step (empty for a network that diverged).

Source: Lewkowycz & Gur-Ari (2020), supplement C.4, on Lewkowycz et al. (2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from landscape import data
from landscape.analysis.lanczos import SymmetricOperator, extreme_eigenvalues
from landscape.analysis.mean_loss import MeanLoss
from landscape.data import Split
from landscape.experiments.settings_schema import POSITIVE, list_of, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.train.spec import DataSpec
from landscape.train.sweep_batch import Batch, network
from landscape.train.sweep_spec import Configuration, Shared
from landscape.train.workers import in_workers

_SETTINGS = {
    "data": {"const": "mnist"}, "train_samples": whole(2), "width": whole(),
    "loss_scale": POSITIVE, "lr": list_of(POSITIVE, "a list of positive numbers"),
    "steps": whole(), "draws": whole(), "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def sharpness(model: nn.Module, part: Split, scale: float) -> float:
    """Largest eigenvalue of the Hessian of ``scale`` times the mean squared loss.

    Args:
        model: The network.
        part: Images and labels [n]; the targets are one-hot.
        scale: Times the squared distance to the targets, mean over samples and outputs.
    """
    with torch.no_grad():
        classes = model(part.x[:1]).shape[-1]
    targets = nn.functional.one_hot(part.y, classes).float()

    def loss(outputs: Tensor, wanted: Tensor) -> Tensor:
        return scale * (outputs - wanted).square().mean(1)

    f = MeanLoss(model, part.x, targets, loss=loss, dtype=torch.float32)
    return float(extreme_eigenvalues(SymmetricOperator.of(f), 1)[0][0])


def first_steps(settings: Mapping[str, Any], seed: int) -> tuple[list[dict], list[dict]]:
    """Rows of both tables for the networks of one seed, one a learning rate."""
    torch.set_num_threads(1)
    shared = Shared(
        DataSpec(settings["data"], train_samples=settings["train_samples"]), "fc_lewkowycz",
        {"width": settings["width"]}, loss="mse", loss_scale=settings["loss_scale"],
    )  # fmt: skip
    splits = data.prepare(
        settings["data"], shared.data.scaling, train_samples=settings["train_samples"],
        test_samples=1,
    )  # fmt: skip
    model = network(shared, seed)
    start = sharpness(model, splits.train, shared.loss_scale)
    losses, curvatures = [], []
    for lr in settings["lr"]:
        one = Configuration(shared, lr=lr, l2=0.0, seed=seed, steps=settings["steps"])
        batch = Batch([one], splits, torch.device("cpu"))
        for step in range(settings["steps"] + 1):
            loss, gradients = batch.gradients(step)
            losses.append({"lr": lr, "seed": seed, "step": step, "loss": float(loss)})
            if step == settings["steps"] or not loss.isfinite():
                break
            batch.update(gradients)
        lost = not loss.isfinite()
        end = math.nan
        if not lost:
            model.load_state_dict({name: p[0] for name, p in batch.parameters.items()})
            end = sharpness(model, splits.train, shared.loss_scale)
        curvatures.append({"lr": lr, "seed": seed, "start": start, "end": end,
                           "diverged": int(lost)})  # fmt: skip
    return losses, curvatures


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Both tables; nothing is kept in ``checkpoints``, as a seed takes seconds at laptop scale."""
    first = settings["seed"]
    calls = [(settings, seed) for seed in range(first, first + settings["draws"])]
    found = list(in_workers(first_steps, calls, workers))
    tables = {"results": [part[0] for part in found], "curvature": [part[1] for part in found]}
    return Outcome({name: csv_text(pd.DataFrame(sum(rows, [])), "%.6g")
                    for name, rows in tables.items()})  # fmt: skip
