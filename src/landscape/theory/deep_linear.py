"""Where a deep linear network with L2 ends (Lewkowycz & Gur-Ari 2020, supplement B.1).

f(x) = beta W_L ... W_0 x with hidden layers of n units and beta = n^(-L/2), squared error.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq


def strength(decay: float, width: int, hidden: int) -> float:
    """lambda^(L+1) n^L, the left side of eq. (S20): all that lambda and the width are in."""
    return decay ** (hidden + 1) * float(width) ** hidden


def fixed_point(
    decay: float, width: int, *, hidden: int = 1, label: float = 1.0, size: float = 1.0
) -> float:
    """The output of one sample at the stable fixed point; 0 where there is no other.

    Eq. (S20) for one sample: lambda^(L+1) n^L = [(y - f) f]^(L-1) (y - f)^2 x^2. For L = 1 and
    x = y = 1 that is lambda sqrt(n) = 1 - f; eq. (S21) prints f - 1.

    Args:
        decay: The L2 coefficient lambda, positive.
        width: Units of a hidden layer, n in the work.
        hidden: Hidden layers, L in the work.
        label: Positive.
        size: Length of the sample.
    """
    target = strength(decay, width, hidden)

    def right(f: float) -> float:
        return ((label - f) * f) ** (hidden - 1) * ((label - f) * size) ** 2

    # It is largest at f = y (L - 1) / (2 L) and falls from there to 0 at y: the stable branch.
    peak = label * (hidden - 1) / (2 * hidden)
    if right(peak) <= target:
        return 0.0
    return float(brentq(lambda f: right(f) - target, peak, label, xtol=1e-15))


def two_sides(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray, decay: float) -> np.ndarray:
    """Both sides of eq. (S20) for a network at its fixed point, any number of samples.

    Args:
        weights: W_0 ``[n, d]``, ..., W_L ``[1, n]``.
        x: ``[samples, d]``.
        y: ``[samples]``.
        decay: The L2 coefficient lambda.
    """
    hidden = len(weights) - 1
    errors = outputs(weights, x) - y
    inner = -(errors @ outputs(weights, x))
    right = inner ** (hidden - 1) * float((errors @ x) @ (errors @ x))
    return np.array([strength(decay, len(weights[0]), hidden), right])


def outputs(weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """f(x), ``[samples]``."""
    value = x.T
    for weight in weights:
        value = weight @ value
    return value[0] * float(len(weights[0])) ** (-(len(weights) - 1) / 2)


def descend(
    x: np.ndarray,
    y: np.ndarray,
    decay: float,
    width: int,
    *,
    hidden: int = 1,
    steps: int = 5000,
    step: float = 0.1,
    seed: int = 0,
) -> list[np.ndarray]:
    """Gradient descent from N(0, 1) weights; what eqs. (S20) and (S21) speak of, by other means.

    Args:
        x: ``[samples, d]``.
        y: ``[samples]``.
        decay: The L2 coefficient lambda.
        width: Units of a hidden layer, n in the work.
        hidden: Hidden layers.
        steps: How many.
        step: Learning rate.
        seed: Of the start.
    """
    rng = np.random.default_rng(seed)
    sizes = [x.shape[1], *[width] * hidden, 1]
    weights = [rng.standard_normal((b, a)) for a, b in zip(sizes, sizes[1:], strict=False)]
    beta = float(width) ** (-hidden / 2)
    for _ in range(steps):
        below = [x.T]
        for weight in weights:
            below.append(weight @ below[-1])
        above = beta * (beta * below[-1] - y)
        for layer in range(hidden, -1, -1):
            gradient = above @ below[layer].T
            above = weights[layer].T @ above
            weights[layer] = (1 - step * decay) * weights[layer] - step * gradient
    return weights
