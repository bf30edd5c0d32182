"""Exact expected numbers of critical points and minima of the p-spin glass in a field, at finite N.

By the Kac-Rice formula both expectations are averages over one N x N matrix of the Gaussian
orthogonal ensemble (GOE), density proportional to exp(-tr G^2 / 4)::

    E crt   = 2 sqrt(1+B) ((1+B)/(1-B))^{(N-1)/2} E sum_i exp(-B l_i^2 / 4)
    E crt_0 = 2 sqrt(1+B) ((1+B)/(1-B))^{(N-1)/2} E exp(-B l_min^2 / 4)

(Fyodorov 2013; thesis section 2.3.1 quotes the limits). No sampling: the mean eigenvalue density
of the GOE is known in Hermite functions, and the law of l_min is a Pfaffian of their integrals.
For the pure model l_min / sqrt(N) also carries the energy of the minimum (Auffinger et al. 2013).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import cumulative_simpson, simpson
from scipy.interpolate import CubicSpline
from scipy.special import erfc, ive

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NEVER = -300.0  # log probability below which the smallest eigenvalue is not followed
_UNION = 1e-6  # where fewer eigenvalues than this are expected, at most one is there


def _check(n: int, b: float) -> None:
    if n < 2:
        raise ValueError(f"N is {n}; the sphere needs at least 2 spins.")
    if not -1 < b < 1:
        raise ValueError(f"B is {b}; it must lie strictly between -1 and 1.")


@lru_cache(maxsize=8)
def _hermite(n: int, reach: float) -> tuple[np.ndarray, ...]:
    """Hermite functions on panels covering [-reach, reach].

    Returns edges [K+1], nodes [K*16], weights [K*16], then psi [n+1, .] and the integrals from x to
    infinity [n+1, .] at the nodes and, after them, at the edges. psi_j are orthonormal for the
    weight exp(-x^2/2): psi_j' = (sqrt(j) psi_{j-1} - sqrt(j+1) psi_{j+1}) / 2 gives the integrals.
    """
    panels = 2 * math.ceil(reach / min(0.25, 2.5 / math.sqrt(n)))
    edges = np.linspace(-reach, reach, panels + 1)
    half = reach / panels
    nodes = ((edges[:-1] + half)[:, None] + half * _NODES).ravel()
    x = np.concatenate([nodes, edges])
    psi, tail = np.zeros((n + 1, len(x))), np.zeros((n + 1, len(x)))
    # psi_0 underflows far out where psi_n does not: the recurrence carries a separate scale.
    scale = -(x**2) / 4 - 0.25 * math.log(2 * math.pi)
    before, now = np.zeros_like(x), np.ones_like(x)
    psi[0], tail[0] = np.exp(scale), (math.pi / 2) ** 0.25 * erfc(x / 2)
    for j in range(n):
        before, now = now, (x * now - math.sqrt(j) * before) / math.sqrt(j + 1)
        size = np.maximum(np.abs(now), np.abs(before))
        before, now, scale = before / size, now / size, scale + np.log(size)
        psi[j + 1] = now * np.exp(scale)
        lower = math.sqrt(j) * tail[j - 1] if j else 0.0
        tail[j + 1] = (lower + 2 * psi[j]) / math.sqrt(j + 1)
    return edges, nodes, np.tile(half * _WEIGHTS, panels), psi, tail


def _reach(n: int, b: float) -> float:
    # For B < 0 the average is carried by one eigenvalue at 2 sqrt(N / (1 - B^2)), off the bulk.
    stretch = math.sqrt(1 - b**2) if b < 0 else 1.0
    return 2 * math.sqrt(n) / stretch + 12 / math.sqrt(1 - max(-b, 0.0))


def _density(n: int, psi: np.ndarray, tail: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Mean number of GOE eigenvalues per unit length (Mehta, Random Matrices, section 7.2)."""
    density = np.square(psi[:n]).sum(0)
    density += 0.5 * math.sqrt(n) * psi[n - 1] * (0.5 * total[n] - tail[n])
    if n % 2:
        density += psi[n - 1] / total[n - 1]
    return density


def _log_prefactor(n: int, b: float) -> float:
    return math.log(2) + 0.5 * math.log1p(b) + 0.5 * (n - 1) * (math.log1p(b) - math.log1p(-b))


def _weighted(n: int, b: float, x: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Density times exp(-B x^2 / 4) times the prefactor, multiplied as logarithms."""
    with np.errstate(divide="ignore", over="ignore"):
        log_density = np.log(np.maximum(density, 0))
        weighted = np.exp(_log_prefactor(n, b) - b * x**2 / 4 + log_density)
    # Far out the density underflows; with B < 0 that is where the average may come from.
    if weighted[np.argmax(density > 0)] > 1e-6 * weighted.max():
        raise ValueError(
            f"N = {n} with B = {b:g} is beyond double precision: use a smaller N or a B nearer 0."
        )
    return weighted


def expected_critical_points(n: int, b: float) -> float:
    """Expected number of critical points on the sphere of N spins at field parameter B; exact.

    Raises ValueError unless N >= 2 and -1 < B < 1. Overflows to inf for very large N.
    Source: Fyodorov (2013); its limits are thesis eqs. (2.16) and (2.17).
    """
    _check(n, b)
    edges, nodes, weights, psi, tail = _hermite(n, _reach(n, b))
    density = _density(n, psi[:, : len(nodes)], tail[:, : len(nodes)], tail[:, len(nodes)])
    return float(weights @ _weighted(n, b, nodes, density))


def _bordered(matrix: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The antisymmetric matrix itself for even N, with one more row and column for odd N."""
    if len(matrix) % 2 == 0:
        return matrix
    return np.block([[matrix, border[:, None]], [-border[None, :], np.zeros((1, 1))]])


@lru_cache(maxsize=8)
def _smallest_eigenvalue(n: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Grid of equal steps and the probability density of the smallest GOE eigenvalue on it.

    P(l_min > x) is the Pfaffian of A_jk = int_x^inf (psi_j c_k - c_j psi_k), c = the integrals of
    psi from y to infinity, divided by its value at x = -inf; for odd N with a border c(x).
    """
    edges, nodes, weights, psi, tail = _hermite(n, reach)
    inner, count = len(nodes), len(edges) - 1
    density = _density(n, psi[:, inner:], tail[:, inner:], tail[:, inner])
    panel = psi[:n, :inner] * weights
    matrix = np.zeros((n, n))
    log_survival, slope = np.full(count + 1, -np.inf), np.zeros(count + 1)
    whole = panel @ tail[:n, :inner].T
    log_whole = np.linalg.slogdet(_bordered(whole - whole.T, tail[:n, inner]))[1]
    for k in range(count - 1, -1, -1):
        part = slice(16 * k, 16 * (k + 1))
        product = panel[:, part] @ tail[:n, part].T
        matrix += product - product.T
        c, f = tail[:n, inner + k], psi[:n, inner + k]
        full = _bordered(matrix, c)
        with np.errstate(divide="ignore"):  # exactly singular far right, where nothing is left
            sign, log_det = np.linalg.slogdet(full)
        log_survival[k] = 0.5 * (log_det - log_whole)  # a Pfaffian squared is a determinant
        if sign > 0 and log_survival[k] > _NEVER:
            change = _bordered(np.outer(f, c) - np.outer(c, f), f)  # -d full / dx
            slope[k] = 0.5 * np.trace(np.linalg.solve(full, change))
    survival = np.exp(log_survival)
    # Far left the Pfaffian loses its digits against 1, but there the union bound is an equality.
    mass = np.cumsum(density) * (edges[1] - edges[0])
    return edges, np.where(mass < _UNION, density, survival * slope)


def expected_minima(n: int, b: float) -> float:
    """Expected number of local minima on the sphere of N spins at field parameter B; exact.

    Raises ValueError unless N >= 2 and -1 < B < 1. Source: Fyodorov (2013); its limits are thesis
    eq. (2.18).
    """
    _check(n, b)
    grid, density = _smallest_eigenvalue(n, _reach(n, b))
    return float((grid[1] - grid[0]) * _weighted(n, b, grid, density).sum())


def expected_counts(n: int, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """(critical points, minima) at every field parameter in `b`; exact, arrays of its shape.

    The same numbers as `expected_critical_points` and `expected_minima`. The law of the smallest
    eigenvalue does not depend on B, so a whole curve costs little more than a point.
    """
    b = np.asarray(b, dtype=np.float64)
    for value in b.ravel():
        _check(n, float(value))
    reach = max((_reach(n, float(value)) for value in b.ravel()), default=0.0)
    edges, nodes, weights, psi, tail = _hermite(n, reach)
    density = _density(n, psi[:, : len(nodes)], tail[:, : len(nodes)], tail[:, len(nodes)])
    grid, lowest = _smallest_eigenvalue(n, reach)
    step = grid[1] - grid[0]
    points = [weights @ _weighted(n, float(v), nodes, density) for v in b.ravel()]
    minima = [step * _weighted(n, float(v), grid, lowest).sum() for v in b.ravel()]
    return np.reshape(points, b.shape), np.reshape(minima, b.shape)


def minima_by_energy(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """(u, expected number of minima per unit of u = H/N) of the pure p-spin glass; exact.

    The sum of the second times the step of the first is `expected_minima(n, 1 - 2/p)`.
    Source: Auffinger, Ben Arous & Cerny (2013); the finite-N form of thesis eq. (2.9).
    """
    if p < 2:
        raise ValueError(f"p is {p}; a p-spin Hamiltonian needs p >= 2.")
    b = 1 - 2 / p
    _check(n, b)
    grid, density = _smallest_eigenvalue(n, _reach(n, b))
    ratio = math.sqrt((p - 1) / (p * n))  # u / l_min
    return grid * ratio, _weighted(n, b, grid, density) / ratio


def _log_density(n: int, p: int) -> CubicSpline:
    """Spline of the logarithm of `minima_by_energy` where it is positive around its peak."""
    grid, density = minima_by_energy(n, p)
    top = int(density.argmax())
    first, last = (np.flatnonzero(part <= 0) for part in (density[:top], density[top:]))
    keep = slice(first[-1] + 1 if len(first) else 0, top + last[0] if len(last) else None)
    return CubicSpline(grid[keep], np.log(density[keep]))


def minima_below(n: int, p: int, u: ArrayLike) -> np.ndarray:
    """Expected number of minima with H/N <= u of the pure p-spin glass, at every entry of u; exact.

    The integral of `minima_by_energy`, whose logarithm is smooth between its grid points: relative
    error about 1e-6.
    """
    log_density = _log_density(n, p)
    fine = np.linspace(log_density.x[0], log_density.x[-1], 32 * len(log_density.x))
    below = cumulative_simpson(np.exp(log_density(fine)), dx=fine[1] - fine[0], initial=0)
    return np.interp(np.asarray(u, dtype=np.float64), fine, below)


def minima_above(n: int, p: int, u: float) -> float:
    """Expected number of minima with H/N > u; exact, with its own digits where it is small."""
    log_density = _log_density(n, p)
    low, high = max(float(u), log_density.x[0]), log_density.x[-1]
    if low >= high:
        return 0.0
    fine = np.linspace(low, high, 32 * len(log_density.x) + 1)
    return float(simpson(np.exp(log_density(fine)), x=fine))


def critical_points_per_spin(tau: float) -> float:
    """F(tau) = lim E crt / N at B = -tau/N: 2 exp(-tau/2) (I_0(tau/2) - I_1(tau/2)).

    For large tau it is (2/sqrt(pi)) tau^{-3/2}, for large negative tau `4 exp(|tau|)/sqrt(pi
    |tau|)`: the two cases of thesis eq. (2.17), which this formula joins.
    """
    x = tau / 2
    return float(2 * np.exp(abs(x) - x) * (ive(0, x) - ive(1, x)))
