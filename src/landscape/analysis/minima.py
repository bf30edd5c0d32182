"""Which end points of a descent are the same minimum, and how far apart minima are.

Configurations are rows of an array [M, N]; only directions matter. The cosine distance of two
rows is 1 - cos(angle between them): 0 for equal, 1 for orthogonal, 2 for opposite directions.
"""

from __future__ import annotations

import numpy as np


def _unit(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, dtype=np.float64)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def cosine_distances(points: np.ndarray) -> np.ndarray:
    """Cosine distances of all M(M-1)/2 pairs of rows, in the order of numpy.triu_indices."""
    unit = _unit(points)
    # Half the squared chord: unlike 1 - cos it keeps its digits when two rows nearly agree.
    out = [0.5 * np.square(unit[i + 1:] - unit[i]).sum(1) for i in range(len(unit) - 1)]
    return np.concatenate(out) if out else np.empty(0)


def mean_cosine_distance(points: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean cosine distance over pairs of different rows, without forming the pairs (O(MN)).

    With integer `weights` [M], row i stands for weights[i] coinciding points and only pairs of
    points from different rows count. NaN when there is no such pair. Unweighted, the mean never
    exceeds M/(M-1), because the squared length of the sum of unit vectors is not negative.
    """
    unit = _unit(points)
    w = np.ones(len(unit)) if weights is None else np.asarray(weights, dtype=np.float64)
    pairs = w.sum() ** 2 - np.square(w).sum()
    if pairs <= 0:
        return float("nan")
    # sum_ij w_i w_j |u_i - u_j|^2 / 2, centred first so that coinciding rows give 0, not round-off.
    centred = unit - np.average(unit, axis=0, weights=w)
    total = w.sum() * (w * np.square(centred).sum(1)).sum() - np.square(w @ centred).sum()
    return float(total / pairs)


def mean_farthest_distance(points: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean over rows of the cosine distance to the row that is farthest away; NaN for one row.

    With integer `weights` [M], row i stands for weights[i] coinciding points. No mean over pairs:
    it may exceed M/(M-1). O(M^2) memory.
    """
    unit = _unit(points)
    if len(unit) < 2:
        return float("nan")
    return float(np.average((1 - unit @ unit.T).max(1), weights=weights))


def largest_mean_cosine_distance(count: int) -> float:
    """Upper bound of the mean pairwise cosine distance of `count` directions: count/(count-1)."""
    return count / (count - 1)


def mean_angle(points: np.ndarray) -> float:
    """Mean angle in radians over all pairs of rows (O(M^2) memory: keep M to a few thousand)."""
    return float(np.mean(2 * np.arcsin(np.sqrt(np.clip(cosine_distances(points) / 2, 0, 1)))))


def mean_chord(points: np.ndarray) -> float:
    """Mean Euclidean distance over all pairs of rows scaled to length 1."""
    return float(np.mean(np.sqrt(2 * cosine_distances(points))))


def distinct_minima(
    points: np.ndarray, energies: np.ndarray, tolerance: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Group end points: (label of every row [M], index of each group's first row [K]).

    Two rows belong to one minimum when their cosine distance is at most `tolerance`. Groups are
    numbered by rising energy and each is represented by its row of lowest energy. The rule is
    only meaningful where distances leave a gap around the tolerance; `gap` measures it.
    """
    unit = _unit(points)
    labels = np.full(len(unit), -1)
    representatives: list[int] = []
    waiting = np.argsort(energies, kind="stable")
    while len(waiting):
        first = waiting[0]
        near = 0.5 * np.square(unit[waiting] - unit[first]).sum(1) <= tolerance
        labels[waiting[near]] = len(representatives)
        representatives.append(int(first))
        waiting = waiting[~near]
    return labels, np.array(representatives, dtype=int)


def gap(points: np.ndarray, labels: np.ndarray, representatives: np.ndarray) -> tuple[float, float]:
    """(largest cosine distance inside a group from its representative, smallest between two)."""
    unit = _unit(points)
    inside = 0.5 * np.square(unit - unit[representatives[labels]]).sum(1)
    between = cosine_distances(unit[representatives])
    return float(inside.max()), float(between.min()) if len(between) else float("nan")


def unseen(counts: np.ndarray) -> float:
    """Chao's (1984) estimate of how many minima were never reached, from how often each was.

    `counts` [K] starts per minimum found. In the mean it is a lower bound of the true number
    unseen. Bias-corrected form f1 (f1 - 1) / (2 (f2 + 1)) with f1 found once and f2 found twice.
    """
    once, twice = int(np.sum(counts == 1)), int(np.sum(counts == 2))
    return once * (once - 1) / (2 * (twice + 1))
