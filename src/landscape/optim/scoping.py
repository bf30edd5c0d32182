"""Schedules of the scope gamma: how fast local entropy narrows to the original loss.

A schedule is called as `schedule(gamma0, t)` with the initial scope (squared length of weights over
loss, > 0, may be infinite) and the number t = 0, 1, ... of outer updates made so far, and returns
gamma(t). Schedules are immutable and hold no state, so they need not be saved.

Source: Chaudhari (2018), section 3.2.3: the exponential schedule is given there; "linear, quadratic
and bounded exponential" ones are reported to do as well, without formulas, so that the
parametrisation of these three is a choice made here.

>>> [round(Linear(updates=4, final=2.0)(10.0, t), 3) for t in (0, 2, 4, 9)]
[10.0, 6.0, 2.0, 2.0]
>>> build("bounded", rate=0.5, bound=3.0)(10.0, 5)
3.0
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .rules import (
    BELOW_ONE,
    POSITIVE,
    HyperparameterError,
    count,
    one_of,
    plain,
    plain_fields,
    require,
)

Schedule = Callable[[float, int], float]


@dataclass(frozen=True)
class Exponential:
    """gamma0 / (1 + rate)^t, or gamma0 (1 - rate)^t with reading="multiply".

    The thesis gives the second as the formula (section 3.2.3) and the first as the practice of its
    experiments (section 3.3.2: divided by 1 + 1e-3 after each update). They drift apart by a factor
    of about exp(-rate^2 t): 0.2 % after 2,345 updates at rate 1e-3. rate=0 is a constant scope.

    Raises:
        HyperparameterError: rate outside [0, 1), or an unknown reading.
    """

    rate: float = 1e-3
    reading: str = "divide"

    def __post_init__(self) -> None:
        plain_fields(self)
        require(self, asdict(self), rate=BELOW_ONE, reading=one_of("divide", "multiply"))

    def __call__(self, gamma0: float, t: int) -> float:
        """The scope after t outer updates, gamma0 before the first."""
        if self.reading == "divide":
            return gamma0 * math.exp(-t * math.log1p(self.rate))
        return gamma0 * math.exp(t * math.log1p(-self.rate))


@dataclass(frozen=True)
class Bounded:
    """The exponential schedule, never below `bound` (> 0).

    Chaudhari (2018), eq. (5.10) and the text after it, is rate = 1 / (2 B), B mini-batches an
    epoch, reading="multiply", with bound 1 for gamma.
    """

    rate: float
    bound: float
    reading: str = "divide"

    def __post_init__(self) -> None:
        plain_fields(self)
        require(self, asdict(self), bound=POSITIVE)
        Exponential(self.rate, self.reading)

    def __call__(self, gamma0: float, t: int) -> float:
        """The scope after t outer updates, gamma0 before the first."""
        return max(Exponential(self.rate, self.reading)(gamma0, t), self.bound)


@dataclass(frozen=True)
class Linear:
    """A straight line from gamma0 to `final` (> 0) in `updates` outer updates, constant after."""

    updates: int
    final: float
    power = 1

    def __post_init__(self) -> None:
        plain_fields(self)
        require(self, asdict(self), updates=count(1), final=POSITIVE)

    def __call__(self, gamma0: float, t: int) -> float:
        """The scope after t outer updates, gamma0 before the first."""
        left = max(1 - t / self.updates, 0.0) ** self.power
        return self.final if left == 0 else self.final + (gamma0 - self.final) * left


@dataclass(frozen=True)
class Quadratic(Linear):
    """A parabola from gamma0 that comes to rest at `final` after `updates` outer updates."""

    power = 2


KINDS: dict[str, type] = {
    "exponential": Exponential,
    "bounded": Bounded,
    "linear": Linear,
    "quadratic": Quadratic,
}


def build(kind: str, **settings: Any) -> Schedule:
    """The schedule `kind` ("exponential", "bounded", "linear", "quadratic") with its settings.

    Raises:
        HyperparameterError: unknown kind, or unknown, missing or impossible settings.
    """
    if kind not in KINDS:
        raise HyperparameterError(f"No scoping is called {kind!r}; there are {', '.join(KINDS)}.")
    try:
        return KINDS[kind](**settings)
    except TypeError:
        known = ", ".join(f.name for f in fields(KINDS[kind]))
        raise HyperparameterError(f"Scoping {kind!r} takes {known}, not {settings!r}.") from None


def resolve(
    scoping: Schedule | Mapping[str, Any] | None, gamma_decay: float | None, default: float
) -> Schedule:
    """What an optimizer is given: a schedule, a mapping with its `kind`, or only a decay rate."""
    if scoping is None:
        return Exponential(default if gamma_decay is None else gamma_decay)
    if gamma_decay is not None:
        raise HyperparameterError("Give either gamma_decay or scoping, not both.")
    if isinstance(scoping, Mapping):
        return build(**scoping)
    if not callable(scoping):
        raise HyperparameterError(
            f"scoping must be a schedule of landscape.optim.scoping or a mapping, not {scoping!r}."
        )
    return scoping


def matched(
    gamma: float | None,
    L: Any,
    lr_inner: Any,
    scoping: Schedule | Mapping[str, Any] | None,
    gamma_decay: float | None,
) -> tuple[float, Schedule]:
    """Scope and schedule of a method that moves x by lr (x - z) / gamma, where none are given.

    Left to itself the inner loop goes L lr_inner times the gradient, so that with gamma = L
    lr_inner the force (x - z) / gamma has the gradient's magnitude: the works' rule for gamma
    (Chaudhari 2018, end of section 3.2.2). It then shrinks as in their experiments, by
    1 + 1e-3 an update, but not below 2 lr_inner, far from where the inner loop diverges.

    >>> gamma, schedule = matched(None, 20, 0.1, None, None)
    >>> gamma, round(schedule(gamma, 1), 3), schedule(gamma, 10_000)
    (2.0, 1.998, 0.2)
    """
    rules = {"L": count(1), "lr_inner": POSITIVE}
    if gamma is not None or not all(
        rules[name][0](value) for name, value in (("L", L), ("lr_inner", lr_inner))
    ):
        # Settings that are refused are refused where all are.
        return 1.0 if gamma is None else gamma, resolve(scoping, gamma_decay, 1e-3)
    gamma = float(L * lr_inner)
    if scoping is None and gamma_decay is None:
        return gamma, Bounded(1e-3, min(2 * lr_inner, gamma))
    return gamma, resolve(scoping, gamma_decay, 1e-3)


def chapter_five(
    owner: object,
    scoping: Schedule | Mapping[str, Any] | None,
    batches_per_epoch: int | None,
    bound: float,
    reading: str = "multiply",
) -> Schedule:
    """The schedule given, else eq. (5.10) for that many mini-batches, else a constant.

    Source: Chaudhari (2018), eq. (5.10) and the clips after it.

    >>> chapter_five("Parle", None, 100, bound=0.1)(1.0, 1)
    0.995
    """
    if batches_per_epoch is not None:
        require(owner, {"batches_per_epoch": batches_per_epoch}, batches_per_epoch=count(1))
    if scoping is not None or batches_per_epoch is None:
        return resolve(scoping, None, 0.0)
    return Bounded(1 / (2 * plain(batches_per_epoch)), bound, reading)
