"""Scopes that cannot work, said before they do harm: too narrow for the inner loop, too wide."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

#: Outer updates before the event at which it is announced.
AHEAD = 100
#: Part of the way to z that an outer step goes, below which it is taken for a slip.
STILL = 1e-4


def limit(momentum: float) -> float:
    """The lr_inner / gamma from which on a Nesterov step on the force alone grows.

    The eigenvalue -1: with y_k and u_k alternating in sign, u = d / (1 + m), so that the step is
    lr_inner d (1 + 2 m) / (1 + m), which must stay below 2 y for d = y / gamma.

    >>> limit(0.0), round(limit(0.9), 3)
    (2.0, 1.357)
    """
    return 2 * (1 + momentum) / (1 + 2 * momentum)


def first_unstable(
    schedule: Callable[[int], float], rate: float, most: float, start: int
) -> int | None:
    """The first of the updates start ... start + AHEAD with rate >= most gamma, if there is one.

    >>> first_unstable(lambda t: 0.99**t, rate=1.0, most=2.0, start=0)
    69
    >>> first_unstable([3.0, 2.0, 1.0].__getitem__, rate=1.0, most=2.0, start=0)
    """

    def unstable(t: int) -> bool:
        try:
            return rate >= most * schedule(t)
        except Exception:
            if t == start:
                raise
            return False  # a schedule that ends before, with the training

    if not unstable(start + AHEAD) and not unstable(start):
        return None
    return next((t for t in range(start, start + AHEAD + 1) if unstable(t)), None)


def warn(owner: object, update: int, step: int, rate: float, gamma: float, most: float) -> None:
    """One warning with the step from which on the inner loop diverges, and the remedy."""
    warnings.warn(
        f"{type(owner).__name__}: from step {step} on (outer update {update}) "
        f"lr_inner / gamma = {rate:.4g} / {gamma:.4g} is {most:.4g} or more, where the inner loop "
        "diverges whatever the loss; bound the scope, scoping={'kind': 'bounded', 'rate': ..., "
        f"'bound': {2 * rate:.4g}}}, or lower lr_inner.",
        RuntimeWarning,
        stacklevel=2,
    )


def warn_if_still(owner: object, group: dict[str, Any]) -> None:
    """Warn of an outer step lr (x - z) / gamma that goes next to nowhere; of lr = 0 it does not."""
    way = float(group["lr"]) / group["gamma"]
    if 0 < way < STILL:
        warnings.warn(
            f"{type(owner).__name__}: an outer step goes lr / gamma = {way:.1e} of the way from x "
            "to the end of the inner loop, so that the weights will seem to stand still; leave "
            "gamma out (it is then L lr_inner) or raise lr.",
            RuntimeWarning,
            stacklevel=2,
        )
