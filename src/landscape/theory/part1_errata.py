"""The errata of part I in numbers: what is printed, what is right, and a check that knows neither.

Every function computes the rows of one erratum. A row is a quantity with the value that follows
from the print, the value of the corrected form, and an independent evaluation: quadrature, exact
enumeration, an exact average over random matrices or a simulation. Numbers are those of the book's
list of errata. Formulas as printed are in Chaudhari (2018), chapter 2 and section 3.1.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.integrate import quad
from scipy.linalg import eigvalsh_tridiagonal
from scipy.stats import binom, chi

from landscape.theory import critical_counts, kac_rice, spin_glass


@dataclass(frozen=True)
class Row:
    """One quantity of an erratum.

    `printed` is None where the print gives no number. `tolerance` is the relative distance within
    which the check decides: numerical error, sampling error (four standard errors) or the size of
    the terms that a limit leaves out.
    """

    quantity: str
    printed: float | None
    corrected: float
    check: float
    how: str
    tolerance: float = 1e-8

    def _agrees(self, value: float | None) -> bool:
        return value is not None and abs(value - self.check) <= self.tolerance * abs(self.check)

    @property
    def corrected_agrees(self) -> bool:
        """Whether the check confirms the corrected form."""
        return self._agrees(self.corrected)

    @property
    def printed_agrees(self) -> bool:
        """Whether the check confirms the print."""
        return self._agrees(self.printed)


def rate_function(orders: tuple[int, ...] = (3, 4, 10), stretch: float = 1.2) -> list[Row]:
    """Erratum 1: I_1 at u = -stretch E_inf against quadrature of its integral."""
    rows = []
    for p in orders:
        edge = spin_glass.e_infinity(p)
        u = -stretch * edge
        # z = -E cosh(s) takes the square root out of the integral.
        integral = 2 * quad(lambda s: math.sinh(s) ** 2, 0, math.acosh(stretch), epsabs=1e-14)[0]
        rows.append(Row(f"I_1({u:.4f}), p = {p}", float(spin_glass.i1_as_printed(u, p)),
                        float(spin_glass.rate(u, p)), integral, "quadrature"))  # fmt: skip
    return rows


def gradient_and_hessian(n: int = 20, p: int = 3, draws: int = 1000, seed: int = 0) -> list[Row]:
    """Erratum 2: law of gradient and Hessian of f = H/sqrt(N) on the unit sphere, by sampling.

    Draws all N^p couplings `draws` times and looks at one place: in law all places are alike.
    """
    rng = np.random.default_rng(seed)
    spin = rng.standard_normal(n)
    spin *= math.sqrt(n) / np.linalg.norm(spin)
    squares, traces, heights = [], [], []
    for _ in range(draws):
        couplings = -(n ** (-(p - 1) / 2)) * rng.standard_normal((n,) * p)
        gradient = sum(_contract(couplings, spin, (axis,)) for axis in range(p))
        second = sum(_contract(couplings, spin, pair) for pair in permutations(range(p), 2))
        radial = float(spin @ gradient) / n  # = p H / N, as H is homogeneous
        tangential = gradient - radial * spin
        # From radius sqrt(N) to 1 a derivative gains sqrt(N); the first cancels that of f.
        squares.append(float(tangential @ tangential) / (n - 1))
        flat = float(np.trace(second) - spin @ second @ spin / n) - radial * (n - 1)
        traces.append(math.sqrt(n) * flat)
        heights.append(radial / p)
    slope = float(np.polyfit(heights, traces, 1)[0])
    scatter = np.std(np.array(traces) - slope * np.array(heights))
    error = scatter / (math.sqrt(draws) * np.std(heights))
    how = f"{draws} draws of the disorder, N = {n}"
    return [
        Row("variance of a gradient entry of f", float(n * p), float(p), float(np.mean(squares)),
            how, 4 * math.sqrt(2 / (draws * (n - 1)))),
        Row("trace of the Hessian of f per unit of u = H/N", -p * (n - 1.0),
            -p * math.sqrt(n) * (n - 1), slope, how, 4 * error / abs(slope)),
    ]  # fmt: skip


def _contract(tensor: np.ndarray, vector: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """`tensor` with every axis but `kept` summed against `vector`."""
    for axis in reversed(range(tensor.ndim)):
        if axis not in kept:
            tensor = np.tensordot(tensor, vector, ([axis], [0]))
    return tensor


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


def perceptron(d: int = 2001, agreeing: int = 1501, seed: int = 0) -> list[Row]:
    """Erratum 6: two binary perceptrons of odd length d that share `agreeing` weights.

    The exact probability sums over how many signs of the input favour each: x.xi = a + b and
    x*.xi = a - b, so they disagree when |a| < |b|. Solutions are counted by enumeration, d = 13.
    Raises ValueError for even d, where a sign may be that of 0.
    """
    if d % 2 == 0:
        raise ValueError(f"d is {d}; an odd length keeps x.xi away from 0.")
    differing = d - agreeing
    a = np.abs(2 * np.arange(agreeing + 1) - agreeing)
    b = np.abs(2 * np.arange(differing + 1) - differing)
    law = np.outer(binom.pmf(np.arange(agreeing + 1), agreeing, 0.5),
                   binom.pmf(np.arange(differing + 1), differing, 0.5))  # fmt: skip
    disagree = float(law[a[:, None] < b].sum())
    overlap = (agreeing - differing) / d
    angle = math.acos(overlap) / math.pi
    gamma = differing / d
    few, many = (_share_solvable(13, count, seed) for count in (6, 20))
    return [
        Row(f"P(disagree), overlap {overlap:.3f}", 1 - angle, angle, disagree,
            f"exact sum over all inputs, d = {d}", 2e-3),
        Row(f"differing weights, overlap 1 - 2γ = {overlap:.3f}", d * (1 - 2 * gamma), d * gamma,
            float(differing), "counted"),
        Row("P(a solution exists), α = 6/13", 0.0, 1.0, few, "all weights tried, d = 13", 0.05),
        Row("1 - P(a solution exists), α = 20/13", 0.0, 1.0, 1 - many,
            "all weights tried, d = 13", 0.1),
        Row("loss with 1 of 3 answers wrong", float(np.prod([1, 0, 0])),
            1.0 - float(np.prod([0, 1, 1])), 1.0, "zero only if all are right"),
    ]  # fmt: skip


def _share_solvable(d: int, count: int, seed: int, draws: int = 200) -> float:
    """Share of random sign patterns with labels 1 that some binary perceptron gets all right."""
    rng = np.random.default_rng(seed)
    weights = 1.0 - 2.0 * ((np.arange(2**d)[:, None] >> np.arange(d)) & 1)
    solved = 0
    for _ in range(draws):
        remaining = weights
        for pattern in rng.choice([-1.0, 1.0], (count, d)):
            remaining = remaining[remaining @ pattern > 0]
        solved += len(remaining) > 0
    return solved / draws


def index_density(
    p: int = 3, sizes: tuple[int, int] = (100, 200), energies: tuple[float, float] = (-1.70, -1.65)
) -> list[Row]:
    """Erratum 33: growth of the number of minima between two energies below -E_inf, per spin.

    The check is the exact number of minima per energy at two sizes: the difference of logarithms
    between the sizes is free of the terms that do not grow with N.
    """
    lower, upper = np.array(energies)
    steep = float(spin_glass.rate(lower, p) - spin_glass.rate(upper, p))
    c = (p - 2) / (4 * (p - 1))
    logs = []
    for n in sizes:
        u, density = kac_rice.minima_by_energy(n, p)
        values = np.interp(energies, u, np.log(np.maximum(density, 1e-300)))
        logs.append(values[1] - values[0])
    exact = (logs[1] - logs[0]) / (sizes[1] - sizes[0])
    return [
        Row(f"rate of minima at u = {upper:g} less that at {lower:g}",
            -c * (upper - lower) + steep, -c * (upper**2 - lower**2) + steep, float(exact),
            f"exact numbers at N = {sizes[0]} and {sizes[1]}", 0.06)
    ]  # fmt: skip


def shifted_spectrum(p: int = 3, n: int = 100_000, seed: int = 0) -> list[Row]:
    """Erratum 35: distance of the Hessian's spectrum from 0 at the lowest energy, per sqrt(N).

    The check samples one Hessian, as the tridiagonal matrix with the eigenvalues of the GOE.
    """
    rng = np.random.default_rng(seed)
    diagonal = np.sqrt(2.0) * rng.standard_normal(n)
    side = np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1)))
    lowest = float(eigvalsh_tridiagonal(diagonal, side, select="i", select_range=(0, 0))[0])
    ground = spin_glass.energy_level(0, p)
    gap = p * (ground - spin_glass.e_infinity(p))
    sampled = p * ground + math.sqrt(p * (p - 1) / n) * lowest
    return [Row(f"largest δ, p = {p}", None, gap, sampled, f"sampled Hessian, N = {n:,}", 0.1)]


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


@dataclass(frozen=True)
class Erratum:
    """`key` is the number in the book's list, or the place of a statement that has none."""

    key: str
    where: str
    subject: str
    rows: Callable[..., list[Row]]


ERRATA = (
    Erratum("1", "section 2.2.1", "closed form of I_1", rate_function),
    Erratum("2", "lemma 2.5", "gradient and Hessian at a critical point", gradient_and_hessian),
    Erratum("3", "eq. (2.16), B > 0", "prefactor of the exponential regime", exponential_prefactor),
    Erratum("4", "eq. (2.16), B < 0", "where two critical points remain", trivial_regime),
    Erratum("5", "eq. (2.18)", "minima near the threshold", minima_near_threshold),
    Erratum("6", "section 3.1.1", "binary perceptron", perceptron),
    Erratum("33", "remark 2.6", "quadratic term of the complexity", index_density),
    Erratum("35", "section 2.3.4", "interval of the shifted spectrum", shifted_spectrum),
    Erratum("2.3.2", "section 2.3.2", "share of minima below the threshold", share_of_minima),
    Erratum("2.13", "theorem 2.13", "how far a constant field moves minima", displaced_minima),
)


def erratum(key: str) -> Erratum:
    """The entry with that key. Raises ValueError for one that is not of part I."""
    for entry in ERRATA:
        if entry.key == str(key):
            return entry
    known = ", ".join(entry.key for entry in ERRATA)
    raise ValueError(f"erratum {key} is not computed here; known are {known}.")


def table(*keys: str) -> list[list[str]]:
    """Rows of text for a table: erratum, quantity, printed, corrected, check, how it was checked.

    All of part I without arguments. Raises ValueError for a key that is not computed here.
    """
    chosen = [erratum(key) for key in keys] if keys else list(ERRATA)
    return [
        [entry.key, row.quantity,
         "no number" if row.printed is None else f"{row.printed:.6g}",
         f"{row.corrected:.6g}", f"{row.check:.6g}", row.how]
        for entry in chosen for row in entry.rows()
    ]  # fmt: skip
