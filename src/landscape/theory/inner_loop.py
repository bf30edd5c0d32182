"""What the inner loop of Entropy-SGD does to straight and to parabolic losses, without noise.

On a loss whose Hessian has the eigenvalue h along a direction, everything along it is a recurrence
of one number: the L inner steps from y = x, their average z, and the outer step. So one can say
how much the force (y - x) / gamma shortens an outer step, and where the loop grows instead of
settling.

Source: Chaudhari (2018), Algorithm 2 with Nesterov's momentum inside (section 3.3.2, Remark 5.3);
the recurrences below are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def displacement(
    slope: float,
    curvature: float,
    scope: float,
    *,
    L: int,
    alpha: float,
    lr_inner: float,
    momentum: float = 0.0,
) -> float:
    """z - x after L inner steps from y = x, on the loss slope s + curvature s^2 / 2, s = y - x.

    Args:
        slope: Gradient at x.
        curvature: Second derivative h.
        scope: gamma, infinite for no force.
        L: Inner steps, each with the average z <- alpha z + (1 - alpha) y after it.
        alpha: Weight of the old average.
        lr_inner: Inner rate eta.
        momentum: Nesterov's, with a buffer that starts at zero.

    >>> displacement(1.0, 0.0, float("inf"), L=2, alpha=0.0, lr_inner=0.5)
    -1.0
    """
    s = z = u = 0.0
    for _ in range(L):
        d = slope + (curvature + 1 / scope) * s
        u = momentum * u + d
        s -= lr_inner * (d + momentum * u)
        z = alpha * z + (1 - alpha) * s
    return z


def step_share(scope: float, curvature: float = 0.0, **loop: float) -> float:
    """How long the way to z is with this scope, in parts of the way without force.

    Only a small rate outside does the same to a straight slope: a force whose share is 1/2 is there
    no more than half the outer rate.

    >>> step_share(float("inf"), L=5, alpha=0.0, lr_inner=0.1)
    1.0
    """
    free = displacement(1.0, curvature, np.inf, **loop)
    return displacement(1.0, curvature, scope, **loop) / free


def outer_factor(curvature: float, scope: float, *, lr: float = 1.0, **loop: float) -> float:
    """What an outer step x <- x - lr (x - z) multiplies x with, on the loss curvature x^2 / 2.

    Beyond 1 in size, it goes away from the minimum.

    >>> outer_factor(1.0, float("inf"), L=1, alpha=0.0, lr_inner=0.5)
    0.5
    """
    return 1 + lr * displacement(curvature, curvature, scope, **loop)


def outer_edge(curvatures: Sequence[float], scopes: Sequence[float], **loop: float) -> float:
    """The largest of the scopes at which an outer step grows along one of the curvatures.

    Args:
        curvatures: Eigenvalues h that the loss has.
        scopes: Where it is looked for.
        **loop: As for ``outer_factor``.

    Returns:
        The scope; 0 where no outer step grows.
    """
    grows = [
        scope for scope in scopes
        if any(abs(outer_factor(h, scope, **loop)) > 1 for h in curvatures)
    ]  # fmt: skip
    return max(grows, default=0.0)


def fast_mode(curvature: float, scope: float, lr_inner: float, momentum: float) -> float:
    """Spectral radius of one inner step along a curvature, for a loop without end.

    It is 1 where ``lr_inner (curvature + 1 / scope)`` is 2 (1 + m) / (1 + 2 m).
    """
    a = lr_inner * (curvature + 1 / scope)
    m = momentum
    # (s, lr_inner u) -> u' = m u + a s, s' = s - a s - m u'
    step = np.array([[1 - a - m * a, -m * m], [a, m]])
    return float(np.abs(np.linalg.eigvals(step)).max())


def updates_until(start: float, end: float, rate: float = 1e-3) -> int:
    """Outer updates until gamma, divided by 1 + rate after each, is at most ``end``.

    >>> updates_until(1e4, 1e4), updates_until(1e4, 1e4 / 1.001**7)
    (0, 7)
    """
    if start <= end:
        return 0
    return int(np.ceil(np.log(start / end) / np.log1p(rate) - 1e-9))
