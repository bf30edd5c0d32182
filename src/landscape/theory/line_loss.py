"""Losses of one weight: Gaussian wells in a shallow bowl, in closed form.

::

    f(x) = offset + bowl x^2 / 2 - sum_i depth_i exp(-(x - centre_i)^2 / (2 width_i^2))

A Gaussian average of such a loss is such a loss (`LineLoss.smoothed`). The works draw landscapes of
one weight without a formula (Chaudhari 2018, figures 3.2 and 4.1); `WIDE_AND_SHARP` is ours: a wide
valley, a deeper sharp one, and to their right a plateau of high loss. Heights are in units of the
temperature, because the work sets the inverse temperature to 1 there (definition 3.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Well:
    """A Gaussian well; ``width`` is its standard deviation, ``depth`` its size at the centre.

    Raises ValueError unless both are positive.
    """

    centre: float
    width: float
    depth: float

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.depth > 0):
            raise ValueError(
                f"A well needs a positive width and depth, not {self.width} and {self.depth}."
            )

    @property
    def curvature(self) -> float:
        """Second derivative of the well alone at its centre."""
        return self.depth / self.width**2

    def smoothed(self, variance: float) -> Well:
        """The well averaged over a Gaussian of that variance."""
        width = math.sqrt(self.width**2 + variance)
        return Well(self.centre, width, self.depth * self.width / width)


@dataclass(frozen=True)
class LineLoss:
    """The loss of this module's formula; points are float64 arrays of any shape.

    Raises ValueError for a negative bowl.
    """

    wells: tuple[Well, ...]
    bowl: float = 0.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.bowl < 0:
            raise ValueError(f"bowl must not be negative, but is {self.bowl}.")

    def value(self, x: ArrayLike) -> np.ndarray:
        """The loss at ``x``."""
        x = np.asarray(x, dtype=float)
        return self.offset + self.bowl * x**2 / 2 - sum(size for _, size in self._each(x))

    def slope(self, x: ArrayLike) -> np.ndarray:
        """Its first derivative."""
        x = np.asarray(x, dtype=float)
        return self.bowl * x + sum(
            size * away / well.width
            for well, (away, size) in zip(self.wells, self._each(x), strict=True)
        )

    def curvature(self, x: ArrayLike) -> np.ndarray:
        """Its second derivative."""
        x = np.asarray(x, dtype=float)
        return np.zeros_like(x) + self.bowl + sum(
            size * (1 - away**2) / well.width**2
            for well, (away, size) in zip(self.wells, self._each(x), strict=True)
        )  # fmt: skip

    def smoothed(self, variance: float) -> LineLoss:
        """The mean of f(x + e) over e ~ N(0, variance), exactly.

        Raises ValueError for a negative variance.
        """
        if not variance >= 0:
            raise ValueError(f"The variance must be at least 0, not {variance}.")
        wells = tuple(well.smoothed(variance) for well in self.wells)
        return replace(self, wells=wells, offset=self.offset + self.bowl * variance / 2)

    @property
    def depth(self) -> float:
        """The depths of all wells together, a bound on how far the bowl is undercut."""
        return sum(well.depth for well in self.wells)

    def finest(self, beta: float) -> float:
        """The smallest length on which exp(-beta f) changes; infinite for a flat loss."""
        lengths = [well.width / math.sqrt(max(1.0, beta * well.depth)) for well in self.wells]
        lengths += [1 / math.sqrt(beta * self.bowl)] if self.bowl else []
        return min(lengths, default=math.inf)

    def _each(self, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each well (distance from its centre in widths, its size there)."""
        scaled = [(x - well.centre) / well.width for well in self.wells]
        return [(away, well.depth * np.exp(-(away**2) / 2))
                for away, well in zip(scaled, self.wells, strict=True)]  # fmt: skip


def two_wells(
    gap: float, ratio: float, *, width: float = 1.0, depth: float = 7.0, apart: float = 6.0
) -> LineLoss:
    """A wide well and, to its right, one that is ``gap`` deeper and ``ratio`` times narrower.

    The wide one comes first; without the bowl of `WIDE_AND_SHARP`, with its offset.
    """
    wide = Well(-2.5, width, depth)
    return LineLoss((wide, Well(wide.centre + apart, width / ratio, depth + gap)), 0.0, 9.0)


#: The loss of figure 3.2 and of part II: the wide well first.
WIDE_AND_SHARP = LineLoss((Well(-2.5, 1.0, 7.0), Well(1.0, 0.12, 8.0)), bowl=0.04, offset=9.0)
#: The middle of its plateau, the work's x_candidate.
PLATEAU = 4.0
#: Two equal sharp valleys, one apart.
TWINS = LineLoss((Well(-0.5, 0.12, 8.0), Well(0.5, 0.12, 8.0)), offset=9.0)
