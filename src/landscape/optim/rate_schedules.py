"""Learning-rate schedules, as data and as torch schedulers: drops, and a power law.

The works count epochs. One epoch of a method that takes L gradients for each move of its answer
(Entropy-SGD, Parle, ...) has as many moves as an epoch of SGD has steps, so it passes over the data
L times. Rates are those of `lr`; the rates of inner loops are fixed in the works.

>>> schedule = LearningRate(0.1, drops=(60, 120), factor=5, epochs=200)
>>> [round(schedule.rate(epoch), 6) for epoch in (0, 59.9, 60, 120)]
[0.1, 0.1, 0.02, 0.004]
>>> import torch
>>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=schedule.initial)
>>> scheduler = schedule.scheduler(optimizer, steps_per_epoch=391)
>>> sorted(scheduler.milestones)
[23460, 46920]

Call `scheduler.step()` after every `optimizer.step()`, one gradient each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, MultiStepLR

from .rules import (
    AT_LEAST_ZERO,
    POSITIVE,
    HyperparameterError,
    count,
    plain,
    plain_fields,
    require,
)

POSITIVE_OR_NONE = (lambda v: v is None or POSITIVE[0](v), "a positive number or None")


def _increasing(drops: Any) -> bool:
    if not isinstance(drops, tuple) or not all(POSITIVE[0](drop) for drop in drops):
        return False
    return all(a < b for a, b in zip(drops, drops[1:], strict=False))


@dataclass(frozen=True)
class LearningRate:
    """A rate that is constant but for drops.

    Args:
        initial: first rate, > 0.
        drops: epochs after which the rate falls, increasing, > 0; 2 is "after the second epoch".
        factor: what the rate is divided by at each drop, >= 1 (the works say "drops by 5", and
            "decays by 0.2", which is 5 as well).
        epochs: length of the training; None where the work does not state it.
        source: where it is stated.

    Raises:
        HyperparameterError: values outside these ranges, or a drop that is not before the end.
    """

    initial: float
    drops: tuple[float, ...] = ()
    factor: float = 1.0
    epochs: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.drops, list):
            object.__setattr__(self, "drops", tuple(self.drops))
        plain_fields(self)
        require(
            self,
            vars(self),
            initial=POSITIVE,
            drops=(_increasing, "a tuple of increasing positive epochs"),
            factor=(lambda v: POSITIVE[0](v) and v >= 1, "a number of at least 1"),
            epochs=POSITIVE_OR_NONE,
        )
        if self.epochs is not None and self.drops and self.drops[-1] >= self.epochs:
            raise HyperparameterError(
                f"LearningRate: the drop at epoch {self.drops[-1]} is not before the end of "
                f"training at {self.epochs}; leave it out or train longer."
            )

    def rate(self, epoch: float) -> float:
        """The rate in force when `epoch` epochs (>= 0, not necessarily whole) are over."""
        _check_epoch(epoch)
        return self.initial / self.factor ** sum(drop <= epoch for drop in self.drops)

    def scheduler(
        self,
        optimizer: torch.optim.Optimizer,
        steps_per_epoch: int,
        gradients_per_update: int | None = None,
    ) -> LRScheduler:
        """A `MultiStepLR` to be stepped after every `optimizer.step()`.

        Args:
            optimizer: built with lr = `initial`; groups with other rates keep their ratio to it.
            steps_per_epoch: steps of SGD in an epoch, >= 1: mini-batches in the data.
            gradients_per_update: L; None: the optimizer's own, 1 for those of torch.

        Raises:
            HyperparameterError: no group of the optimizer starts at `initial`, or a number is
                impossible.
        """
        updates = _updates(self, optimizer, self.initial, steps_per_epoch, gradients_per_update)
        steps_per_epoch = plain(steps_per_epoch)
        marks = [max(round(drop * steps_per_epoch), 1) * updates for drop in self.drops]
        return MultiStepLR(optimizer, marks, gamma=1 / self.factor)


@dataclass(frozen=True)
class Polynomial:
    """eta_t = initial / (1 + t)^power with t finished epochs, the power law of Richemond and Guo.

    Richemond and Guo (2019), section 3.3, gives the exponent 1/2 as the usual one and no unit of t;
    with steps_per_epoch = 1, t counts steps.

    Raises:
        HyperparameterError: initial not positive, power negative.

    >>> Polynomial(0.1).rate(3.5)
    0.05
    """

    initial: float
    power: float = 0.5

    def __post_init__(self) -> None:
        plain_fields(self)
        require(self, vars(self), initial=POSITIVE, power=AT_LEAST_ZERO)

    def rate(self, epoch: float) -> float:
        """The rate in force when `epoch` epochs are over."""
        _check_epoch(epoch)
        return self.initial * _power_law(math.floor(epoch), self.power)

    def scheduler(
        self,
        optimizer: torch.optim.Optimizer,
        steps_per_epoch: int,
        gradients_per_update: int | None = None,
    ) -> LRScheduler:
        """A `LambdaLR` to be stepped after every `optimizer.step()`; see `LearningRate`."""
        updates = _updates(self, optimizer, self.initial, steps_per_epoch, gradients_per_update)
        return LambdaLR(optimizer, _Falling(plain(steps_per_epoch) * updates, self.power))


@dataclass
class _Falling:
    """The factor after so many steps; a class, so that torch can save it."""

    steps: int
    power: float

    def __call__(self, step: int) -> float:
        return _power_law(step // self.steps, self.power)


def relative(
    initial: float, fractions: Sequence[float], factor: float, epochs: float, source: str = ""
) -> LearningRate:
    """A schedule whose drops are fractions of the training time, as Lewkowycz and Gur-Ari's.

    >>> relative(0.2, (0.3, 0.6, 0.9), 5, epochs=200).drops
    (60.0, 120.0, 180.0)
    """
    if not POSITIVE[0](epochs):
        raise HyperparameterError(f"epochs must be a positive number, not {epochs!r}.")
    return LearningRate(initial, tuple(f * epochs for f in fractions), factor, epochs, source)


def _check_epoch(epoch: float) -> None:
    if not AT_LEAST_ZERO[0](epoch):
        raise HyperparameterError(f"epoch must be a number of at least 0, not {epoch!r}.")


def _power_law(t: int, power: float) -> float:
    return 1 / (1 + t) ** power


def _updates(
    owner: object,
    optimizer: torch.optim.Optimizer,
    initial: float,
    steps_per_epoch: int,
    gradients_per_update: int | None,
) -> int:
    """Steps of the optimizer for one of SGD; refuses an optimizer with another rate."""
    if gradients_per_update is None:
        gradients_per_update = getattr(optimizer, "gradients_per_update", 1)
    numbers = {"steps_per_epoch": steps_per_epoch, "gradients_per_update": gradients_per_update}
    require(owner, numbers, steps_per_epoch=count(1), gradients_per_update=count(1))
    rates = [float(g.get("initial_lr", g["lr"])) for g in optimizer.param_groups]
    if not any(math.isclose(rate, initial, rel_tol=1e-6) for rate in rates):
        raise HyperparameterError(
            f"{type(owner).__name__} starts at {initial!r}, but the optimizer has lr = "
            f"{', '.join(map(repr, rates))}; build it with lr={initial!r}."
        )
    return plain(gradients_per_update)
