r"""Errata of Chaudhari (2018) on local entropy, chapters 3 and 4: 7 to 12, and three statements.

Checks integrate the definitions: adaptively in one dimension, on a grid in two. The loss of one
weight is `line_loss.WIDE_AND_SHARP` (figure 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from landscape.errata.entry import Row, erratum
from landscape.errors import LandscapeError
from landscape.theory import line_entropy
from landscape.theory.line_loss import PLATEAU, WIDE_AND_SHARP

_STEP = 1e-3  # of central differences
_WHERE = r"$x = {:g}$, $\gamma = {:g}$"


def _loss(y: float) -> float:
    """`line_loss.WIDE_AND_SHARP` in plain floats, which adaptive quadrature asks for one by one."""
    wells = sum(well.depth * math.exp(-(((y - well.centre) / well.width) ** 2) / 2)
                for well in WIDE_AND_SHARP.wells)  # fmt: skip
    return WIDE_AND_SHARP.offset + WIDE_AND_SHARP.bowl * y * y / 2 - wells


def _mean(what: Callable[[float], float], x: float, gamma: float) -> float:
    """Integral of what(y) exp(-f(y) - (x-y)^2/2 gamma), by adaptive quadrature around x."""
    reach = 12 * math.sqrt(gamma)
    marks = [x, *(w.centre + k * w.width for w in WIDE_AND_SHARP.wells for k in (-2, 0, 2))]
    return quad(lambda y: what(y) * math.exp(-_loss(y) - (x - y) ** 2 / (2 * gamma)), x - reach,
                x + reach, points=[m for m in marks if abs(m - x) < reach], epsabs=1e-14,
                epsrel=1e-11, limit=400)[0]  # fmt: skip


def _f_gamma(x: float, gamma: float) -> float:
    """Eq. (3.9), as printed."""
    return -math.log(_mean(lambda y: 1.0, x, gamma))


def shannon(x: float, gamma: float) -> float:
    """H of remark 3.4 from the density itself, with the loss of figure 3.2."""
    z = math.exp(-_f_gamma(x, gamma))
    return _mean(lambda y: _loss(y) + (x - y) ** 2 / (2 * gamma) + math.log(z), x, gamma) / z


def _difference(function: Callable[[float], float], x: float, step: float = _STEP) -> float:
    """Derivative by central differences of fourth order."""
    values = [function(x + k * step) for k in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


@erratum("7", "sign of the gradient of local entropy",
         {"thesis": "eqs. (3.10), (4.23), section 4.3.2"})  # fmt: skip
def gradient_sign(x: float = -1.0, gamma: float = 0.1) -> list[Row]:
    """Erratum 7: the gradient, and the mean distance against the time mean of y."""
    slope = float(line_entropy.local(WIDE_AND_SHARP, x, gamma).slope)
    mean = x - gamma * slope  # <y>, to which the time mean of an ergodic y tends
    z = _mean(lambda y: 1.0, x, gamma)
    distance = _mean(lambda y: x - y, x, gamma) / z
    where = _WHERE.format(x, gamma)
    return [
        Row(rf"$\nabla f_\gamma$, {where}", -distance / gamma, distance / gamma,
            _difference(lambda at: _f_gamma(at, gamma), x), "differences of eq. (3.9)", 1e-6),
        Row(rf"$\langle x-y\rangle$, {where}", mean, x - mean, distance, "quadrature", 1e-6),
    ]  # fmt: skip


@erratum("8", "Gibbs measure of a quadratic loss", {"thesis": "lemma 4.4"})
def quadratic_measure(gamma: float = 0.5, narrow: float = 0.02) -> list[Row]:
    """Erratum 8: mean and covariance of rho_2 of a quadratic loss of two weights, beta = 1."""
    x = np.array([0.4, -0.3])
    gradient, hessian = np.array([0.5, 0.2]), np.array([[2.0, 0.6], [0.6, 1.0]])
    unit = np.eye(2)
    printed, right = (np.linalg.inv(hessian + unit * c) for c in (gamma, 1 / gamma))
    mean, covariance = _moments(gradient, hessian, gamma)
    _, tight = _moments(gradient, hessian, narrow)
    how = "two-dimensional quadrature of eq. (4.14)"
    rows = [
        Row(rf"$\mu_{k + 1}$, $\gamma = {gamma:g}$", float((x - printed @ gradient)[k]),
            float((right @ gradient)[k]), float(mean[k]), how, 1e-6)
        for k in (0, 1)
    ]  # fmt: skip
    rows += [
        Row(rf"$\Sigma_{{1{k + 1}}}$, $\gamma = {gamma:g}$", float(printed[0, k]),
            float(right[0, k]), float(covariance[0, k]), how, 1e-6)
        for k in (0, 1)
    ]  # fmt: skip
    expansions = (unit / narrow - hessian / narrow**2, unit * narrow - hessian * narrow**2)
    return [
        *rows,
        Row(rf"$\Sigma_{{11}}$ by its expansion, $\gamma = {narrow:g}$",
            *(float(one[0, 0]) for one in expansions), float(tight[0, 0]), how, 0.01),
    ]  # fmt: skip


def _moments(
    gradient: np.ndarray, hessian: np.ndarray, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of ``exp(-f(x-y) - |y|^2/2 gamma)``, f(x-y) = -p.y + y.Qy/2."""
    side = np.linspace(-10, 10, 401) * math.sqrt(gamma)
    y = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    energy = -y @ gradient + ((y @ hessian) * y).sum(1) / 2 + (y**2).sum(1) / (2 * gamma)
    weight = np.exp(energy.min() - energy)
    weight /= weight.sum()
    mean = weight @ y
    return mean, (weight[:, None] * (y - mean)).T @ (y - mean)


@erratum("9", "the viscous solution of a quadratic", {"thesis": "example 4.12"})
def quadratic_solution(
    c: float = 4.0, beta: float = 2.0, x: float = 0.7, t: float = 0.5, steep: float = 1e8
) -> list[Row]:
    """Erratum 9: u, its Laplacian, and the number in the text, in one dimension."""

    def u(at: float, time: float) -> float:
        spread = math.sqrt(time / beta)
        mass = quad(lambda s: math.exp(-beta * c * (at + spread * s) ** 2 / 2 - s * s / 2),
                    -20, 20, points=[-at / spread], epsabs=1e-14)[0]  # fmt: skip
        return -math.log(mass / math.sqrt(2 * math.pi)) / beta

    h = 1e-2  # u is a parabola: the second difference is exact
    bend = (u(x + h, t) - 2 * u(x, t) + u(x - h, t)) / h**2
    parabola = x**2 / (2 * (t + 1 / c))
    short = 0.01
    # Without noise u = min over y of c y^2/2 + (1-y)^2/2t at x = 1 is half the curvature.
    scale = 1 / (1 + steep * short)
    least = minimize_scalar(
        lambda s: steep * (s * scale) ** 2 / 2 + (1 - s * scale) ** 2 / (2 * short),
        bracket=(0.0, 3.0), tol=1e-12,
    )  # fmt: skip
    where = rf"$c = {c:g}$, $\beta = {beta:g}$, $t = {t:g}$"
    return [
        Row(rf"$u({x:g}, t)$, {where}", parabola + math.log(t + 1 / c) / (2 * beta),
            parabola + math.log1p(c * t) / (2 * beta), u(x, t), "quadrature of eq. (4.11)", 1e-8),
        Row(rf"$\Delta u$, {where}", 1 / (t + 1), 1 / (t + 1 / c), bend,
            "second difference of the same", 1e-6),
        Row(rf"$C({short:g})$, $c = 10^{{{math.log10(steep):.0f}}}$", 10.0, 1 / (1 / steep + short),
            2 * float(least.fun), "minimum of eq. (4.15) by search", 1e-6),
    ]  # fmt: skip


@erratum("10", "the bound from uniform stability", {"thesis": "theorem 3.6, eq. (3.17)"})
def stability_power(samples: int = 100_000, steps: int = 100_000) -> list[Row]:
    """Erratum 10: how the bound grows with the Lipschitz constant, c = 1.

    The check follows the growth of the distance of two runs that Hardt et al. (2016) bound, step by
    step, and takes the best step at which they may begin to differ.
    """
    rows = []
    for smooth in (0.5, 1.0):
        low, high = (_stability(lipschitz, smooth, samples, steps) for lipschitz in (1.0, 2.0))
        rows.append(
            Row(rf"power of $\alpha$ in the bound, $\mu = {smooth:g}$, $c = 1$", 1 / (1 + smooth),
                2 / (1 + smooth), math.log2(high / low), "the proof's recursion, best start", 0.02)
        )  # fmt: skip
    return rows


def _stability(lipschitz: float, smooth: float, samples: int, steps: int) -> float:
    """min over t0 of t0/n + L delta_T, delta from 0 at t0 by the expansion of every step t.

    With rate 1/t: delta <- (1 + (1 - 1/n) mu/t) delta + 2 L/(n t).
    """
    t = np.arange(1, steps + 1)
    logs = np.log1p((1 - 1 / samples) * smooth / t)
    later = logs.sum() - np.cumsum(logs)  # growth after step t
    added = 2 * lipschitz / (samples * t) * np.exp(later)
    distance = added.sum() - np.cumsum(added)  # of runs that differ from step t + 1 on
    return float((t / samples + lipschitz * distance).min())


@erratum("11", "local entropy near a minimum", {"thesis": "section 4.5.3.1"})
def near_a_minimum(gamma: float = 0.1) -> list[Row]:
    """Erratum 11: how much higher local entropy is at the sharper of two minima of equal loss."""

    def exact(curvatures: tuple[float, float]) -> float:
        side = np.linspace(-12, 12, 2001) * math.sqrt(gamma)
        mass = [np.exp(-(c + 1 / gamma) * side**2 / 2).sum() * (side[1] - side[0])
                for c in curvatures]  # fmt: skip
        return -math.log(mass[0] * mass[1])

    def half_logarithms(curvatures: tuple[float, float]) -> float:
        return sum(math.log(c + 1 / gamma) for c in curvatures) / 2

    rows = []
    for wide, sharp in (((1.0, 1.0), (1.0, 5.0)), ((0.5, 2.0), (3.0, 50.0))):
        name = rf"$\lambda = ({sharp[0]:g}, {sharp[1]:g})$ against $({wide[0]:g}, {wide[1]:g})$"
        right = half_logarithms(sharp) - half_logarithms(wide)
        check, how = exact(sharp) - exact(wide), "quadrature of eq. (3.1)"
        rows += [Row(f"{name}, last line", sum(sharp) - sum(wide), right, check, how, 1e-8),
                 Row(f"{name}, line before", 2 * right, right, check, how, 1e-8)]  # fmt: skip
    return rows


@erratum("12", "gradient of Shannon entropy", {"thesis": "eq. (3.13)"})
def shannon_gradient(gamma: float = 0.1, places: tuple[float, ...] = (-1.5, 0.3)) -> list[Row]:
    """Erratum 12: the correlation of eq. (3.13) with either g against differences of the entropy.

    Raises:
        LandscapeError: for gamma = 1, where both forms are one.
    """
    if gamma == 1:
        raise LandscapeError("with gamma = 1 the printed g is the corrected one; take another.")
    rows = []
    for x in places:
        z = _mean(lambda y: 1.0, x, gamma)

        def slope(weight: float, x: float = x, z: float = z) -> float:
            def g(y: float) -> float:
                return _loss(y) + weight / 2 * (x - y) ** 2

            both = _mean(lambda y: g(y) * (x - y), x, gamma) / z
            alone = _mean(g, x, gamma) * _mean(lambda y: x - y, x, gamma) / z**2
            return -(both - alone) / gamma

        check = _difference(lambda at: shannon(at, gamma), x)
        rows.append(Row(rf"$\nabla H$, {_WHERE.format(x, gamma)}", slope(gamma), slope(1 / gamma),
                        check, r"differences of $-\int\rho\log\rho$", 1e-5))  # fmt: skip
    return rows


@erratum("shannon-entropy", "where Shannon entropy is smallest", {"thesis": "remark 3.4"})
def smallest_shannon_entropy(gamma: float = 0.1) -> list[Row]:
    """Remark 3.4: Shannon entropy would be smallest on a wide region of high loss.

    The corrected differences are Laplace's: half the logarithm of the ratio of 1 + gamma f''.
    """
    wide, sharp = (side.place for side in line_entropy.sides(WIDE_AND_SHARP, None))
    grid = np.linspace(-5, 5, 101)
    least = float(grid[np.argmin([shannon(float(x), gamma) for x in grid])])
    stiff = {x: math.log1p(gamma * float(WIDE_AND_SHARP.curvature(x)))
             for x in (wide, sharp, PLATEAU)}  # fmt: skip
    at = {x: shannon(x, gamma) for x in stiff}
    how = r"quadrature of $-\int\rho\log\rho$"
    return [
        Row(rf"place of the smallest, $\gamma = {gamma:g}$ (plateau {PLATEAU:g}, sharp valley "
            f"{sharp:.2g})", PLATEAU, sharp, least, how, 0.02),
        Row("plateau minus sharp valley", None, (stiff[sharp] - stiff[PLATEAU]) / 2,
            at[PLATEAU] - at[sharp], how, 0.1),
        Row("plateau minus wide valley", None, (stiff[wide] - stiff[PLATEAU]) / 2,
            at[PLATEAU] - at[wide], how, 0.1),
    ]  # fmt: skip


@erratum("vanishing-scope", "local entropy of a vanishing scope", {"thesis": "section 3.1.2"})
def vanishing_scope(gammas: tuple[float, ...] = (1e-2, 1e-4, 1e-6)) -> list[Row]:
    """Section 3.1.2: for gamma -> 0 eq. (3.9) would tend to the loss; it tends to infinity."""
    return [
        Row(rf"$f_\gamma - f$ on the plateau, $\gamma = 10^{{{math.log10(gamma):.0f}}}$", 0.0,
            -line_entropy.unnormalised(gamma), _f_gamma(PLATEAU, gamma) - _loss(PLATEAU),
            "quadrature of eq. (3.9)", 1e-3)
        for gamma in gammas
    ]  # fmt: skip


@erratum("averaged-loss", "what averaging the loss can do", {"thesis": "section 3.4"})
def averaged_loss(spread: float = 10.0) -> list[Row]:
    """Section 3.4: averaging a loss would not prefer a wide valley that is shallower.

    Two Gaussian wells with the widths of figure 3.2, far from each other, under a broad kernel: how
    deep the sharp one may be before the averaged loss is lower there.
    """
    wide, sharp = WIDE_AND_SHARP.wells

    def kept(width: float) -> float:
        """Part of a well's depth that the average at its centre keeps, by quadrature."""
        return quad(lambda y: math.exp(-(y**2) / (2 * width**2) - y**2 / (2 * spread**2)), -np.inf,
                    np.inf, epsabs=1e-14)[0] / (spread * math.sqrt(2 * math.pi))  # fmt: skip

    shares = kept(wide.width), kept(sharp.width)
    most = brentq(lambda depth: depth * shares[1] - shares[0], 0.1, 1e3)
    return [
        Row("depth of the sharp valley at which both are level, that of the wide one being 1",
            1.0, wide.width / sharp.width, most, f"quadrature, kernel of width {spread:g}", 0.02),
    ]  # fmt: skip
