r"""Errata of Chaudhari (2018), chapter 2, on energies and curvature, and on where minima lie.

Sections 2.2.1, 2.3.4 and 2.4.1. $f = H/\sqrt N$ is the energy on the unit sphere.
"""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
from scipy.integrate import quad
from scipy.linalg import eigvalsh_tridiagonal, solveh_banded
from scipy.stats import chi

from landscape.errata.entry import Row, erratum, thousands
from landscape.errors import LandscapeError
from landscape.theory import kac_rice, spin_glass

STATED_DISTANCE = 1.16  # mean cosine distance of minima, section 2.4.1
_HESSIAN = "sampled Hessian and field"


@erratum("1", "closed form of the rate function", {"thesis": "section 2.2.1"})
def rate_function(orders: tuple[int, ...] = (3, 4, 10), stretch: float = 1.2) -> list[Row]:
    """Erratum 1: I_1 at u = -stretch E_inf against quadrature of its integral."""
    rows = []
    for p in orders:
        edge = spin_glass.e_infinity(p)
        u = -stretch * edge
        # z = -E cosh(s) takes the square root out of the integral.
        integral = 2 * quad(lambda s: math.sinh(s) ** 2, 0, math.acosh(stretch), epsabs=1e-14)[0]
        rows.append(Row(f"$I_1({u:.4f})$, $p = {p}$", float(spin_glass.i1_as_printed(u, p)),
                        float(spin_glass.rate(u, p)), integral, "quadrature"))  # fmt: skip
    return rows


@erratum("2", "gradient and Hessian at a critical point",
         {"thesis": "lemma 2.5 and section 2.3.4", "anneal": "section 4.5"})  # fmt: skip
def gradient_and_hessian(n: int = 20, p: int = 3, draws: int = 1000, seed: int = 0) -> list[Row]:
    """Erratum 2: law of gradient and Hessian of f = H/sqrt(N) on the unit sphere, by sampling.

    Draws all N^p couplings `draws` times and looks at one place: in law all places are alike. The
    variance N p that is printed for the gradient of H is right on the unit sphere, p for f; the
    shift of the Hessian, printed for H / sqrt(N) given H = N u, is not.
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
    how = f"{draws} draws of the disorder, $N = {n}$"
    return [
        # The print has N p for H itself, which is the same statement.
        Row("variance of a gradient entry of $f$", None, float(p), float(np.mean(squares)),
            how, 4 * math.sqrt(2 / (draws * (n - 1)))),
        Row("trace of the Hessian of $f$ per unit of $u = H/N$", -p * (n - 1.0),
            -p * math.sqrt(n) * (n - 1), slope, how, 4 * error / abs(slope)),
    ]  # fmt: skip


def _contract(tensor: np.ndarray, vector: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """`tensor` with every axis but `kept` summed against `vector`."""
    for axis in reversed(range(tensor.ndim)):
        if axis not in kept:
            tensor = np.tensordot(tensor, vector, ([axis], [0]))
    return tensor


@erratum("33", "proportion of indices at a given energy", {"thesis": "remark 2.6"})
def index_density(
    p: int = 3, sizes: tuple[int, int] = (100, 200), energies: tuple[float, float] = (-1.70, -1.65)
) -> list[Row]:
    """Erratum 33: growth of the number of minima between two energies below -E_inf, per spin.

    The print has an undefined constant c before u; it is taken as the (p-2)/(4(p-1)) of eq. (2.12).
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
        Row(f"rate of minima at $u = {upper:g}$ less that at ${lower:g}$",
            -c * (upper - lower) + steep, -c * (upper**2 - lower**2) + steep, float(exact),
            f"exact numbers at $N = {sizes[0]}$ and ${sizes[1]}$", 0.06)
    ]  # fmt: skip


@erratum("35", "interval of the shifted spectrum",
         {"thesis": "section 2.3.4", "anneal": "appendix B"})  # fmt: skip
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
    how = f"sampled Hessian, $N = {thousands(n)}$"
    return [Row(rf"largest $\delta$, $p = {p}$", None, gap, sampled, how, 0.1)]


@erratum("field-moves-minima", "a constant field leaves the minima in place",
         {"thesis": "theorem 2.13", "anneal": "theorem 5"})  # fmt: skip
def moved_minima() -> list[Row]:
    """Theorem 2.13: the probability that its proof needs, and how far minima do move."""
    return [*displaced_minima(), *field_displacement()]


def displaced_minima(
    sizes: tuple[int, ...] = (100, 10_000, 1_000_000), alpha: float = 0.3, cv: float = 1.0
) -> list[Row]:
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
        rows.append(Row(rf"$P(\|Y\| > N^{{-{alpha:g}}})$, $N = {thousands(n)}$",
                        0.0, float(chi.sf(bound, n - 1)), float(lower),
                        "Chebyshev's lower bound", 0.05))  # fmt: skip
    return rows


def field_displacement(
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000),
    p: int = 3,
    field: float = 1.0,
    alpha: float = 0.3,
    seed: int = 0,
) -> list[Row]:
    """Theorem 2.13 at the lowest energy: length of Y of eq. (2.25) for a constant field."""
    rng = np.random.default_rng(seed)
    length, _ = _response_limits(p, field)
    return [
        Row(rf"$\|Y\|$, $N = {thousands(n)}$, $\nu = {field:g}$", n**-alpha, length,
            _response(n, p, field, rng)[0], _HESSIAN, 0.1)
        for n in sizes
    ]  # fmt: skip


def linear_response(
    sizes: tuple[int, ...] = (100_000, 1_000_000),
    p: int = 3,
    field: float = 0.1,
    alpha: float = 0.3,
    seed: int = 0,
) -> list[Row]:
    """Theorem 2.13 for a weak field: length of Y and change of H/N; the print has N^{-alpha}, v."""
    rng = np.random.default_rng(seed)
    length, energy = _response_limits(p, field)
    rows = []
    for n in sizes:
        moved, fallen = _response(n, p, field, rng)
        how = f"{_HESSIAN}, $N = {thousands(n)}$"
        rows += [
            Row(rf"$\|Y\|$, $\nu = {field:g}$", n**-alpha, length, moved, how, 0.1),
            Row(rf"fall of $H/N$, $\nu = {field:g}$", field, energy, fallen, how, 0.1),
        ]
    return rows


def _response_limits(p: int, field: float) -> tuple[float, float]:
    """(length of Y, fall of H/N) for large N at the lowest energy.

    The eigenvalues l of the Hessian of f over sqrt(N) are a semicircle of radius p E_inf around
    p E_0: v <1/l^2>^{1/2}, a constant, and v^2 <1/l> / 2.
    """
    shift, radius = p * spin_glass.energy_level(0, p), p * spin_glass.e_infinity(p)
    root = math.sqrt(shift**2 - radius**2)
    length = field * math.sqrt(2 / radius**2 * (shift / root - 1))
    return length, field**2 / radius**2 * (shift - root)


def _response(n: int, p: int, field: float, rng: np.random.Generator) -> tuple[float, float]:
    """The same for a Hessian (tridiagonal, the GOE's eigenvalues) and a field that are drawn."""
    scale = math.sqrt(p * (p - 1) / n)
    band = np.zeros((2, n))
    band[0, 1:] = scale * np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1)))
    shift = p * spin_glass.energy_level(0, p)
    band[1] = shift + scale * math.sqrt(2) * rng.standard_normal(n)
    force = field / math.sqrt(n) * rng.standard_normal(n)
    step = solveh_banded(band, force)
    return float(np.linalg.norm(step)), float(force @ step) / 2


@erratum("cosine-distance", "a mean cosine distance of 1.16",
         {"thesis": "section 2.4.1", "anneal": "figure 2"})  # fmt: skip
def mean_cosine_distance(
    counts: tuple[int, ...] = (8, 20_000), n: int = 100, seed: int = 0
) -> list[Row]:
    """Section 2.4.1: the largest mean over all pairs of M directions is 1 + 1 / (M - 1).

    The squared length of the sum of M directions is M plus twice the sum of their cosines and not
    negative. The check takes pairs of opposite directions, whose sum is 0.

    Raises:
        LandscapeError: for an odd M.
    """
    rows = []
    for m in counts:
        if m % 2:
            raise LandscapeError(f"M is {m}; pairs of opposite directions need an even number.")
        half = np.random.default_rng(seed).standard_normal((m // 2, n))
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        every = np.concatenate([half, -half])
        total = every.sum(axis=0)
        cosines = (total @ total - m) / (m * (m - 1))
        rows.append(Row(f"mean cosine distance, at most, $M = {thousands(m)}$", STATED_DISTANCE,
                        1 + 1 / (m - 1), float(1 - cosines),
                        f"opposite pairs, {n} spins"))  # fmt: skip
    return rows


def directions_allowed(distance: float = STATED_DISTANCE) -> int:
    """Largest number of directions whose mean cosine distance can be `distance`.

    Raises:
        LandscapeError: for a distance up to 1, which any number of directions can have.
    """
    if distance <= 1:
        raise LandscapeError(
            f"the distance is {distance:g}; up to 1 any number of directions has it; ask above 1."
        )
    return math.floor(1 + 1 / (distance - 1) + 1e-12)
