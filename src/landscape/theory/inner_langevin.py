"""What L steps of Langevin dynamics say about the gradient of local entropy, for one weight.

The inner loop of Entropy-SGD (Chaudhari 2018, algorithm 2, lines 1 to 5), from y = z = x::

    y <- y - rate (f'(y) - (x - y)/gamma) + sqrt(2 rate temperature) N(0, 1)
    z <- alpha z + (1 - alpha) y

and the estimate (x - z)/gamma of line 6. Many chains at once, so that bias and spread can be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def estimates(
    slope: Callable[[np.ndarray], np.ndarray],
    x: ArrayLike,
    gamma: float,
    *,
    steps: int,
    rate: float,
    rng: np.random.Generator,
    temperature: float = 1.0,
    alpha: float | None = 0.25,
    chains: int = 1000,
) -> np.ndarray:
    """Estimates [chains, len(x)] of the gradient of local entropy.

    Args:
        slope: The slope of the loss, of arrays.
        x: Points, one axis.
        gamma: Scope.
        steps: Their number L.
        rate: Length of a step; rate (f'' + 1/gamma) must stay below 2 in every valley.
        rng: Of all draws.
        temperature: 1/beta.
        alpha: Weight of the old average, in [0, 1); None averages all steps alike.
        chains: Independent estimates of each point.

    Raises:
        ValueError: A setting outside its range.
    """
    if steps < 1 or chains < 1:
        raise ValueError(f"steps and chains must be at least 1, not {steps} and {chains}.")
    if not (gamma > 0 and rate > 0 and temperature >= 0):
        raise ValueError(
            f"gamma and rate must be positive and the temperature not negative, not {gamma}, "
            f"{rate} and {temperature}."
        )
    if alpha is not None and not 0 <= alpha < 1:
        raise ValueError(f"alpha must be from 0 to below 1, or None, not {alpha}.")
    x = np.asarray(x, dtype=float)
    y = np.tile(x, (chains, 1))
    z = y.copy()
    noise = math.sqrt(2 * rate * temperature)
    for step in range(1, steps + 1):
        y = y - rate * (slope(y) - (x - y) / gamma) + noise * rng.standard_normal(y.shape)
        kept = (step - 1) / step if alpha is None else alpha
        z = kept * z + (1 - kept) * y
    return (x - z) / gamma
