"""Critical points of an isotropic Gaussian field in many dimensions.

A field phi on R^N with covariance `<phi(x) phi(y)> = N f(|x - y|^2 / 2N)` has, at a critical point,
the energy eps = phi / N, the mean Hessian eigenvalue lambda_bar and the index alpha, the fraction
of negative Hessian eigenvalues. For large N the Hessian's spectrum is a semicircle of radius
2 sqrt(f'') around lambda_bar, so lambda_bar fixes alpha, and the logarithm of the mean number of
critical points is N times a quadratic form in (eps, lambda_bar). All of it depends on three
numbers only: f, f', f'' at 0.

Source: Richemond & Guo (2019), section 3, eqs. (9)-(19), after Bray & Dean (2007). alpha is the
fraction of NEGATIVE eigenvalues, so it falls as energy falls towards the critical energy; the
text's "alpha increases" (section 3.3) contradicts eqs. (9) and (11) (erratum 40).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

EDGE_COEFFICIENT = 4.0 * math.sqrt(2.0) / (3.0 * math.pi)
"""alpha = EDGE_COEFFICIENT (1 - x)^{3/2} + ... next to the edge x = 1 (0.600211)."""

CENTRE_SLOPE = -2.0 / math.pi
"""d alpha / dx at x = 0."""


@dataclass(frozen=True)
class Covariance:
    """The covariance function of the field, reduced to f(0), f'(0) < 0 and f''(0) > 0.

    Every field that exists in all dimensions is a mixture of f(x) = exp(-a x), for which
    f f'' >= f'^2 with equality for a single a. The equality is excluded: then Q = 0, energy and
    mean eigenvalue determine each other, and the quadratic form diverges. In particular the
    squared-exponential field f(x) = exp(-x) is the degenerate case, not an example.

    Raises:
        ValueError: a sign is wrong or f f'' <= f'^2.
    """

    value: float
    slope: float
    curvature: float
    name: str = ""

    def __post_init__(self):
        if not (self.value > 0 and self.slope < 0 and self.curvature > 0):
            raise ValueError(
                f"A covariance needs f(0) > 0, f'(0) < 0, f''(0) > 0, not {self.value}, "
                f"{self.slope}, {self.curvature}."
            )
        if not self.value * self.curvature > self.slope**2 * (1 + 1e-12):
            raise ValueError(
                f"f f'' = {self.value * self.curvature} must exceed f'^2 = {self.slope**2}; "
                f"equality is f(x) = f(0) exp(-a x), use a mixture such as (1 + x)^-n instead."
            )

    @classmethod
    def power(cls, exponent: float = 1.0) -> Covariance:
        """f(x) = (1 + x)^(-exponent): f, f', f'' = 1, -n, n(n+1), so f f'' / f'^2 = 1 + 1/n.

        A Gamma mixture of exp(-a x), hence valid in every dimension.
        """
        n = float(exponent)
        if not n > 0:
            raise ValueError(f"The exponent is {n}; it must be positive.")
        return cls(1.0, -n, n * (n + 1), name=f"(1 + x)^(-{n:g})")

    @classmethod
    def from_function(cls, f: Callable, df: Callable, d2f: Callable, name: str = "") -> Covariance:
        """From f and its two derivatives as functions of `x = |x - y|^2 / 2N`."""
        return cls(float(f(0.0)), float(df(0.0)), float(d2f(0.0)), name=name)

    @property
    def p(self) -> float:
        """P = f / f'' + f'^2 / f''^2 at N to infinity (after eq. 9)."""
        return self.value / self.curvature + (self.slope / self.curvature) ** 2

    @property
    def q(self) -> float:
        """Q = f / f'' - f'^2 / f''^2 > 0 at N to infinity (after eq. 9)."""
        return self.value / self.curvature - (self.slope / self.curvature) ** 2

    @property
    def r(self) -> float:
        """r = f f'' / f'^2 > 1, the only shape parameter left in eq. (19)."""
        return self.value * self.curvature / self.slope**2

    @property
    def radius(self) -> float:
        """Radius of the semicircle, 2 sqrt(f'')."""
        return 2.0 * math.sqrt(self.curvature)

    @property
    def critical_energy(self) -> float:
        """eps_c = P f''^{3/2} / f' < 0, where the most likely index reaches 0 (before eq. 11)."""
        return self.p * self.curvature**1.5 / self.slope


def semicircle(eigenvalue: ArrayLike, centre: float = 0.0, radius: float = 2.0) -> np.ndarray:
    """Wigner's density 2 sqrt(R^2 - (l - centre)^2) / (pi R^2), 0 outside.

    Source: Richemond & Guo (2019), figure 1 left.
    """
    if not radius > 0:
        raise ValueError(f"The radius is {radius}; it must be positive.")
    x = (np.asarray(eigenvalue, dtype=float) - centre) / radius
    return 2.0 / (math.pi * radius) * np.sqrt(np.clip(1.0 - x**2, 0.0, None))


def index(x: ArrayLike) -> np.ndarray:
    """alpha = (arccos x - x sqrt(1 - x^2)) / pi at x = lambda_bar / (2 sqrt f'').

    The share of the semicircle below 0. 1 at and below x = -1, 0 at and above x = 1; near x = 1
    it keeps its relative accuracy. The same function gives alpha of x = eps / eps_c.

    Source: Richemond & Guo (2019), eqs. (9) and (11).
    """
    x = np.clip(np.asarray(x, dtype=float), -1.0, 1.0)
    # With cos(e / 2) = x this is (e - sin e) / 2 pi; half-angle keeps digits near x = 1.
    e = 4.0 * np.arcsin(np.sqrt((1.0 - np.abs(x)) / 2.0))
    small = _less_sine(e) / (2.0 * math.pi)
    return np.where(x >= 0, small, 1.0 - small)


def inverse_index(alpha: ArrayLike) -> np.ndarray:
    """x in [-1, 1] at which ``index(x)`` is ``alpha``; accurate to about 1e-13.

    Solves e - sin e = 2 pi alpha (Kepler's equation at eccentricity 1) by Newton's method from
    the cube-root start. Raises ValueError for alpha outside [0, 1].
    """
    alpha = np.asarray(alpha, dtype=float)
    if not np.all((alpha >= 0) & (alpha <= 1)):
        raise ValueError("alpha is a fraction of eigenvalues; it must lie in [0, 1].")
    target = 2.0 * math.pi * np.minimum(alpha, 1.0 - alpha)
    e = np.cbrt(6.0 * target)
    for _ in range(30):
        slope = 2.0 * np.sin(e / 2.0) ** 2  # 1 - cos e
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(slope > 0, (_less_sine(e) - target) / slope, 0.0)
        e = e - step
    x = np.cos(e / 2.0)
    return np.where(alpha <= 0.5, x, -x)


def index_of_energy(energy: ArrayLike, field: Covariance) -> np.ndarray:
    """Most likely index of critical points at ``energy``: ``index(energy / eps_c)``.

    1/2 - (2/pi) energy/eps_c near 0, EDGE_COEFFICIENT (1 - energy/eps_c)^{3/2} near eps_c, 0 at
    energies below eps_c (which is negative) and 1 above -eps_c.

    Source: Richemond & Guo (2019), eqs. (11)-(13).
    """
    return index(np.asarray(energy, dtype=float) / field.critical_energy)


def most_likely_eigenvalue(energy: ArrayLike, field: Covariance) -> np.ndarray:
    """lambda_bar(eps) = 2 f' eps / (f'' P), the minimum of psi at fixed energy (eq. 10).

    Exact for `|lambda_bar| <= 2 sqrt(f'')`, where the semicircle reaches 0.
    """
    return 2.0 * field.slope * np.asarray(energy, dtype=float) / (field.curvature * field.p)


def matrix(field: Covariance) -> np.ndarray:
    """M of psi = u^T M u with u = (eps, lambda_bar); det M = Q / 2 (eq. 16)."""
    off = -field.slope / field.curvature
    return np.array([[1.0, off], [off, field.p / 2.0]])


def psi(energy: ArrayLike, eigenvalue: ArrayLike, field: Covariance) -> np.ndarray:
    """psi = eps^2 - 2 (f'/f'') eps lambda_bar + (P/2) lambda_bar^2 (eq. 14)."""
    energy, eigenvalue = np.asarray(energy, dtype=float), np.asarray(eigenvalue, dtype=float)
    cross = 2.0 * field.slope / field.curvature * energy * eigenvalue
    return energy**2 - cross + field.p / 2.0 * eigenvalue**2


def complexity(
    energy: ArrayLike, eigenvalue: ArrayLike, field: Covariance, volume_factor: float = 1.0
) -> np.ndarray:
    """Sigma = log(mean number of critical points) / N at given energy and mean eigenvalue.

    ``volume_factor`` is V^{2/N} for a box of volume V. nan where `|lambda_bar| > 2 sqrt(f'')`,
    where the quadratic form does not hold.

    Source: Richemond & Guo (2019), theorem 1.
    """
    inside = np.abs(eigenvalue) <= field.radius
    constant = field.curvature * volume_factor / (2.0 * math.pi * math.e * abs(field.slope))
    quadratic = -psi(energy, eigenvalue, field) / (2.0 * field.curvature * field.q)
    return np.where(inside, quadratic + 0.5 * math.log(constant), np.nan)


def gradient(energy: float, eigenvalue: float, field: Covariance) -> np.ndarray:
    """(d Sigma / d eps, d Sigma / d lambda_bar) = -M u / (f'' Q).

    Source: Richemond & Guo (2019), eq. (18), which drops the positive factor 1 / (f'' Q).
    """
    return -matrix(field) @ np.array([energy, eigenvalue]) / (field.curvature * field.q)


def slope_factor(field: Covariance) -> float:
    """Factor c in d psi / d eps = c * 2 eps on the most likely line: c = 1 - 2 / (1 + r) < 1.

    Source: Richemond & Guo (2019), eq. (19), corrected (erratum 24): the print has
    eps (1 + 2 / (1 + r)), which agrees at r = 5 only. Without the coupling of energy and
    curvature the factor is 1, so following the line makes steps in energy smaller, not larger.
    """
    return 1.0 - 2.0 / (1.0 + field.r)


def _less_sine(e: np.ndarray) -> np.ndarray:
    """e - sin e without cancellation for small e >= 0."""
    e = np.asarray(e, dtype=float)
    square = np.minimum(e, 1.0) ** 2
    # Taylor series in e^2 up to e^21: below rounding for e <= 1.
    term, series = np.full_like(e, 1.0 / 6.0), np.full_like(e, 1.0 / 6.0)
    for j in range(2, 11):
        term = -term * square / ((2 * j) * (2 * j + 1))
        series = series + term
    return np.where(e < 1.0, series * np.minimum(e, 1.0) ** 3, e - np.sin(e))
