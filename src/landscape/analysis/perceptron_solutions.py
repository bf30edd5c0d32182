"""All solutions of a binary perceptron by trying every weight vector, and how they lie.

A sign vector is an integer: bit i is set where entry i is -1. Two vectors of odd length d have a
positive product if and only if fewer than half of their bits differ. Answers are folded into the
patterns (y xi instead of xi), so a solution has a positive product with all of them.

Source: Chaudhari (2018), section 3.1.1. Slow twin: tests/reference/perceptron_reference.py.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from landscape.errors import LandscapeError

LONGEST = 27  # weights: 2^27 vectors take seconds
_BLOCK = 2**18  # vectors at a time: they stay in the cache
_PAIRS = 2**22  # distances at a time


def random_patterns(length: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Random sign vectors as integers, `[count]`; with random answers folded in they are the same.

    Raises:
        LandscapeError: for an even length, or one too long to try all weights.
    """
    if length % 2 == 0 or not 1 <= length <= LONGEST:
        raise LandscapeError(
            f"the length is {length}; it must be odd (no ties) and at most {LONGEST}, so that all "
            "weights can be tried."
        )
    return rng.integers(0, 2**length, count, dtype=np.uint32)


def taught(patterns: np.ndarray, length: int) -> np.ndarray:
    """The same patterns with the answers of the teacher x* = (1, ..., 1) folded in.

    Any other teacher gives the same up to flipped signs of some entries.
    """
    wrong = np.bitwise_count(patterns) > length // 2
    return np.where(wrong, patterns ^ np.uint32(2**length - 1), patterns)


def keep(vectors: np.ndarray, patterns: np.ndarray, length: int) -> np.ndarray:
    """Those of the vectors, `[M]`, that answer all the patterns; their order stays."""
    for pattern in patterns:
        vectors = vectors[np.bitwise_count(vectors ^ pattern) <= length // 2]
    return vectors


def solutions(patterns: np.ndarray, length: int) -> np.ndarray:
    """All weight vectors that answer the patterns, `[M]`, ascending."""
    size = min(_BLOCK, 2**length)
    first = np.arange(size, dtype=np.uint32)
    return np.concatenate([
        keep(first + np.uint32(start), patterns, length) for start in range(0, 2**length, size)
    ])  # fmt: skip


def single_flips(vectors: np.ndarray, length: int) -> np.ndarray:
    """Pairs of the ascending vectors that differ in one entry, as indices `[2, E]`, each once."""
    pairs = []
    for bit in range(length):
        flip = np.uint32(1 << bit)
        low = np.flatnonzero((vectors & flip) == 0)
        found = np.searchsorted(vectors, vectors[low] | flip)
        inside = found < len(vectors)
        low, found = low[inside], found[inside]
        same = vectors[found] == (vectors[low] | flip)
        pairs.append(np.stack([low[same], found[same]]))
    return np.concatenate(pairs, axis=1)


def pairs_within(vectors: np.ndarray, distance: int) -> np.ndarray:
    """Pairs that differ in at most `distance` entries, as indices `[2, E]`, each once.

    All pairs are tried; for one flip `single_flips` is faster.
    """
    found = []
    step = max(1, _PAIRS // max(1, len(vectors)))
    for start in range(0, len(vectors), step):
        apart = np.bitwise_count(vectors[start: start + step, None] ^ vectors)
        first, second = np.nonzero(apart <= distance)
        first += start
        found.append(np.stack([first, second])[:, first < second])
    return np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.int64)


def clusters(count: int, pairs: np.ndarray) -> np.ndarray:
    """Label of the connected component of each of `count` vectors; `pairs` as `[2, E]`."""
    graph = coo_array((np.ones(pairs.shape[1], np.int8), (pairs[0], pairs[1])), (count, count))
    return connected_components(graph, directed=False)[1]


def neighbours(vectors: np.ndarray, length: int, farthest: int) -> np.ndarray:
    """Number of other vectors at each distance 1 ... `farthest`, `[M, farthest]`.

    What equation (3.5) sums for a solution, one column a distance gamma d. Columns summed up from
    the left give those within a distance.
    """
    found = np.empty((len(vectors), farthest), np.int64)
    step = max(1, _PAIRS // max(1, len(vectors)))
    for start in range(0, len(vectors), step):
        apart = np.bitwise_count(vectors[start: start + step, None] ^ vectors)
        for distance in range(1, farthest + 1):
            found[start: start + step, distance - 1] = (apart == distance).sum(1)
    return found


def margins(vectors: np.ndarray, patterns: np.ndarray, length: int) -> np.ndarray:
    """Smallest product of each vector with a pattern, `[M]`; odd and positive for solutions."""
    most = np.zeros(len(vectors), np.int64)
    for pattern in patterns:
        most = np.maximum(most, np.bitwise_count(vectors ^ pattern))
    return length - 2 * most


def mean_margins(vectors: np.ndarray, patterns: np.ndarray, length: int) -> np.ndarray:
    """Sum over the patterns of each vector's products with them, over their number, `[M]`.

    The overlap with Hebb's vector, the sum of the patterns; sums are exact, so ties are.
    """
    differing = np.zeros(len(vectors), np.int64)
    for pattern in patterns:
        differing += np.bitwise_count(vectors ^ pattern)
    return length - 2 * differing / len(patterns)


def signs(vectors: np.ndarray, length: int) -> np.ndarray:
    """The vectors as entries -1 and 1, `[M, length]`, int8."""
    return (1 - 2 * ((vectors[:, None] >> np.arange(length, dtype=np.uint32)) & 1)).astype(np.int8)


def mean_distance(vectors: np.ndarray, length: int) -> float:
    """Mean number of entries in which two different vectors differ; NaN for fewer than two."""
    count = len(vectors)
    if count < 2:
        return float("nan")
    minus = (signs(vectors, length) < 0).sum(0).astype(float)
    return float(2 * (minus * (count - minus)).sum() / (count * (count - 1)))
