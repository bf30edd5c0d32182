"""Errata of part I on energies and curvature: the rate function, the Hessian and its spectrum.

Formulas as printed are in Chaudhari (2018), sections 2.2.1 and 2.3.4.
"""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
from scipy.integrate import quad
from scipy.linalg import eigvalsh_tridiagonal

from landscape.theory import kac_rice, spin_glass
from landscape.errata.row import Row


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
    how = f"{draws} draws of the disorder, N = {n}"
    return [
        # The print has N p for H itself, which is the same statement.
        Row("variance of a gradient entry of f", None, float(p), float(np.mean(squares)),
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
