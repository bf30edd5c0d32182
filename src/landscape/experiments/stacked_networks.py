"""Many small networks trained by one optimizer of the library, as if each were trained alone.

The parameters of the networks of a group are stacked, ``[networks, ...]`` a tensor, and handed to
the optimizer as its parameter group, so that a group has its own L2 strength. The optimizers act
weight by weight and the loss is the sum of the networks' losses: what one network does leaves the
others alone, bit for bit but for rounding, whichever optimizer it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from landscape import models
from landscape.data import Splits
from landscape.train.streams import ORDER_STREAM, REPLICA_STREAM

_CHUNK = 500  # samples evaluated at once


@dataclass(frozen=True)
class Group:
    """Networks that share a strength: one for each of the seeds."""

    l2: float
    seeds: tuple[int, ...]


class Order:
    """Mini-batches of one seed and replica: each epoch a permutation without its rest."""

    def __init__(self, seed: int, replica: int, samples: int, batch: int) -> None:
        self.generator = torch.Generator().manual_seed(
            seed + replica * REPLICA_STREAM + ORDER_STREAM
        )
        self.samples, self.batch = samples, batch
        self.left: list[Tensor] = []

    def next(self) -> Tensor:
        """Positions of the next mini-batch, int64 [batch]."""
        if not self.left:
            mixed = torch.randperm(self.samples, generator=self.generator)
            self.left = list(mixed.split(self.batch))
            if len(self.left[-1]) < self.batch:
                self.left.pop()
            self.left.reverse()
        return self.left.pop()


class Stack:
    """Networks of one architecture, and n replicas of each, at their random starts.

    Args:
        name: Of ``landscape.models``, without dropout and batch norm.
        options: The network's.
        groups: Which networks there are.
        splits: Training and test samples.
        batch_size: Of the mini-batches; networks of one seed see the same, whatever their group.
        loss_scale: Factor of the cross-entropy: 1 / (2 classes) in the work.
        replicas: Networks that an optimizer couples, with the same start and other mini-batches.
        dtype: float64 to compare with something slow.
    """

    def __init__(
        self,
        name: str,
        options: dict[str, Any],
        groups: Sequence[Group],
        splits: Splits,
        *,
        batch_size: int,
        loss_scale: float,
        replicas: int = 1,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.groups, self.scale, self.replicas = tuple(groups), loss_scale, replicas
        seeds = sorted({seed for group in groups for seed in group.seeds})
        starts, self.model = {}, nn.Identity()
        for seed in seeds:
            torch.manual_seed(seed)
            self.model = models.build(name, **options).to(dtype)
            starts[seed] = dict(self.model.named_parameters())
        self.names = list(starts[seeds[0]])
        #: ``parameters[replica][group]``: tensors [networks of the group, ...], in order of names
        self.parameters = [
            [[nn.Parameter(torch.stack([starts[s][n].detach() for s in group.seeds]))
              for n in self.names] for group in groups]
            for _ in range(replicas)
        ]  # fmt: skip
        self.train = splits.train.x.to(dtype), splits.train.y
        self.test = splits.test.x.to(dtype), splits.test.y
        self.batch_size = batch_size
        self.orders = [[Order(s, r, len(splits.train.y), batch_size) for s in seeds]
                       for r in range(replicas)]  # fmt: skip
        self.place = torch.tensor([seeds.index(s) for group in groups for s in group.seeds])
        self.together = vmap(lambda theta, x: functional_call(self.model, theta, (x,)))
        self.apart = vmap(lambda theta, x: functional_call(self.model, theta, (x,)), (0, None))

    def parameter_groups(self, key: str = "weight_decay") -> list[dict[str, Any]]:
        """What the optimizer is built on: a group of parameters for every group of networks."""
        found = []
        for at, group in enumerate(self.groups):
            held = [replica[at] for replica in self.parameters]
            found.append({"params": held if self.replicas > 1 else held[0], key: group.l2})
        return found

    def weights(self, replica: int = 0) -> dict[str, Tensor]:
        """All networks' parameters by name, [networks, ...]."""
        groups = self.parameters[replica]
        return {name: torch.cat([group[i] for group in groups])
                for i, name in enumerate(self.names)}  # fmt: skip

    def gradients(self) -> None:
        """Leave each network's gradient on its next mini-batch in ``.grad``: one a replica."""
        for replica in range(self.replicas):
            for group in self.parameters[replica]:
                for p in group:
                    p.grad = None
            chosen = torch.stack([order.next() for order in self.orders[replica]])
            x, y = self.train[0][chosen][self.place], self.train[1][chosen][self.place]
            outputs = self.together(self.weights(replica), x)
            loss = nn.functional.cross_entropy(outputs.flatten(0, 1), y.flatten(), reduction="sum")
            (loss * (self.scale / self.batch_size)).backward()

    @torch.no_grad()
    def measured(self, test: bool) -> tuple[Tensor, Tensor]:
        """Loss with its factor and without L2, and error in percent, of every network."""
        x, y = self.test if test else self.train
        theta = self.weights()
        loss, wrong = 0.0, 0
        for part, labels in zip(x.split(_CHUNK), y.split(_CHUNK), strict=True):
            logits = self.apart(theta, part)
            each = nn.functional.cross_entropy(
                logits.flatten(0, 1), labels.repeat(len(logits)), reduction="none"
            )
            loss = loss + each.view(len(logits), -1).sum(1, dtype=torch.float64)
            wrong = wrong + (logits.argmax(2) != labels).sum(1)
        return loss * self.scale / len(y), 100.0 * wrong / len(y)

    @torch.no_grad()
    def norms(self) -> Tensor:
        """``|theta|^2`` of every network."""
        return sum(p.double().square().flatten(1).sum(1) for p in self.weights().values())


def look_times(gradients: int, per_decade: int, every: int = 1) -> list[int]:
    """Counts of gradients at which to look: on a logarithmic grid, in multiples of ``every``.

    >>> look_times(100, 4, every=3)
    [3, 6, 9, 18, 33, 57, 99]
    """
    last = gradients // every * every
    points = math.ceil(per_decade * math.log10(max(last, 2))) + 1
    raw = (last * 10 ** (-i / per_decade) for i in range(points))
    return sorted({max(round(value / every), 1) * every for value in raw})


def fit(
    stack: Stack,
    optimizer: torch.optim.Optimizer,
    looks: Sequence[int],
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> Iterator[dict[str, Any]]:
    """Train until the last look; the rows of all networks at each.

    Args:
        stack: The networks.
        optimizer: On ``stack.parameter_groups()``; measured is its ``solution()``.
        looks: Counts of gradients, those of all replicas together.
        scheduler: Stepped after every step.

    Yields:
        ``seed``, ``l2``, ``step`` (gradients so far), losses, errors and ``|theta|^2``; a network
        that is no longer finite has ``diverged`` 1 and no numbers, from then on.
    """
    due, count = set(looks), 0
    answer = getattr(optimizer, "solution", nullcontext)
    while count < looks[-1]:
        stack.gradients()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        count += stack.replicas
        if count in due:
            with answer():
                values = [*stack.measured(test=False), *stack.measured(test=True), stack.norms()]
            yield from _rows(stack, count, [v.tolist() for v in values])


def _rows(stack: Stack, count: int, values: list[list[float]]) -> Iterator[dict[str, Any]]:
    names = ("training_loss", "training_error", "test_loss", "test_error", "norm2")
    members = [(group.l2, seed) for group in stack.groups for seed in group.seeds]
    for (l2, seed), *found in zip(members, *values, strict=True):
        lost = not all(map(math.isfinite, found))
        numbers = {n: math.nan if lost else v for n, v in zip(names, found, strict=True)}
        yield {"seed": seed, "l2": l2, "step": count, **numbers, "diverged": int(lost)}
