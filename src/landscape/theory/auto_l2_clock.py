"""AutoL2's own clock: when lambda can fall at the soonest, what it does to the weights until then.

``auto`` has the settings of ``landscape.optim.AutoL2``: initial, factor, every, refractory.
Source: the listing in Lewkowycz & Gur-Ari (2020), SM E; what follows from it here is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np


def band(refractory: float = 0.1, factor: float = 10.0) -> tuple[float, float]:
    """Least and largest lambda x steps of an AutoL2 that decays as soon as it is allowed to.

    The waits at lambda, factor lambda, ... add up to (refractory / lambda) (1 + 1/factor + ...),
    which is when lambda falls. The steps before the first decay are left out.

    >>> low, high = band()
    >>> round(low, 4), round(high, 4)
    (0.0111, 0.1111)
    """
    most = refractory * factor / (factor - 1)
    return most / factor, most


def soonest(auto: Mapping[str, float]) -> tuple[int, int]:
    """Steps of the first two decays of an AutoL2 that decays as soon as it is allowed to.

    Two measurements have to be above the least one, so that the first decay comes with the third.

    >>> soonest({"initial": 0.1, "factor": 10, "every": 10, "refractory": 0.1})
    (30, 50)
    """
    every = int(auto["every"])
    first = 3 * every
    wait = first + auto["refractory"] * auto["factor"] / auto["initial"]
    # After the wait, not at its end; rounding must not decide.
    return first, every * (math.floor(wait / every + 1e-9) + 1)


def per_step(rate: float, momentum: float) -> float:
    """What one step of SGD with momentum leaves of weights that only the penalty acts on.

    Args:
        rate: Learning rate x lambda, > 0.
        momentum: From 0 to below 1.

    Returns:
        The modulus of the larger root of z^2 - (1 + momentum - rate) z + momentum: the square root
        of the momentum between (1 - sqrt(momentum))^2 and (1 + sqrt(momentum))^2, where the
        weights oscillate.

    >>> round(per_step(0.02, 0.9), 4), round(per_step(0.02, 0.0), 4)
    (0.9487, 0.98)
    """
    return float(max(abs(np.roots([1, -(1 + momentum - rate), momentum]))))


def left(auto: Mapping[str, float], lr: float, momentum: float) -> float:
    """What is left of the weights at the second decay, but for the phase of the oscillation.

    >>> auto = {"initial": 0.1, "factor": 10, "every": 10, "refractory": 0.1}
    >>> round(left(auto, lr=0.2, momentum=0.9), 2)
    0.12
    """
    first, second = soonest(auto)
    rate = lr * auto["initial"]
    before, after = per_step(rate, momentum), per_step(rate / auto["factor"], momentum)
    return before**first * after ** (second - first)
