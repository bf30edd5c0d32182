"""Statements of Chaudhari (2018), chapter 2, that do not hold, in numbers; beside the errata.

The constant of eq. (2.18), the two cases of eq. (2.17), the displacement of minima (theorem 2.13)
and the mean cosine distance of section 2.4.1. Two more are in `part1_errata`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import solveh_banded

from landscape.theory import critical_counts, kac_rice, spin_glass
from landscape.errata.row import Row

STATED_DISTANCE = 1.16  # mean cosine distance of minima, section 2.4.1


def minima_constant(
    pairs: tuple[tuple[float, float], ...] = ((-8.0, -12.0), (-12.0, -16.0)),
) -> list[Row]:
    """Eq. (2.18): how much log C changes between two kappa, for the exponent corrected and printed.

    C is what the exponent leaves of the number of minima. A constant would not change. The check
    takes the numbers of minima from the average over the Tracy-Widom law.
    """
    rows = []
    for start, end in pairs:
        exact = critical_counts.log_minima_at_edge(end) - critical_counts.log_minima_at_edge(start)
        limit = critical_counts.log_minima_far(end) - critical_counts.log_minima_far(start)
        for name, exponent in (("corrected", corrected_exponent),
                               ("printed", critical_counts.log_minima_as_printed)):  # fmt: skip
            change = exponent(end) - exponent(start)
            rows.append(Row(f"log C({end:g}) - log C({start:g}), exponent as {name}", 0.0,
                            limit - change, exact - change, "average over the Tracy-Widom law",
                            0.02))  # fmt: skip
    return rows


def corrected_exponent(kappa: float) -> float:
    """|kappa|^3/24 + (2/3)|kappa|^{3/2}: the exponent of thesis eq. (2.18) without its errors."""
    return abs(kappa) ** 3 / 24 + 2 / 3 * abs(kappa) ** 1.5


def between_regimes(n: int = 100, taus: tuple[float, ...] = (-1.0, 0.5, 1.0)) -> list[Row]:
    """Eq. (2.17) for tau of order one: F(tau) in closed form against the exact number over N.

    The print states its two cases far from 0 only; `printed` is the one on tau's side.
    """
    rows = []
    for t in taus:
        size = 1 / math.sqrt(math.pi)
        printed = 2 * size * t**-1.5 if t > 0 else 4 * size * math.exp(-t) / math.sqrt(-t)
        rows.append(Row(f"E crt / N, τ = {t:g}", printed, kac_rice.critical_points_per_spin(t),
                        kac_rice.expected_critical_points(n, -t / n) / n,
                        f"exact average over the GOE, N = {n}", 0.03))  # fmt: skip
    return rows


def field_displacement(
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000),
    p: int = 3,
    field: float = 1.0,
    alpha: float = 0.3,
    seed: int = 0,
) -> list[Row]:
    """Theorem 2.13: length of Y of eq. (2.25) for a constant field, at the lowest energy.

    The Hessian of f over sqrt(N) has the spectrum p E_0 plus a semicircle of radius p E_inf, so
    |Y| tends to `field` times the root of the mean of 1 / eigenvalue^2, a constant. The check
    samples the Hessian (tridiagonal, same eigenvalues) and the field and solves for Y.
    """
    shift, radius = p * spin_glass.energy_level(0, p), p * spin_glass.e_infinity(p)
    mean = 2 / radius**2 * (shift / math.sqrt(shift**2 - radius**2) - 1)
    rows, rng = [], np.random.default_rng(seed)
    for n in sizes:
        scale = math.sqrt(p * (p - 1) / n)
        band = np.zeros((2, n))
        band[0, 1:] = scale * np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1)))
        band[1] = shift + scale * math.sqrt(2) * rng.standard_normal(n)
        y = solveh_banded(band, field / math.sqrt(n) * rng.standard_normal(n))
        rows.append(Row(f"‖Y‖, N = {n:,}, ν = {field:g}", n**-alpha, field * math.sqrt(mean),
                        float(np.linalg.norm(y)), "sampled Hessian and field", 0.1))  # fmt: skip
    return rows


def mean_cosine_distance(
    counts: tuple[int, ...] = (8, 20_000), n: int = 100, seed: int = 0
) -> list[Row]:
    """Section 2.4.1: the largest mean over all pairs of M directions is 1 + 1 / (M - 1).

    The squared length of the sum of M directions is M plus twice the sum of their cosines and not
    negative. The check takes pairs of opposite directions, whose sum is 0. Raises ValueError for
    an odd M.
    """
    rows = []
    for m in counts:
        if m % 2:
            raise ValueError(f"M is {m}; pairs of opposite directions need an even number.")
        half = np.random.default_rng(seed).standard_normal((m // 2, n))
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        every = np.concatenate([half, -half])
        total = every.sum(axis=0)
        cosines = (total @ total - m) / (m * (m - 1))
        rows.append(Row(f"mean cosine distance, at most, M = {m:,}", STATED_DISTANCE,
                        1 + 1 / (m - 1), float(1 - cosines),
                        f"opposite pairs, {n} spins"))  # fmt: skip
    return rows


def directions_allowed(distance: float = STATED_DISTANCE) -> int:
    """Largest number of directions whose mean cosine distance can be `distance` (above 1)."""
    if distance <= 1:
        raise ValueError(f"the distance is {distance:g}; up to 1 any number of directions has it.")
    return math.floor(1 + 1 / (distance - 1) + 1e-12)
