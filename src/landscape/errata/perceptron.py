"""The binary perceptron of erratum 6 at finite length: disagreement by a sum, capacity by search.

Chaudhari (2018), section 3.1.1. Weights and inputs are vectors of signs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom


def disagreement(length: int, differing: ArrayLike) -> np.ndarray:
    """P(two perceptrons answer differently) on a random sign vector, by the number of weights in
    which they differ; exact, the shape of `differing`.

    x.xi = a + b and x*.xi = a - b, with a from the weights they share: they disagree if |a| < |b|.
    Raises ValueError for an even length, where a sign may be that of 0, and for numbers of
    differing weights outside 0 to `length`.
    """
    if length % 2 == 0:
        raise ValueError(f"the length is {length}; an odd length keeps x.xi away from 0.")
    differing = np.asarray(differing)
    if differing.min() < 0 or differing.max() > length:
        raise ValueError(f"between 0 and {length} weights can differ.")
    return np.array([_disagreement(length, int(d)) for d in differing.ravel()]).reshape(
        differing.shape
    )


def _disagreement(length: int, differing: int) -> float:
    shared = length - differing
    a = np.abs(2 * np.arange(shared + 1) - shared)
    b = np.abs(2 * np.arange(differing + 1) - differing)
    law = np.outer(binom.pmf(np.arange(shared + 1), shared, 0.5),
                   binom.pmf(np.arange(differing + 1), differing, 0.5))  # fmt: skip
    return float(law[a[:, None] < b].sum())


def generalisation_error(overlap: ArrayLike) -> np.ndarray:
    """arccos(overlap) / pi: P(disagree) of long perceptrons, overlap = x.x* / d in [-1, 1].

    Source: Chaudhari (2018), eq. (3.3), which calls it the probability that they agree.
    """
    return np.arccos(np.asarray(overlap, dtype=np.float64)) / math.pi


def capacities(length: int, draws: int = 200, seed: int = 0) -> np.ndarray:
    """Patterns per weight that some perceptron still gets all right, `[draws]`, by trying all.

    Random sign patterns with the answer 1 come one after another until no weights are left; an
    even length counts x.xi = 0 as wrong. Raises ValueError above 20 weights.
    """
    if not 1 <= length <= 20:
        raise ValueError(f"the length is {length}; all weights can be tried for 1 to 20.")
    rng = np.random.default_rng(seed)
    every = 1.0 - 2.0 * ((np.arange(2**length)[:, None] >> np.arange(length)) & 1)
    found = []
    for _ in range(draws):
        left, count = every, -1
        while len(left):
            left = left[left @ rng.choice([-1.0, 1.0], length) > 0]
            count += 1
        found.append(count / length)
    return np.array(found)
