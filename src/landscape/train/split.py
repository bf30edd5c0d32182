"""Which part of the training set each replica sees."""

from __future__ import annotations

import math

import numpy as np

from landscape.errors import LandscapeError


class SplitError(LandscapeError, ValueError):
    """Parts that cannot cover the data set."""


def replica_subsets(samples: int, replicas: int, fraction: float, seed: int) -> list[np.ndarray]:
    """Parts of equal size that together cover the data set, one a replica.

    The thesis asks for the equal size and for the cover, and has 3 replicas with 50 % and 6 with
    25 % of the data; how its parts overlap is not stated. Here the samples lie on a circle in an
    order drawn once, part a begins at a/n of the way round and takes the next ``fraction`` of it.
    Every sample then lies in floor(n fraction) or ceil(n fraction) parts: with 3 replicas and 50 %,
    half of the data in one and half of it in two.

    Args:
        samples: Size of the training set.
        fraction: Size of a part relative to it, in (0, 1]; rounded to whole samples, upwards where
            rounding down would leave a gap.
        seed: Seeds the order on the circle; its stream is frozen by numpy's promise for
            RandomState.

    Returns:
        List of int64 arrays [part size], sorted positions in the training set.

    Raises:
        SplitError: When the parts cannot cover the data set (replicas x fraction < 1), or for
            impossible sizes.

    Source: Chaudhari (2018), section 5.5.
    """
    if replicas < 1 or samples < replicas:
        raise SplitError(
            f"{samples} training samples cannot be split between {replicas} replicas; use between "
            "1 replica and one a sample."
        )
    if not 0 < fraction <= 1:
        raise SplitError(f"data_fraction is {fraction}; it must be in (0, 1].")
    if replicas * fraction < 1 - 1e-9:
        raise SplitError(
            f"{replicas} replicas with {fraction:g} of the data each cannot cover the data set; "
            f"raise data_fraction to at least {1 / replicas:.4g}."
        )
    size = max(round(fraction * samples), math.ceil(samples / replicas))
    circle = np.random.RandomState(seed).permutation(samples)
    starts = [samples * a // replicas for a in range(replicas)]
    places = np.arange(size)
    return [np.sort(circle[(start + places) % samples]) for start in starts]
