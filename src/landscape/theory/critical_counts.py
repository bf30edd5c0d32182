"""Expected numbers of critical points and minima for many spins, as printed and corrected.

The field enters through B of eq. (2.15) alone. With N spins three scales matter::

    B fixed,   tau = -N B (all critical points),   kappa = -2 N^{1/3} B (the edge: minima),

and the critical band is `|tau|` of order 1 for critical points and `|kappa|` of order 1 for minima.
The limits here are those of the exact averages in `kac_rice`; functions that end in `_as_printed`
return what the thesis prints (errata 3, 4 and 5).
Sources: Chaudhari (2018), theorems 2.7 to 2.9; Chaudhari & Soatto (2015), eqs. (9) to (11);
Fyodorov (2013).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import airy, erf, ive

from landscape.theory import tracy_widom
from landscape.theory.kac_rice import critical_points_per_spin

FURTHEST = -16.0  # below this kappa the average over F_1 runs out of digits


def tau(n: int, b: float) -> float:
    """tau = -N B: of order 1 where the number of critical points is of order N."""
    return -n * b


def kappa(n: int, b: float) -> float:
    """kappa = -2 N^{1/3} B: of order 1 where the number of minima is of order 1."""
    return -2 * n ** (1 / 3) * b


def log_critical_points_exponential(n: int, b: float) -> float:
    """log of 4 sqrt(N) sqrt((1-B)/(pi B)) ((1+B)/(1-B))^{N/2}: fixed B > 0, corrected (erratum 3).

    Raises ValueError for b outside (0, 1).
    """
    return _log_exponential(n, b, 1 - b)


def log_critical_points_exponential_as_printed(n: int, b: float) -> float:
    """The same with the printed root sqrt((1+B)/(pi B)) (thesis eq. 2.16, third case)."""
    return _log_exponential(n, b, 1 + b)


def _log_exponential(n: int, b: float, numerator: float) -> float:
    if not 0 < b < 1:
        raise ValueError(f"B is {b:g}; the exponential regime has 0 < B < 1.")
    return (math.log(4) + 0.5 * math.log(n * numerator / (math.pi * b))
            + 0.5 * n * (math.log1p(b) - math.log1p(-b)))  # fmt: skip


def critical_points_at_edge(kappa: float) -> float:
    """lim E crt at B = -(kappa/2) N^{-1/3}, kappa > 0: 1 + erf(c) + exp(-c^2) / (sqrt(pi) c).

    Here `c = (kappa/2)^{3/2} / 2 = |B|^{3/2} sqrt(N) / 2`. It is 4 exp(-kappa^3/24) times the
    Laplace transform at kappa/2 of the GOE eigenvalue density at the edge, whose two parts K_Ai(x,
    x) and Ai(x) (1 - int_x^inf Ai) / 2 are both elementary. For kappa -> 0 it joins N F(tau), and
    it tends to 2 for kappa >> 1 only: the corrected first case of thesis eq. (2.16) (erratum 4).
    Raises ValueError for kappa <= 0.
    """
    if kappa <= 0:
        raise ValueError(f"kappa is {kappa:g}; the number diverges at 0 and above the threshold.")
    c = 0.5 * (kappa / 2) ** 1.5
    return float(1 + erf(c) + math.exp(-(c**2)) / (math.sqrt(math.pi) * c))


def critical_points(n: int, b: float) -> float:
    """One formula for all regimes: each limit, times or plus the others without what they share.

    B > 0: the exponential form times F(tau) over its own asymptote; B <= 0: N F(tau) plus the edge
    form minus their common part (2/sqrt(pi)) N tau^{-3/2}. Overflows to inf for very large N.
    Within 3.5 % of the exact number for N >= 20 and `|B| <= 1/2`, 1 % for N >= 100.
    Raises ValueError for `|B| >= 1`.
    """
    if not -1 < b < 1:
        raise ValueError(f"B is {b:g}; it must lie strictly between -1 and 1.")
    t = tau(n, b)
    if b > 0:
        log_shared = math.log(4) - t - 0.5 * math.log(math.pi * -t)
        log_band = _log_per_spin(t)
        return _exp(log_critical_points_exponential(n, b) + log_band - log_shared)
    band = n * critical_points_per_spin(t)
    if b == 0:
        return band
    shared = 2 / math.sqrt(math.pi) * n * t**-1.5
    if not math.isfinite(shared):
        return band
    c = 0.5 * (kappa(n, b) / 2) ** 1.5
    # 1 + erf(c) + exp(-c^2) / (sqrt(pi) c) - shared, where shared = 1 / (sqrt(pi) c)
    return float(band + 1 + erf(c) + np.expm1(-(c**2)) / (math.sqrt(math.pi) * c))


def _log_per_spin(t: float) -> float:
    """log F(tau) for tau < 0 without overflow."""
    x = abs(t) / 2
    return math.log(2) + 2 * x + math.log(float(ive(0, x) + ive(1, x)))


def _exp(value: float) -> float:
    return math.exp(value) if value < 709 else math.inf


def critical_points_as_printed(n: int, b: float, case: str | None = None) -> float:
    """Thesis eq. (2.16) (= AnnealSGD paper, eq. 9): 2, (2N/sqrt(pi)) tau^{-3/2} or the third case.

    `case` is "trivial", "band" or "exponential"; by default B > 0 is exponential, 0 < tau < 1 the
    band and the rest trivial, which is how the cases must be read to be told apart. Infinite at
    B = 0. Raises ValueError for a case that does not exist there.
    """
    t = tau(n, b)
    case = case or ("exponential" if b > 0 else "band" if t < 1 else "trivial")
    if case == "exponential":
        return _exp(log_critical_points_exponential_as_printed(n, b))
    if case == "band":
        if t < 0:
            raise ValueError("the printed band is stated for B = -tau/N with tau > 0.")
        return 2 / math.sqrt(math.pi) * n * t**-1.5 if t > 0 else math.inf
    if case == "trivial":
        return 2.0
    raise ValueError(f"case is {case!r}; it is trivial, band or exponential.")


def log_minima_at_edge(kappa: float) -> float:
    """log of lim E crt_0 at B = -(kappa/2) N^{-1/3}: 2 exp(-kappa^3/24) int exp(kappa z/2) dF_1(z).

    F_1 is the Tracy-Widom law of the GOE. Absolute error about 1e-12 near 0, 1e-8 for large kappa
    and 1e-4 at the lower end. Raises ValueError below kappa = -16: `log_minima_far` takes over.
    Source: Fyodorov (2013); the two ends are thesis eq. (2.18).
    """
    if kappa < FURTHEST:
        raise ValueError(f"kappa is {kappa:g}; below {FURTHEST:g} use log_minima_far.")
    a = kappa / 2
    z, step, density = tracy_widom.grid(1)
    if a <= 1:
        return math.log(2 * step * float(np.sum(density * np.exp(a * z - a**3 / 3))))
    # Far right the density is Ai(z)/2, whose transform is exp(a^3/3)/2: only the rest is summed.
    left = np.arange(-40.0, z[0], step)
    rest = np.concatenate([np.zeros(len(left)), density])
    z = np.concatenate([left, z])
    rest = rest - 0.5 * airy(z)[0]
    # At least one minimum exists; round-off may say otherwise in the ninth digit.
    return math.log1p(max(2 * step * float(np.sum(rest * np.exp(a * z - a**3 / 3))), 0.0))


def minima_at_edge(kappa: float) -> float:
    """lim E crt_0 at B = -(kappa/2) N^{-1/3}; see `log_minima_at_edge`."""
    return math.exp(log_minima_at_edge(kappa))


def log_minima_far(kappa: float) -> float:
    """log of lim E crt_0 for kappa << -1, with everything that does not vanish.

    That is::

        |kappa|^3/24 + (2/3)|kappa|^{3/2} - (2/3)|kappa|^{3/4} + (23/32) log|kappa| + constant

    From the left tail of F_1 by the saddle-point method. The thesis (eq. 2.18) has `kappa^2/24 +
    (4 sqrt 2/3)|kappa|^{3/2}` and a constant C (erratum 5); C is no constant but the last three
    terms. Raises ValueError for kappa >= 0.
    """
    if kappa >= 0:
        raise ValueError(f"kappa is {kappa:g}; this form is for kappa << -1.")
    k = -kappa
    y = 2 * math.sqrt(k)  # where the integrand is largest, at z = -y
    constant = -11 / 48 * math.log(2) + tracy_widom.ZETA_PRIME / 2 + 0.25 + math.log(2)
    power = (2 - 1 / 16) * math.log(y) - math.log(8) + 0.5 * math.log(8 * math.pi / y)
    return k**3 / 24 + 2 / 3 * k**1.5 - 2 / 3 * k**0.75 + constant + power


def log_minima_as_printed(kappa: float, constant: float = 1.0) -> float:
    """Thesis eq. (2.18) for kappa << -1: `log C + kappa^2/24 + (4 sqrt 2/3)|kappa|^{3/2}`."""
    return math.log(constant) + kappa**2 / 24 + 4 * math.sqrt(2) / 3 * abs(kappa) ** 1.5


def log_minima(n: int, b: float) -> float:
    """log E crt_0 for large N at any B: the Tracy-Widom law put into the exact average.

    The smallest eigenvalue is -2 sqrt(M) (1 + z M^{-2/3} / 2) with M = N - 1/2, where the edge of a
    GOE matrix lies to the next order, and z has the law F_1. The rate per spin for fixed B > 0 is
    log((1+B)/(1-B))/2 - B. Within 2 % of the exact number for N >= 20 and B <= 1/3. For B <= 0 it
    is `log_minima_at_edge`, the better form there. Raises ValueError for `|B| >= 1`.
    """
    if not -1 < b < 1:
        raise ValueError(f"B is {b:g}; it must lie strictly between -1 and 1.")
    k, m = kappa(n, b), n - 0.5
    if b <= 0:
        return log_minima_at_edge(k)
    prefactor = (math.log(2) + 0.5 * math.log1p(b)
                 + 0.5 * (n - 1) * (math.log1p(b) - math.log1p(-b)) - m * b)  # fmt: skip
    if k < FURTHEST:
        k = -2 * b * m ** (1 / 3)
        second = -b * m ** (-1 / 3) * -k  # z^2 / 4 at the saddle point z = -2 sqrt|kappa|
        return prefactor + log_minima_far(k) + k**3 / 24 - math.log(2) + second
    z, step, density = tracy_widom.grid(1)
    exponent = -b * m ** (1 / 3) * z - b * m ** (-1 / 3) * z**2 / 4
    return prefactor + math.log(step * float(np.sum(density * np.exp(exponent))))
