"""Exact expectations for the binary perceptron, weights x in {-1, 1}^d and d odd.

A pattern is a random sign vector with an answer, a sign: random (the classification problem) or
that of a teacher (the generalisation problem). Solutions answer all N patterns as asked. Expected
numbers are averages over data sets, not what is typical for one of them.

Source: Chaudhari (2018), section 3.1.1 with equations (3.2)-(3.5); the counts are ours.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import comb

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import binom

from landscape.errors import LandscapeError


def disagreement(length: int, differing: ArrayLike) -> np.ndarray:
    """P(two perceptrons answer differently) on a random sign vector; exact.

    x.xi = a + b and x*.xi = a - b, with a from the weights they share: they disagree where
    `|a| < |b|`.

    Args:
        length: number of weights, odd.
        differing: in how many of them the two differ, any shape; that of the result.

    Raises:
        LandscapeError: for an even length, where a sign may be that of 0, and for numbers of
            differing weights outside 0 to `length`.
    """
    _odd(length)
    differing = np.asarray(differing)
    if differing.min() < 0 or differing.max() > length:
        raise LandscapeError(f"between 0 and {length} weights can differ.")
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


def expected_counts(length: int, patterns: int) -> tuple[float, float]:
    """Expected (solutions, isolated solutions) for random answers; exact.

    A solution is isolated if none of the `length` students one flip away is one. A flip of weight i
    breaks a pattern that is answered with the smallest margin, 1, and has the answer's sign at i;
    isolated means that such patterns cover all weights (inclusion and exclusion over those left).

    Raises:
        LandscapeError: for an even length.
    """
    _odd(length)
    length, patterns = int(length), int(patterns)  # numpy's integers would overflow
    half = (length + 1) // 2
    wide = 2 ** (length - 1) - comb(length, half)  # answered with a margin of 3 or more
    covered = sum(
        (-1) ** free * comb(length, free) * (wide + comb(length - free, half)) ** patterns
        for free in range(length + 1)
    )
    return (
        float(Fraction(2) ** (length - patterns)),
        float(Fraction(2**length * covered, 2 ** (length * patterns))),
    )


def expected_students(length: int, patterns: int) -> tuple[float, float]:
    """Expected (solutions, isolated solutions) for a teacher's answers; exact.

    The teacher is left out, as a solution and as a neighbour. See `expected_counts`; here the sum
    runs over the number of weights in which student and teacher differ, and over the weights left
    uncovered among the shared and among the differing ones.

    Raises:
        LandscapeError: for an even length.
    """
    _odd(length)
    length, patterns = int(length), int(patterns)
    half, total = (length + 1) // 2, 2**length
    solutions = isolated = Fraction(0)
    for k in range(1, length + 1):
        same = length - k
        # a, b: signs that agree with the student's weight, among the shared and the other weights.
        right = [(a, b) for a in range(same + 1) for b in range(k + 1)
                 if 2 * (a + b) > length and 2 * a - same > 2 * b - k]  # fmt: skip
        tight = [(a, b) for a, b in right if a + b == half]
        both = 2 * sum(comb(same, a) * comb(k, b) for a, b in right)
        narrow = 2 * sum(comb(same, a) * comb(k, b) for a, b in tight)
        covered = 0
        for i in range(same + 1):
            for j in range(k + 1 if k > 1 else 1):  # from k = 1 one flip leads to the teacher
                free = 2 * sum(comb(same - i, a) * comb(k - j, b) for a, b in tight)
                ways = (-1) ** (i + j) * comb(same, i) * comb(k, j)
                covered += ways * (both - narrow + free) ** patterns
        solutions += comb(length, k) * Fraction(both, total) ** patterns
        isolated += comb(length, k) * Fraction(covered, total**patterns)
    return float(solutions), float(isolated)


def nearest_solution(length: int, patterns: int) -> int:
    """Smallest distance within which one further solution of a solution is expected.

    Random answers; the expected number at distance k is C(d, k) (1 - disagreement)^N: that of pairs
    over that of solutions, so data sets with many solutions count more.
    """
    within = 0.0
    for k in range(1, length + 1):
        chance = patterns * math.log1p(-_disagreement(length, k)) if k < length else -math.inf
        log_ways = math.lgamma(length + 1) - math.lgamma(k + 1) - math.lgamma(length - k + 1)
        within += math.exp(log_ways + chance)
        if within >= 1:
            return k
    return length


def isolation_gap(alpha: float) -> float:
    """Share of weights omega below which a solution has no other one, for long perceptrons.

    The smallest root of H(omega) + alpha log(1 - arccos(1 - 2 omega) / pi) in (0, 1/2): the growth
    rate per weight of the expected number of solutions in which omega d weights differ from a
    given one, random answers. It is negative below the root, for every alpha > 0, because
    the second term falls as the square root of omega and the entropy H rises as omega log omega.

    Raises:
        LandscapeError: alpha outside (0, 1], where solutions are not exponentially many.
    """
    if not 0 < alpha <= 1:
        raise LandscapeError(f"alpha is {alpha:g}; it must lie above 0 and at or below 1.")

    def rate(log_omega: float) -> float:
        omega = math.exp(log_omega)
        entropy = -omega * log_omega - (1 - omega) * math.log1p(-omega)
        return entropy + alpha * math.log1p(-float(generalisation_error(1 - 2 * omega)))

    grid = np.linspace(math.log(1e-14), math.log(0.5), 2000)
    above = np.flatnonzero([rate(point) >= 0 for point in grid])
    if not len(above) or above[0] == 0:
        raise LandscapeError(f"no root was found for alpha = {alpha:g}.")
    return math.exp(brentq(rate, grid[above[0] - 1], grid[above[0]]))


def _odd(length: int) -> None:
    if length % 2 == 0:
        raise LandscapeError(f"the length is {length}; an odd length keeps x.xi away from 0.")
