"""The learning-rate schedules of the works, as data, and as torch schedulers.

The works count epochs. One epoch of a method that takes L gradients for each move of its answer
(Entropy-SGD, Parle, ...) has as many moves as an epoch of SGD has steps, so it passes over the data
L times: the schedules of those methods have few epochs. Rates are those of `lr`; the rates of inner
loops are fixed in the works.

>>> schedule = named("thesis-ch3-allcnn-sgd")
>>> schedule.initial, schedule.drops, schedule.factor, schedule.epochs
(0.1, (60, 120, 180), 5, 200)
>>> [round(schedule.rate(epoch), 6) for epoch in (0, 59.9, 60, 180)]
[0.1, 0.1, 0.02, 0.0008]
>>> import torch
>>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=schedule.initial)
>>> scheduler = schedule.scheduler(optimizer, steps_per_epoch=391)
>>> sorted(scheduler.milestones)
[23460, 46920, 70380]

Call `scheduler.step()` after every `optimizer.step()`, one gradient each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, MultiStepLR

from .base import AT_LEAST_ZERO, POSITIVE, HyperparameterError, count, require

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
        return LambdaLR(optimizer, _Falling(steps_per_epoch * updates, self.power))


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


def _every(epochs: int, total: int) -> tuple[int, ...]:
    return tuple(range(epochs, total, epochs))


_CH5 = "Chaudhari (2018), section 5.4"
_LEWKOWYCZ = "Lewkowycz and Gur-Ari (2020), "
_FRACTIONS = {"lewkowycz-wrn-schedule": (0.3, 0.6, 0.9)}
_ROWS: dict[str, LearningRate] = {
    "thesis-ch2-mnistfc": LearningRate(
        1e-3, epochs=50, source="Chaudhari (2018), section 2.4.3: Adam, no schedule stated"
    ),
    "thesis-ch2-lenet": LearningRate(
        1e-4, epochs=100, source="Chaudhari (2018), section 2.4.3: Adam, no schedule stated"
    ),
    "thesis-ch2-allcnn": LearningRate(
        0.1, _every(60, 200), 5, 200, "Chaudhari (2018), section 2.4.3: SGD"
    ),
    "thesis-ch3-mnistfc-adam": LearningRate(
        1e-3, _every(30, 100), 5, 100, "Chaudhari (2018), section 3.3.2"
    ),
    "thesis-ch3-lenet-adam": LearningRate(
        1e-3, _every(30, 100), 5, 100, "Chaudhari (2018), section 3.3.2"
    ),
    "thesis-ch3-mnist-entropy-sgd": LearningRate(
        1.0, (2,), 10, 5, "Chaudhari (2018), section 3.3.2: outer rate, L = 20, both networks"
    ),
    "thesis-ch3-allcnn-sgd": LearningRate(
        0.1, _every(60, 200), 5, 200, "Chaudhari (2018), section 3.3.3"
    ),
    "thesis-ch3-allcnn-entropy-sgd": LearningRate(
        1.0, _every(4, 10), 5, 10, "Chaudhari (2018), section 3.3.3: outer rate, L = 20"
    ),
    "authors-allcnn-entropy-sgd": LearningRate(
        1.0, (3, 6), 5, None, "the authors' published program in Lua, where the text has 4 and 8"
    ),
    "thesis-ch3-ptb-entropy-sgd": LearningRate(
        1.0, (3, 4), 10, 5, "Chaudhari (2018), section 3.3.4: outer rate, L = 5"
    ),
    "thesis-ch3-char-lstm-adam": LearningRate(
        0.002, _every(5, 50), 2, 50, "Chaudhari (2018), section 3.3.5"
    ),
    "thesis-ch3-char-lstm-entropy-adam": LearningRate(
        0.01, _every(1, 5), 2, 5, "Chaudhari (2018), section 3.3.5: outer rate, L = 5"
    ),
    # 200 effective epochs of HJ, L = 5 (table 4.1), are 40 of these.
    "thesis-ch4-entropy-sgd": LearningRate(
        0.1, _every(3, 40), 5, None, "Chaudhari (2018), section 4.6.1.1: outer rate"
    ),
    "thesis-ch5-lenet-sgd": LearningRate(0.1, (30, 60, 90), 10, None, f"{_CH5}.2"),
    "thesis-ch5-lenet-parle": LearningRate(
        0.1, (2,), 10, None, f"{_CH5}.2: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch5-wrn-28-10-sgd": LearningRate(0.1, (60, 120, 180), 5, None, f"{_CH5}.3"),
    "thesis-ch5-wrn-28-10-parle": LearningRate(
        0.1, (2, 4, 6), 5, None, f"{_CH5}.3: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch5-wrn-16-4-sgd": LearningRate(0.01, (80, 120), 10, None, f"{_CH5}.4"),
    "thesis-ch5-wrn-16-4-parle": LearningRate(
        0.01, (2, 4), 10, None, f"{_CH5}.4: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch6-tiny-fc": LearningRate(
        1e-3, epochs=1e5, source="Chaudhari (2018), section 6.3.3: after 1,000 epochs of burn-in"
    ),
    "lewkowycz-wrn-schedule": relative(
        0.2,
        _FRACTIONS["lewkowycz-wrn-schedule"],
        5,
        200,
        _LEWKOWYCZ + "section 2 and SM A, figures 1a, S10",
    ),
    "lewkowycz-wrn": LearningRate(
        0.2, epochs=200, source=_LEWKOWYCZ + "SM A, figures 1c, S9; 1b, 4, S2-S4 with other lengths"
    ),
    "lewkowycz-fc": LearningRate(0.15, source=_LEWKOWYCZ + "figures 2c, S6, one of a sweep"),
    "lewkowycz-cnn": LearningRate(0.01, source=_LEWKOWYCZ + "SM A, figure 3"),
    "lewkowycz-fc64": LearningRate(0.1, source=_LEWKOWYCZ + "SM A, figure S7"),
    "lewkowycz-ntk": LearningRate(0.01, source=_LEWKOWYCZ + "SM A, figure 5c"),
}

#: Names that `named` knows: work, chapter or network, and method where several have their own.
NAMES: tuple[str, ...] = tuple(_ROWS)


def named(name: str, epochs: float | None = None) -> LearningRate:
    """The schedule `name` of the works.

    Args:
        name: one of `NAMES`.
        epochs: length T of the training, for schedules whose drops are fractions of it
            ("lewkowycz-wrn-schedule": 200 if not given, 0.1 / lambda in the second half of figure
            1a) and for constant ones.

    Raises:
        HyperparameterError: unknown name, or `epochs` for drops that are given in epochs.

    >>> named("lewkowycz-wrn-schedule", epochs=1000).drops
    (300.0, 600.0, 900.0)
    """
    if name not in _ROWS:
        raise HyperparameterError(
            f"No learning-rate schedule is called {name!r}; there are {', '.join(NAMES)}."
        )
    row = _ROWS[name]
    if epochs is None:
        return row
    if name in _FRACTIONS:
        return relative(row.initial, _FRACTIONS[name], row.factor, epochs, row.source)
    if row.drops:
        raise HyperparameterError(
            f"The drops of {name!r} are stated in epochs, so its length cannot be set; use "
            "dataclasses.replace to change it knowingly."
        )
    return replace(row, epochs=epochs)


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
    return gradients_per_update
