"""Tracy-Widom distributions of the largest eigenvalue, by Fredholm determinants.

With A_s the integral operator on (0, inf) whose kernel is the Airy function Ai(x + y + s)::

    F_1(s) = det(1 - A_s),    F_2(s) = det(1 - A_s) det(1 + A_s)

for the Gaussian orthogonal (beta = 1) and unitary (beta = 2) ensembles. A_s is the kernel
Ai((x + y)/2) / 2 on (s, inf) after a change of variables, and A_s^2 is the Airy kernel. Gauss-
Legendre nodes turn the determinant into one of a small matrix and converge exponentially.

The smallest eigenvalue of a GOE matrix decides which critical points of a spin glass are minima;
F_1 gives their number near the threshold (Chaudhari 2018, eq. 2.18).
Sources: Tracy & Widom (1996); Ferrari & Spohn (2005); Bornemann (2010).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import airy

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_END = 18.0  # Ai and its derivative are below 1e-22 from here on
LOWEST, HIGHEST = -12.0, 16.0  # outside, the distribution functions are 0 or 1 to 1e-16


def _check(beta: int) -> None:
    if beta not in (1, 2):
        raise ValueError(f"beta is {beta}; 1 (orthogonal) and 2 (unitary) are implemented.")


def _operator(s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, square roots of the weights, eigenvalues and eigenvectors of A_s."""
    half = max(_END - s, 1.0) / 2
    x, root = half * (_NODES + 1), np.sqrt(half * _WEIGHTS)
    kernel = root[:, None] * airy(x[:, None] + x + s)[0] * root
    values, vectors = np.linalg.eigh(kernel)
    # Far left the first eigenvalues are 1 up to round-off, and must not pass it.
    return x, root, np.clip(values, -1 + 2e-16, 1 - 2e-16), vectors


def _log_determinant(values: np.ndarray, beta: int) -> float:
    # log1p keeps the digits of 1 - F far right, where all eigenvalues are small.
    return float(np.log1p(-values if beta == 1 else -(values**2)).sum())


def cdf(s: ArrayLike, beta: int = 1) -> np.ndarray:
    """F_beta(s), absolute error below 1e-13; beta is 1 or 2.

    Raises ValueError for another beta. Source: Bornemann (2010).
    """
    _check(beta)
    return _each(lambda v: np.exp(_log_determinant(_operator(v)[2], beta)), s, 0.0, 1.0)


def survival(s: ArrayLike, beta: int = 1) -> np.ndarray:
    """1 - F_beta(s) with its own digits, for s far to the right."""
    _check(beta)
    return _each(lambda v: -np.expm1(_log_determinant(_operator(v)[2], beta)), s, 1.0, 0.0)


def density(s: ArrayLike, beta: int = 1) -> np.ndarray:
    """F_beta'(s), by differentiating the determinant and not its values.

    d log det(1 - A) = -tr (1 - A)^{-1} dA with the kernel Ai'(x + y + s) for beta = 1; for beta = 2
    the derivative of the Airy kernel is -Ai(x + s) Ai(y + s), of rank one.
    """
    _check(beta)

    def one(v: float) -> float:
        x, root, values, vectors = _operator(v)
        determinant = np.exp(_log_determinant(values, beta))
        if beta == 2:
            coefficients = vectors.T @ (root * airy(x + v)[0])
            return determinant * float((coefficients**2 / (1 - values**2)).sum())
        change = root[:, None] * airy(x[:, None] + x + v)[1] * root
        return -determinant * float(
            ((vectors * (change @ vectors)).sum(0) / (1 - values)).sum()
        )

    return _each(one, s, 0.0, 0.0)


def _each(function, s: ArrayLike, left: float, right: float) -> np.ndarray:
    """`function` at every entry; the limits outside [LOWEST, HIGHEST]. Round-off is cut at 0."""
    s = np.asarray(s, dtype=np.float64)
    out = np.where(s < LOWEST, left, right)
    flat = out.reshape(-1)  # a view: out is a new array
    for i, v in enumerate(s.ravel()):
        if np.isnan(v):
            flat[i] = np.nan
        elif LOWEST <= v <= HIGHEST:
            flat[i] = max(function(float(v)), 0.0)
    return out


def quantile(q: ArrayLike, beta: int = 1) -> np.ndarray:
    """The s at which F_beta(s) = q, for q strictly between 0 and 1 (1e-15 < q, 1 - q).

    Raises ValueError for other q.
    """
    _check(beta)
    q = np.asarray(q, dtype=np.float64)
    if np.any(~((q > 1e-15) & (q < 1 - 1e-15))):
        raise ValueError("a quantile of the Tracy-Widom law needs 0 < q < 1, 1e-15 off the ends.")
    out = np.empty_like(q)
    flat = out.reshape(-1)
    for i, level in enumerate(q.ravel()):
        gap = (lambda s, p=level: float(cdf(s, beta)) - p) if level < 0.5 else (
            lambda s, p=level: (1 - p) - float(survival(s, beta)))
        flat[i] = brentq(gap, LOWEST, HIGHEST, xtol=1e-13, rtol=1e-14)
    return out


@lru_cache(maxsize=4)
def grid(beta: int = 1) -> tuple[np.ndarray, float, np.ndarray]:
    """(points, step, density at them): E g is step * sum(density * g(points)); cached.

    Equal steps converge exponentially: the density is analytic and vanishes at both ends.
    """
    _check(beta)
    z = np.linspace(LOWEST, HIGHEST, 113)
    return z, float(z[1] - z[0]), density(z, beta)


def moments(beta: int = 1) -> tuple[float, float, float, float]:
    """Mean, variance, skewness and excess kurtosis."""
    z, step, values = grid(beta)
    mass = step * values
    mean = float(mass @ z)
    second, third, fourth = (float(mass @ (z - mean) ** k) for k in (2, 3, 4))
    return mean, second, third / second**1.5, fourth / second**2 - 3


def left_tail(s: ArrayLike, beta: int = 1) -> np.ndarray:
    """log F_beta(s) for s << 0 up to terms that vanish: constants included.

    ::

        beta = 1: -|s|^3/24 - |s|^{3/2}/(3 sqrt 2) - log|s|/16 - (11/48) log 2 + zeta'(-1)/2
        beta = 2: -|s|^3/12 - log|s|/8 + log(2)/24 + zeta'(-1)

    Source: Baik, Buckingham & DiFranco (2008).
    """
    _check(beta)
    y = -np.asarray(s, dtype=np.float64)
    if np.any(y <= 0):
        raise ValueError("the left tail is meant for s < 0.")
    if beta == 1:
        return (-(y**3) / 24 - y**1.5 / (3 * np.sqrt(2)) - np.log(y) / 16
                - 11 / 48 * np.log(2) + ZETA_PRIME / 2)  # fmt: skip
    return -(y**3) / 12 - np.log(y) / 8 + np.log(2) / 24 + ZETA_PRIME


ZETA_PRIME = -0.16542114370045092921  # derivative of Riemann's zeta function at -1
