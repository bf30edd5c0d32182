r"""The angle between the gradient of local entropy and the plain one, once an outer step.

Thesis, section 3.3.5, looks at this angle to explain why recurrent networks need less momentum; how
it was measured is not said. Here x is the point that an inner loop goes out from and z the average
that it ends with; x - z, which has the direction of local entropy's gradient, is compared with the
gradient at x on two mini-batches of the loop's size: one that the loop does not see (``angle``) and
the loop's own first (``angle_first``).

The inner loop is Entropy-SGD with an outer rate of 1 and no outer momentum, which moves x to z.
Where an outer optimizer is named (Adam for Entropy-Adam), x is put back and that optimizer
takes a step with (x - z) / gamma as its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from landscape import data, optim
from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    TEXT,
    list_of,
    mapping,
    optional,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.train.spec import DataSpec, RunSpec
from landscape.train.streams import NOISE_STREAM, Replica
from landscape.train.workers import in_workers

_INNER = {
    "name": {"const": "entropy_sgd"}, "L": whole(), "lr_inner": POSITIVE, "gamma": POSITIVE,
    "gamma_decay": NOT_NEGATIVE, "temperature": NOT_NEGATIVE, "momentum": NOT_NEGATIVE,
    "alpha": NOT_NEGATIVE,
}  # fmt: skip
_OUTER = {"name": TEXT, "lr": POSITIVE, "betas": list_of(NOT_NEGATIVE, "a list of two numbers", 2)}
_LOOP = mapping(
    {
        "inner": mapping(_INNER, tuple(_INNER)),
        "outer": {"type": ["object", "null"], "properties": _OUTER, "required": list(_OUTER),
                  "description": "a mapping with name, lr and betas, or null"},
    },
    ("inner", "outer"),
)  # fmt: skip
_SETTINGS = {
    "data": TEXT, "samples": whole(2), "unroll": optional(whole()), "batch_size": whole(),
    "model": TEXT, "dropout": NOT_NEGATIVE, "updates": whole(2), "seeds": whole(),
    "seed": whole(0), "loops": mapping({"own": _LOOP, "same": _LOOP}, ("own", "same")),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
#: Keeps the mini-batches that the loop does not see apart from those that it does.
UNSEEN_STREAM = 4_000_037


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """All seeds of a network in one of its loops.

    Args:
        settings: As SETTINGS says.
        case: ``own`` or ``same``, a key of ``loops``.
        checkpoints: Not used; the work's length takes minutes.
        workers: Processes.

    Returns:
        ``results``: seed, update, both angles in degrees, the lengths of x - z and of the gradient,
        and the training loss at x on the unseen mini-batch.
    """
    seeds = range(settings["seed"], settings["seed"] + settings["seeds"])
    rows = in_workers(one_run, [(settings, case, seed) for seed in seeds], workers)
    table = pd.DataFrame([row for run in rows for row in run])
    return Outcome({"results": csv_text(table, "%.6g")})


def one_run(settings: Mapping[str, Any], case: str, seed: int) -> list[dict[str, float]]:
    """The rows of one seed."""
    torch.set_num_threads(1)
    loop = settings["loops"][case]
    source = Batches(settings, seed)
    model, length = source.model, loop["inner"]["L"]
    inner, outer = optimizers(loop, model, seed)
    rows = []
    for update in range(settings["updates"]):
        loss = source.unseen(update * length, length)
        plain = flat(p.grad for p in model.parameters())
        before = inner.answer()
        first = None
        for step in range(length):
            source.seen(update * length + step)
            if step == 0:
                first = flat(p.grad for p in model.parameters())
            inner.step()
        way = [x - z for x, z in zip(before, inner.answer(), strict=True)]
        moved = flat(way)
        rows.append({
            "seed": seed, "update": update + 1, "angle": angle(moved, plain),
            "angle_first": angle(moved, first), "way": float(moved.norm()),
            "gradient": float(plain.norm()), "loss": loss,
        })  # fmt: skip
        if outer is not None:
            step_outside(outer, model, before, way, inner_scope(loop))
    return rows


def inner_scope(loop: Mapping[str, Any]) -> float:
    """The scope by which x - z is divided for the outer optimizer, which must be constant.

    Raises:
        LandscapeError: The scope shrinks.
    """
    if loop["inner"]["gamma_decay"]:
        raise LandscapeError("an outer optimizer needs a constant scope: set gamma_decay to 0.")
    return float(loop["inner"]["gamma"])


def optimizers(loop: Mapping[str, Any], model: nn.Module, seed: int) -> tuple:
    """The inner loop, which moves x to z, and the outer optimizer or None."""
    given = dict(loop["inner"])
    noise = torch.Generator().manual_seed(seed + NOISE_STREAM)
    inner = optim.build(
        given.pop("name"), model.parameters(), lr=1.0, momentum_outer=0.0, generator=noise, **given
    )
    inner.prepare()
    if loop["outer"] is None:
        return inner, None
    chosen = dict(loop["outer"])
    return inner, optim.build(chosen.pop("name"), model.parameters(), **chosen)


@torch.no_grad()
def step_outside(
    outer: optim.LandscapeOptimizer, model: nn.Module, x: list[Tensor], way: list[Tensor],
    scope: float,
) -> None:  # fmt: skip
    """Put x back and let the outer optimizer take a step from there along (x - z) / gamma."""
    for p, there, d in zip(model.parameters(), x, way, strict=True):
        p.copy_(there)
        p.grad = d / scope
    outer.step()


class Batches:
    """A network and the mini-batches that it meets, as training has them (landscape.train).

    Args:
        settings: Those of the simulation.
        seed: Of weights, order, dropout and noise.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        unroll = settings["unroll"]
        spec = RunSpec(
            experiment="thesis-fig-3-7-angle", method="inner", seed=seed,
            model=settings["model"], model_options={"dropout": settings["dropout"]},
            optimizer="entropy_sgd", batch_size=settings["batch_size"],
            data=DataSpec(settings["data"], unroll=unroll),
        )  # fmt: skip
        if unroll is not None:
            splits, kinds = data.prepare_sequence(
                settings["data"], train_samples=settings["samples"]
            )
        else:
            splits, kinds = data.prepare(
                settings["data"], scaling="minus_one_one", holdout=0.0, split_seed=0,
                train_samples=settings["samples"],
            ), None  # fmt: skip
        self.train = splits.train
        self.replica = Replica(spec, 0, torch.device("cpu"), len(splits.train.y), vocabulary=kinds)
        self.model = self.replica.model
        self.apart = torch.Generator().manual_seed(seed + UNSEEN_STREAM)

    def seen(self, step: int) -> float:
        """Gradients of the mini-batch of that step of training; returns its loss."""
        return self._backward(self.replica.batch(step), carried=True)

    def unseen(self, step: int, length: int) -> float:
        """Gradients of a mini-batch beside the loop that begins at that step; returns its loss.

        Images are drawn independently of it. A text is read at a place that the loop's ``length``
        steps do not come to, with the hidden state at zero.
        """
        replica = self.replica
        if replica.unroll is None:
            chosen = torch.randperm(replica.samples, generator=self.apart)[: replica.batch_size]
            return self._backward(chosen, carried=False)
        places = replica.steps_per_epoch
        if places <= length:
            raise LandscapeError(
                f"an inner loop of {length} steps reads all of the {places} mini-batches of this "
                "text; raise samples."
            )
        ahead = step + length + int(torch.randint(places - length, (), generator=self.apart))
        starts = torch.arange(replica.batch_size) * (replica.samples // replica.batch_size)
        times = ahead % places * replica.unroll + torch.arange(replica.unroll)
        return self._backward(starts[:, None] + times, carried=False)

    def _backward(self, chosen: Tensor, carried: bool) -> float:
        replica = self.replica
        x, y = self.train.x[chosen], self.train.y[chosen].flatten()
        hidden = replica.hidden
        if not carried:
            replica.hidden = None
        self.model.train()
        self.model.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(replica.outputs(x), y)
        loss.backward()
        if not carried:
            replica.hidden = hidden
        return float(loss.detach())


def flat(parts: Any) -> Tensor:
    """All numbers of some tensors in one, float64."""
    return torch.cat([part.detach().double().flatten() for part in parts])


def angle(a: Tensor, b: Tensor) -> float:
    """The angle between two vectors in degrees, by their half sum and difference.

    That is exact to rounding also for vectors that are almost parallel, where the arc cosine is
    not; not a number for a vector of length 0.
    """
    a, b = a / a.norm(), b / b.norm()
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))
