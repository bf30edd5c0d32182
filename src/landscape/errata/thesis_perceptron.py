"""Erratum 6: the binary perceptron of Chaudhari (2018), section 3.1.1, at finite length.

Weights and inputs are vectors of signs. Disagreement is a finite sum; which data sets can be
answered is found by trying all weights.
"""

from __future__ import annotations

import math

import numpy as np

from landscape.errata.entry import Row, erratum
from landscape.errors import LandscapeError
from landscape.theory.binary_perceptron import disagreement, generalisation_error

__all__ = ["capacities", "disagreement", "generalisation_error", "perceptron"]


@erratum("6", "generalisation error and loss of the binary perceptron",
         {"thesis": "section 3.1.1"})  # fmt: skip
def perceptron(d: int = 2001, agreeing: int = 1501, seed: int = 0) -> list[Row]:
    """Erratum 6: two binary perceptrons of odd length d that share `agreeing` weights.

    The exact probability is `disagreement`. Solutions are counted by enumeration, d = 13.

    Raises:
        LandscapeError: for even d, where a sign may be that of 0.
    """
    differing = d - agreeing
    disagree = float(disagreement(d, differing))
    overlap = (agreeing - differing) / d
    angle = math.acos(overlap) / math.pi
    gamma = differing / d
    tried = "all weights tried, $d = 13$"
    few, many = (_share_solvable(13, count, seed) for count in (6, 20))
    return [
        Row(f"$P($disagree$)$, overlap ${overlap:.3f}$", 1 - angle, angle, disagree,
            f"exact sum over all inputs, $d = {d}$", 2e-3),
        Row(rf"differing weights, overlap $1 - 2\gamma = {overlap:.3f}$",
            d * (1 - 2 * gamma), d * gamma, float(differing), "counted"),
        Row(r"$P($a solution exists$)$, $\alpha = 6/13$", 0.0, 1.0, few, tried, 0.05),
        Row(r"$1 - P($a solution exists$)$, $\alpha = 20/13$", 0.0, 1.0, 1 - many,
            tried, 0.1),
        Row("loss with 1 of 3 answers wrong", float(np.prod([1, 0, 0])),
            1.0 - float(np.prod([0, 1, 1])), 1.0, "zero only if all are right"),
    ]  # fmt: skip


def _share_solvable(d: int, count: int, seed: int, draws: int = 200) -> float:
    """Share of random sign patterns with labels 1 that some binary perceptron gets all right."""
    rng = np.random.default_rng(seed)
    weights = _sign_vectors(d)
    solved = 0
    for _ in range(draws):
        remaining = weights
        for pattern in rng.choice([-1.0, 1.0], (count, d)):
            remaining = remaining[remaining @ pattern > 0]
        solved += len(remaining) > 0
    return solved / draws


def capacities(length: int, draws: int = 200, seed: int = 0) -> np.ndarray:
    """Patterns per weight that some perceptron still gets all right, `[draws]`, by trying all.

    Random sign patterns with the answer 1 come one after another until no weights are left; an
    even length counts x.xi = 0 as wrong.

    Raises:
        LandscapeError: above 20 weights, which are too many to try all.
    """
    if not 1 <= length <= 20:
        raise LandscapeError(f"the length is {length}; all weights can be tried for 1 to 20.")
    rng = np.random.default_rng(seed)
    every = _sign_vectors(length)
    found = []
    for _ in range(draws):
        left, count = every, -1
        while len(left):
            left = left[left @ rng.choice([-1.0, 1.0], length) > 0]
            count += 1
        found.append(count / length)
    return np.array(found)


def _sign_vectors(length: int) -> np.ndarray:
    """All vectors of signs, `[2^length, length]`."""
    return 1.0 - 2.0 * ((np.arange(2**length)[:, None] >> np.arange(length)) & 1)
