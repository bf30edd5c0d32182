"""Complexity of the pure spherical p-spin glass, and the field that trivialises it.

Chaudhari (2018), section 2.2.1 and eqs. (2.11), (2.12), (2.15), (2.19); Auffinger, Ben Arous &
Cerny (2013). u = H/N is the energy per spin. All functions accept scalars or arrays of u.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq


def e_infinity(p: int) -> float:
    """E_inf = 2 sqrt((p-1)/p): above the energy -E_inf every index is equally frequent.

    The thesis uses the symbol without defining it; with this value the complexity is continuous.
    Raises ValueError for p < 2. Source: Auffinger, Ben Arous & Cerny (2013).
    """
    if p < 2:
        raise ValueError(f"p is {p}; a p-spin Hamiltonian needs p >= 2.")
    return 2 * np.sqrt((p - 1) / p)


def _below_threshold(u: ArrayLike, p: int) -> tuple[np.ndarray, float]:
    edge = e_infinity(p)
    u = np.asarray(u, dtype=np.float64)
    if np.any(u > -edge * (1 - 1e-12)):
        raise ValueError(f"I_1 is defined for u <= -E_inf = {-edge:.6f} only (p = {p}).")
    return np.minimum(u, -edge), edge


def rate(u: ArrayLike, p: int) -> np.ndarray:
    """I_1(u) for u <= -E_inf: what one more descent direction costs, per spin.

    I_1(u) = (2/E_inf^2) int_u^{-E_inf} sqrt(z^2 - E_inf^2) dz in closed form, with the first factor
    -u/E_inf^2 where the thesis prints -u^2/E_inf^2 (erratum 1). Raises ValueError above -E_inf.
    Source: Chaudhari (2018), after eq. (2.12).
    """
    u, edge = _below_threshold(u, p)
    root = np.sqrt(u**2 - edge**2)
    return -u / edge**2 * root - np.log(-u + root) + np.log(edge)


def i1_as_printed(u: ArrayLike, p: int) -> np.ndarray:
    """The closed form of I_1 exactly as the thesis prints it, for comparison only (erratum 1)."""
    u, edge = _below_threshold(u, p)
    root = np.sqrt(u**2 - edge**2)
    return -(u**2) / edge**2 * root - np.log(-u + root) + np.log(edge)


def complexity(u: ArrayLike, p: int) -> np.ndarray:
    """Theta(u) = lim (1/N) log E #{critical points with H <= N u} (thesis eq. 2.11)."""
    u = np.asarray(u, dtype=np.float64)
    edge = e_infinity(p)
    cost = rate(np.minimum(u, -edge), p)  # zero at and above -E_inf
    lower = np.minimum(u, 0.0)
    return 0.5 * np.log(p - 1) - (p - 2) / (4 * (p - 1)) * lower**2 - cost


def complexity_of_index(u: ArrayLike, k: int, p: int) -> np.ndarray:
    """Theta_k(u): the same for critical points of index k (thesis eq. 2.12); k = 0 are minima.

    Constant above -E_inf. Raises ValueError for k < 0.
    """
    if k < 0:
        raise ValueError(f"the index is {k}; it counts descent directions and cannot be negative.")
    u = np.minimum(np.asarray(u, dtype=np.float64), -e_infinity(p))
    return 0.5 * np.log(p - 1) - (p - 2) / (4 * (p - 1)) * u**2 - (k + 1) * rate(u, p)


def energy_level(k: int, p: int) -> float:
    """E_k > 0: below -E_k there are no critical points of index k (the root of Theta_k).

    -E_0 is the limit of the lowest energy per spin. Raises ValueError for p < 3, where the
    complexity of minima is nowhere positive. Source: Chaudhari (2018), figure 2.1.
    """
    if p < 3:
        raise ValueError(f"p is {p}; the complexity has a zero below -E_inf only for p >= 3.")
    # Theta_0 is below 0.5 log(p-1) - (p-2) u^2 / (4 (p-1)), which vanishes at -bound.
    bound = np.sqrt(2 * (p - 1) / (p - 2) * np.log(p - 1))
    return float(-brentq(complexity_of_index, -bound, -e_infinity(p), args=(k, p), xtol=1e-14))


def critical_field(p: int, coupling: float = 1.0) -> float:
    """v_c = J sqrt(p (p-2)): the standard deviation of the field at which B = 0 (thesis 2.3.1)."""
    return coupling * float(np.sqrt(p * (p - 2)))


def field_parameter(field: float, p: int, coupling: float = 1.0) -> float:
    """B = (J^2 p(p-2) - v^2) / (J^2 p^2 + v^2), in (-1, 1 - 2/p] (thesis eq. 2.15).

    v = `field` is the standard deviation of the components of h in -H~ = -H + h.s.
    """
    j2, v2 = coupling**2, field**2
    return (j2 * p * (p - 2) - v2) / (j2 * p**2 + v2)


def field_at(tau: float, n: int, p: int, coupling: float = 1.0) -> float:
    """The v at which B = -tau/N, exactly: v^2 = J^2 (p(p-2) + p^2 tau/N) / (1 - tau/N).

    Raises ValueError when no field reaches that B: it must lie in (-1, 1 - 2/p].
    """
    b = -tau / n
    if not -1 < b <= 1 - 2 / p + 1e-12:
        raise ValueError(f"B = -tau/N = {b:g} is out of reach: it lies in (-1, {1 - 2 / p:g}].")
    return coupling * float(np.sqrt(max(p * (p - 2) - b * p**2, 0.0) / (1 + b)))


def field_first_order(tau: float, n: int, p: int, coupling: float = 1.0) -> float:
    """`field_at` to first order in tau/N: v_c sqrt(1 + 2 (p-1)/(p-2) tau/N)."""
    return critical_field(p, coupling) * float(np.sqrt(1 + 2 * (p - 1) / (p - 2) * tau / n))


def field_as_printed(tau: float, n: int, p: int, coupling: float = 1.0) -> float:
    """Thesis eq. (2.19), v_c sqrt(1 + 2 tau/N): the first order for large p only."""
    return critical_field(p, coupling) * float(np.sqrt(1 + 2 * tau / n))
