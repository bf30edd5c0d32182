"""A loss of two weights with a wide valley, a deeper narrow one and ripples, all in closed form.

::

    f(x) = bowl |x|^2 / 2 - sum_i depth_i exp(-|x - centre_i|^2 / (2 width_i^2))
           + ripple sum_j cos(wave x_j) + offset

Such functions stay such functions when a Gaussian averages them (`TwoValleys.smoothed`): valleys
become wider and shallower, by depth width^2 / (width^2 + variance), ripples fade. So the loss that
the smoothing methods descend is known exactly. Mini-batch k sees the loss moved by a random vector,
f(x - s_k) with s_k ~ N(0, spread^2 I); the mean over mini-batches is then `smoothed(spread**2)`.

The works draw such pictures in one dimension (Chaudhari 2018, figures 3.2 and 4.1) without a
formula; this one is ours. Points are float64 arrays [..., 2].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

DIMENSION = 2


@dataclass(frozen=True)
class Valley:
    """A Gaussian well; ``width`` is its standard deviation, ``depth`` its size at the centre.

    Raises ValueError unless both are positive and the centre has two coordinates.
    """

    centre: tuple[float, float]
    width: float
    depth: float

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.depth > 0 and len(self.centre) == DIMENSION):
            raise ValueError(
                "A valley needs a centre of two numbers and a positive width and depth, not "
                f"{self.centre}, {self.width}, {self.depth}."
            )

    def smoothed(self, variance: float) -> Valley:
        """The valley averaged over a Gaussian of that variance in each direction."""
        kept = self.width**2 / (self.width**2 + variance)
        return Valley(self.centre, math.sqrt(self.width**2 + variance), self.depth * kept)


@dataclass(frozen=True)
class TwoValleys:
    """The loss of this module's formula.

    Raises ValueError when the bowl, the ripple or the wave number is negative.
    """

    wide: Valley
    narrow: Valley
    bowl: float = 0.0
    ripple: float = 0.0
    wave: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if min(self.bowl, self.ripple, self.wave) < 0:
            raise ValueError(
                f"bowl, ripple and wave must not be negative, but are {self.bowl}, {self.ripple}, "
                f"{self.wave}."
            )

    def value(self, points: ArrayLike) -> np.ndarray:
        """The loss [...] at ``points`` [..., 2]."""
        x = np.asarray(points, dtype=float)
        total = self.offset + 0.5 * self.bowl * (x**2).sum(-1)
        total = total + self.ripple * np.cos(self.wave * x).sum(-1)
        for valley in (self.wide, self.narrow):
            total = total - self._well(valley, x)[1]
        return total

    def gradient(self, points: ArrayLike) -> np.ndarray:
        """The gradient [..., 2]."""
        x = np.asarray(points, dtype=float)
        total = self.bowl * x - self.ripple * self.wave * np.sin(self.wave * x)
        for valley in (self.wide, self.narrow):
            away, well = self._well(valley, x)
            total = total + well[..., None] * away / valley.width**2
        return total

    def hessian(self, points: ArrayLike) -> np.ndarray:
        """The second derivatives [..., 2, 2]."""
        x = np.asarray(points, dtype=float)
        diagonal = self.bowl - self.ripple * self.wave**2 * np.cos(self.wave * x)
        unit = np.eye(DIMENSION)
        total = diagonal[..., None] * unit
        for valley in (self.wide, self.narrow):
            away, well = self._well(valley, x)
            scaled = away / valley.width
            outer = scaled[..., :, None] * scaled[..., None, :]
            total = total + well[..., None, None] * (unit - outer) / valley.width**2
        return total

    def smoothed(self, variance: float) -> TwoValleys:
        """The mean of f(x + e) over e ~ N(0, variance I), exactly.

        Raises ValueError for a negative variance.
        """
        if not variance >= 0:
            raise ValueError(f"The variance must be at least 0, not {variance}.")
        return replace(
            self,
            wide=self.wide.smoothed(variance),
            narrow=self.narrow.smoothed(variance),
            ripple=self.ripple * math.exp(-(self.wave**2) * variance / 2),
            offset=self.offset + self.bowl * variance * DIMENSION / 2,
        )

    def minimum(self, near: ArrayLike, tolerance: float = 1e-12) -> np.ndarray:
        """The local minimum [2] that gradient descent with small steps from ``near`` reaches.

        Descent first, then Newton's iteration. Raises ValueError when it ends at no minimum.
        """
        x = np.array(near, dtype=float)
        # Below 1 / (largest curvature), so that descent cannot jump over a ridge.
        rate = 0.5 / self._curvature_bound()
        for _ in range(20_000):
            gradient = self.gradient(x)
            x = x - rate * gradient
            if np.abs(gradient).max() < 1e-4:
                break
        for _ in range(50):
            if abs(np.linalg.det(self.hessian(x))) < 1e-12:
                break
            step = np.linalg.solve(self.hessian(x), self.gradient(x))
            x = x - step
            if np.abs(step).max() < tolerance:
                break
        if np.abs(self.gradient(x)).max() > 1e-9 or self.curvatures(x)[0] <= 0:
            raise ValueError(f"Descent from {np.asarray(near).tolist()} ends at no minimum.")
        return x

    def curvatures(self, point: ArrayLike) -> np.ndarray:
        """Eigenvalues of the Hessian, smallest first."""
        return np.linalg.eigvalsh(self.hessian(point))

    def _curvature_bound(self) -> float:
        wells = sum(v.depth / v.width**2 for v in (self.wide, self.narrow))
        return self.bowl + self.ripple * self.wave**2 + wells

    @staticmethod
    def _well(valley: Valley, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(x - centre, depth of the valley there)."""
        away = x - np.asarray(valley.centre)
        return away, valley.depth * np.exp(-(away**2).sum(-1) / (2 * valley.width**2))
