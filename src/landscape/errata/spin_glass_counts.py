"""Errata of part I on the numbers of critical points and minima, and on what moves minima.

Formulas as printed are in Chaudhari (2018), sections 2.3.1, 2.3.2 and 2.3.4.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import solveh_banded
from scipy.stats import chi

from landscape.theory import critical_counts, kac_rice, spin_glass
from landscape.errata.row import Row


def exponential_prefactor(
    cases: tuple[tuple[int, float], ...] = ((100, 0.3), (400, 0.1), (400, 0.3)),
) -> list[Row]:
    """Erratum 3: E crt for fixed B > 0 against the exact average."""
    return [
        Row(f"E crt, N = {n}, B = {b:g}",
            math.exp(critical_counts.log_critical_points_exponential_as_printed(n, b)),
            math.exp(critical_counts.log_critical_points_exponential(n, b)),
            kac_rice.expected_critical_points(n, b), "exact average over the GOE",
            1 / (n * b))
        for n, b in cases
    ]  # fmt: skip


def trivial_regime(
    cases: tuple[tuple[int, float], ...] = ((200, -0.05), (400, -0.05), (400, -0.1), (400, -0.136)),
) -> list[Row]:
    """Erratum 4: E crt for B < 0 of order between 1/N and N^{-1/3}, where the print has 2."""
    return [
        Row(f"E crt, N = {n}, B = {b:g}",
            critical_counts.critical_points_as_printed(n, b, "trivial"),
            critical_counts.critical_points(n, b),
            kac_rice.expected_critical_points(n, b), "exact average over the GOE", 0.01)
        for n, b in cases
    ]  # fmt: skip


def minima_near_threshold(kappas: tuple[float, ...] = (-8.0, -12.0, -16.0)) -> list[Row]:
    """Erratum 5: log E crt_0 at B = -(kappa/2) N^{-1/3} against the average over Tracy-Widom."""
    return [
        Row(f"log E crt_0, κ = {k:g}", critical_counts.log_minima_as_printed(k),
            critical_counts.log_minima_far(k), critical_counts.log_minima_at_edge(k),
            "average over the Tracy-Widom law", 0.01)
        for k in kappas
    ]  # fmt: skip


def share_of_minima(n: int = 100) -> list[Row]:
    """Section 2.3.2: "almost all critical points are minima" between B = -N^{-1/3} and -1/N.

    As many are maxima, so at most half can be minima. In that range there are between one and two
    minima, but the other critical points number N F(tau) and are gone at kappa >> 1 only.
    """
    fields = -(float(n) ** np.array([-1.0, -2 / 3, -1 / 3]))
    exact = zip(fields, *kac_rice.expected_counts(n, fields), strict=True)
    return [
        Row(f"minima / critical points, N = {n}, B = {b:.4f}", 1.0,
            critical_counts.minima_at_edge(critical_counts.kappa(n, b))
            / critical_counts.critical_points(n, b),
            minima / points, "exact averages over the GOE", 0.02)
        for b, points, minima in exact
    ]  # fmt: skip


def displaced_minima(sizes: tuple[int, ...] = (100, 10_000, 1_000_000), alpha: float = 0.3,
                     cv: float = 1.0) -> list[Row]:  # fmt: skip
    """Theorem 2.13: P(Q >= N^{1/2 - alpha} / (c v)) of eq. (2.31), Q chi with N - 1 freedoms.

    The proof says that it vanishes for constant v. Q is about sqrt(N), so it tends to one: a
    constant field moves the minima by a constant distance. What vanishes is the probability for
    the field v/sqrt(N) of eq. (2.22), before v is replaced by v sqrt(N). Checked by Chebyshev.
    """
    rows = []
    for n in sizes:
        bound = n ** (0.5 - alpha) / cv
        # Chebyshev with the exact mean and variance: a bound below 1 that needs no tail function.
        mean, variance = chi.mean(n - 1), chi.var(n - 1)
        lower = 1 - variance / (mean - bound) ** 2
        rows.append(Row(f"P(|Y| > N^-{alpha:g}), N = {n:,}", 0.0, float(chi.sf(bound, n - 1)),
                        float(lower), "Chebyshev's lower bound", 0.05))  # fmt: skip
    return rows


def linear_response(sizes: tuple[int, ...] = (100_000, 1_000_000), p: int = 3, field: float = 0.1,
                    alpha: float = 0.3, seed: int = 0) -> list[Row]:  # fmt: skip
    """Theorem 2.13 at the lowest energy: length of Y of eq. (2.25) and change of H/N, weak field.

    With the eigenvalues l of the Hessian of f over sqrt(N), a semicircle of radius p E_inf around
    p E_0, they tend to v <1/l^2>^{1/2} and v^2 <1/l> / 2. The print has N^{-alpha} and v. The check
    samples the Hessian (tridiagonal, same eigenvalues) and the field, and solves for Y.
    """
    shift, radius = p * spin_glass.energy_level(0, p), p * spin_glass.e_infinity(p)
    root = math.sqrt(shift**2 - radius**2)
    length = field * math.sqrt(2 / radius**2 * (shift / root - 1))
    energy = field**2 / radius**2 * (shift - root)
    rows, rng = [], np.random.default_rng(seed)
    for n in sizes:
        scale = math.sqrt(p * (p - 1) / n)
        band = np.zeros((2, n))
        band[0, 1:] = scale * np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1)))
        band[1] = shift + scale * math.sqrt(2) * rng.standard_normal(n)
        force = field / math.sqrt(n) * rng.standard_normal(n)
        step = solveh_banded(band, force)
        how = f"sampled Hessian and field, N = {n:,}"
        rows += [
            Row(f"|Y|, ν = {field:g}", n**-alpha, length, float(np.linalg.norm(step)), how, 0.1),
            Row(f"fall of H/N, ν = {field:g}", field, energy, float(force @ step) / 2, how, 0.1),
        ]
    return rows
