"""Erratum 6: the binary perceptron of Chaudhari (2018), section 3.1.1, by enumeration."""

from __future__ import annotations

import math

import numpy as np

from landscape.errata.perceptron import disagreement
from landscape.errata.row import Row


def perceptron(d: int = 2001, agreeing: int = 1501, seed: int = 0) -> list[Row]:
    """Erratum 6: two binary perceptrons of odd length d that share `agreeing` weights.

    The exact probability is `errata_perceptron.disagreement`. Solutions are counted by
    enumeration, d = 13. Raises ValueError for even d, where a sign may be that of 0.
    """
    differing = d - agreeing
    disagree = float(disagreement(d, differing))
    overlap = (agreeing - differing) / d
    angle = math.acos(overlap) / math.pi
    gamma = differing / d
    few, many = (_share_solvable(13, count, seed) for count in (6, 20))
    return [
        Row(f"P(disagree), overlap {overlap:.3f}", 1 - angle, angle, disagree,
            f"exact sum over all inputs, d = {d}", 2e-3),
        Row(f"differing weights, overlap 1 - 2γ = {overlap:.3f}", d * (1 - 2 * gamma), d * gamma,
            float(differing), "counted"),
        Row("P(a solution exists), α = 6/13", 0.0, 1.0, few, "all weights tried, d = 13", 0.05),
        Row("1 - P(a solution exists), α = 20/13", 0.0, 1.0, 1 - many,
            "all weights tried, d = 13", 0.1),
        Row("loss with 1 of 3 answers wrong", float(np.prod([1, 0, 0])),
            1.0 - float(np.prod([0, 1, 1])), 1.0, "zero only if all are right"),
    ]  # fmt: skip


def _share_solvable(d: int, count: int, seed: int, draws: int = 200) -> float:
    """Share of random sign patterns with labels 1 that some binary perceptron gets all right."""
    rng = np.random.default_rng(seed)
    weights = 1.0 - 2.0 * ((np.arange(2**d)[:, None] >> np.arange(d)) & 1)
    solved = 0
    for _ in range(draws):
        remaining = weights
        for pattern in rng.choice([-1.0, 1.0], (count, d)):
            remaining = remaining[remaining @ pattern > 0]
        solved += len(remaining) > 0
    return solved / draws
