"""Cycles of gradient descent steps that together go further than steps of one stable length.

Gradient descent on a quadratic with curvatures up to g is stable for steps up to 2 / g. A cycle of
s steps whose lengths are the inverse roots of a shifted Chebyshev polynomial may, within the cycle,
let steep directions grow, and has damped them at its end, while flat ones have gone up to s times
as far as with s equal steps. Every step is plain gradient descent.

Source: Alexiades, Amiez & Gremaud (1996), "Super-time-stepping acceleration of explicit schemes for
parabolic problems", Communications in Numerical Methods in Engineering 12, 31-42, eq. (8).
"""

from __future__ import annotations

import functools

import numpy as np

DAMPING = 0.01
LONGEST = 24  # steps of a cycle


def cycle(length: float, curvature: float) -> np.ndarray:
    """Steps that add up to ``length`` and are stable up to ``curvature``; fewer steps if possible.

    A longer cycle than ``LONGEST`` is not made: the steps then add up to what that reaches.

    Args:
        length: How far to go, positive.
        curvature: The largest curvature, positive.
    """
    for count in range(1, LONGEST + 1):
        steps = _lengths(count) / curvature
        if (reach := float(steps.sum())) >= length:
            return steps * (length / reach)
    return steps


@functools.cache
def _lengths(count: int) -> np.ndarray:
    """Lengths for curvature 1, in an order in which steep directions never grow far."""
    if count == 1:
        return np.array([1.0])  # half of what is stable: no overshooting
    angles = np.pi * (2 * np.arange(1, count + 1) - 1) / (2 * count)
    left = list(2.0 / ((DAMPING - 1) * np.cos(angles) + 1 + DAMPING))
    curvatures, grown, found = np.linspace(0, 1, 400), 1.0, []
    while left:
        worst = [np.abs(grown * (1 - step * curvatures)).max() for step in left]
        found.append(left.pop(int(np.argmin(worst))))
        grown = grown * (1 - found[-1] * curvatures)
    return np.array(found)
