r"""Errata of Chaudhari (2018), chapter 2, on how many critical points and minima there are.

Sections 2.3.1 and 2.3.2; the same formulas are in Chaudhari & Soatto (2015), section 4. The field
enters as $B$, near its critical value as $\tau = -BN$ and $\kappa = -2BN^{1/3}$.
"""

from __future__ import annotations

import math

from landscape.errata.entry import Row, erratum
from landscape.theory import critical_counts, kac_rice

_GOE = "exact average over the GOE"
_EDGE = "average over the Tracy-Widom law"


def _count(n: int, b: float) -> str:
    return rf"$\mathbb{{E}}\,\mathrm{{crt}}$, $N = {n}$, $B = {b:g}$"


@erratum("3", "number of critical points in the exponential regime",
         {"thesis": "eq. (2.16), last case", "anneal": "eq. (9), last case"})  # fmt: skip
def exponential_prefactor(
    cases: tuple[tuple[int, float], ...] = ((100, 0.3), (400, 0.1), (400, 0.3)),
) -> list[Row]:
    """Erratum 3: E crt for fixed B > 0 against the exact average; cases are (N, B)."""
    return [
        Row(_count(n, b),
            math.exp(critical_counts.log_critical_points_exponential_as_printed(n, b)),
            math.exp(critical_counts.log_critical_points_exponential(n, b)),
            kac_rice.expected_critical_points(n, b), _GOE, 1 / (n * b))
        for n, b in cases
    ]  # fmt: skip


@erratum("4", "where only two critical points remain",
         {"thesis": "eq. (2.16), first case", "anneal": "eq. (9), first case"})  # fmt: skip
def trivial_regime(
    cases: tuple[tuple[int, float], ...] = ((200, -0.05), (400, -0.05), (400, -0.1), (400, -0.136)),
) -> list[Row]:
    """Erratum 4: E crt for B < 0 of order between 1/N and N^{-1/3}, where the print has 2."""
    return [
        Row(_count(n, b), critical_counts.critical_points_as_printed(n, b, "trivial"),
            critical_counts.critical_points(n, b), kac_rice.expected_critical_points(n, b),
            _GOE, 0.01)
        for n, b in cases
    ]  # fmt: skip


@erratum("5", "number of minima near the threshold",
         {"thesis": "eq. (2.18)", "anneal": "eq. (11)"})  # fmt: skip
def minima_near_threshold(kappas: tuple[float, ...] = (-8.0, -12.0, -16.0)) -> list[Row]:
    """Erratum 5: log E crt_0 at B = -(kappa/2) N^{-1/3} against the average over Tracy-Widom."""
    return [
        Row(rf"$\log\mathbb{{E}}\,\mathrm{{crt}}_0$, $\kappa = {k:g}$",
            critical_counts.log_minima_as_printed(k), critical_counts.log_minima_far(k),
            critical_counts.log_minima_at_edge(k), _EDGE, 0.01)
        for k in kappas
    ]  # fmt: skip


@erratum("minima-constant", "the constant of the number of minima is no constant",
         {"thesis": "eq. (2.18)", "anneal": "eq. (11)"})  # fmt: skip
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
            rows.append(Row(rf"$\log C({end:g}) - \log C({start:g})$, exponent as {name}", 0.0,
                            limit - change, exact - change, _EDGE, 0.02))  # fmt: skip
    return rows


def corrected_exponent(kappa: float) -> float:
    """`|kappa|^3/24 + (2/3)|kappa|^{3/2}`: the exponent of thesis eq. (2.18) without its errors."""
    return abs(kappa) ** 3 / 24 + 2 / 3 * abs(kappa) ** 1.5


@erratum("critical-band", "two cases where one formula holds",
         {"thesis": "eq. (2.17)", "anneal": "eq. (10)"})  # fmt: skip
def between_regimes(n: int = 100, taus: tuple[float, ...] = (-1.0, 0.5, 1.0)) -> list[Row]:
    """Eq. (2.17) for tau of order one: F(tau) in closed form against the exact number over N.

    The print states its two cases far from 0 only; `printed` is the one on tau's side.
    """
    rows = []
    for t in taus:
        size = 1 / math.sqrt(math.pi)
        printed = 2 * size * t**-1.5 if t > 0 else 4 * size * math.exp(-t) / math.sqrt(-t)
        rows.append(Row(rf"$\mathbb{{E}}\,\mathrm{{crt}}/N$, $\tau = {t:g}$", printed,
                        kac_rice.critical_points_per_spin(t),
                        kac_rice.expected_critical_points(n, -t / n) / n,
                        f"{_GOE}, $N = {n}$", 0.03))  # fmt: skip
    return rows


@erratum("share-of-minima", "almost all critical points are minima", {"thesis": "section 2.3.2"})
def share_of_minima(n: int = 100) -> list[Row]:
    """Section 2.3.2: "almost all critical points are minima" between B = -N^{-1/3} and -1/N.

    As many are maxima, so at most half can be minima. In that range there are between one and two
    minima, but the other critical points number N F(tau) and are gone at kappa >> 1 only.
    """
    fields = [-(float(n) ** power) for power in (-1.0, -2 / 3, -1 / 3)]
    exact = zip(fields, *kac_rice.expected_counts(n, fields), strict=True)
    return [
        Row(f"minima over critical points, $N = {n}$, $B = {b:.4f}$", 1.0,
            critical_counts.minima_at_edge(critical_counts.kappa(n, b))
            / critical_counts.critical_points(n, b),
            minima / points, _GOE, 0.02)
        for b, points, minima in exact
    ]  # fmt: skip
