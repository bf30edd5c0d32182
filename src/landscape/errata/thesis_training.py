r"""Errata of Chaudhari (2018), chapters 3 to 5, on what is trained and how: 14, 26, 28 and 30.

Signs, a scaled step and limits are tried on quadratic losses.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from landscape.errata.entry import Row, erratum
from landscape.errors import LandscapeError


@erratum("14", "signs of the inner dynamics", {"thesis": "eq. (4.3) and section 4.3.3"})
def inner_signs(curvature: float = 3.0, scope: float = 0.1, place: float = 1.0) -> list[Row]:
    """Erratum 14: rest and stability of Y, and the master of Elastic-SGD.

    f(x) = curvature x^2 / 2. Y = X - y belongs to F(Y) = f(X - Y) + Y^2 / (2 scope), whose
    minimum is searched for; the master is followed by the discrete update (5.4b) in small steps.

    Raises:
        LandscapeError: for curvature scope = 1, where the printed dynamics has no place to rest.
    """
    if curvature * scope == 1:
        raise LandscapeError(
            "with curvature scope = 1 the printed dynamics has no place to rest; change one."
        )
    corrected = _rest_of_inner(curvature, scope, place, sign=1.0)
    printed = _rest_of_inner(curvature, scope, place, sign=-1.0)

    def objective(y: float, width: float) -> float:
        return curvature * (place - y) ** 2 / 2 + y**2 / (2 * width)

    least = minimize_scalar(objective, args=(scope,), bracket=(-1.0, 1.0), tol=1e-12).x
    wide = 1.0
    bend = objective(1.0, wide) - 2 * objective(0.0, wide) + objective(-1.0, wide)
    steps = 1000
    apart = 1.0
    for _ in range(steps):  # X <- X - (X - mean of the replicas) / steps, the replicas held
        apart -= apart / steps
    return [
        Row(rf"$Y$ at rest, curvature {curvature:g}, $\gamma = {scope:g}$, $X = {place:g}$",
            printed, corrected, float(least), r"minimum of $f(X-Y)+Y^2/2\gamma$ by search", 1e-6),
        Row(rf"growth rate of a deviation of $Y$, curvature {curvature:g}, $\gamma = {wide:g}$",
            curvature - 1 / wide, -curvature - 1 / wide, -bend,
            r"second difference of $f(X-Y)+Y^2/2\gamma$", 1e-9),
        Row(r"$X-\bar Y$ after a time $\gamma$, replicas held, from 1", math.e, 1 / math.e, apart,
            f"{steps} steps of eq. (5.4b)", 1e-3),
    ]  # fmt: skip


def _rest_of_inner(curvature: float, scope: float, place: float, sign: float) -> float:
    """Rest of dY = -Y / scope + sign f'(place - Y)."""
    return sign * curvature * place / (1 / scope + sign * curvature)


@erratum("26", "the scaled step of Entropy-SGD", {"thesis": "section 3.2.3"})
def scaled_step(
    scope: float = 1e4, rate: float = 1.0, weights: int = 10, seed: int = 0
) -> list[Row]:
    """Erratum 26: the outer step of Entropy-SGD scaled by the scope, from x towards z.

    `scope` and `rate` are those that training on MNIST starts from (section 3.3.2). The check is
    the effect that the text gives for this rate: the weights become z.
    """
    rng = np.random.default_rng(seed)
    x, z = rng.standard_normal((2, weights))

    def share(moved: np.ndarray) -> float:
        return float(np.linalg.norm(moved - x) / np.linalg.norm(z - x))

    return [
        Row(rf"share of the way from $x$ to $z$, $\gamma = {scope:g}$, $\eta' = {rate:g}$",
            share(x - rate / scope * (x - z)), share(x - rate * (x - z)), share(z),
            "the stated effect, $x$ becomes $z$", 1e-9)
    ]  # fmt: skip


@erratum("28", "limits of Parle", {"thesis": "section 5.3.1"})
def parle_limits(
    steps: int = 50, lr: float = 0.1, coupling: float = 0.3, seed: int = 0
) -> list[Row]:
    """Erratum 28: Parle with L = 1 and an infinite scope, beside SGD and Elastic-SGD.

    Five weights, a quadratic loss whose minimum jumps from batch to batch. With a fixed
    eta^(1) the factor eta^(1) / gamma of eq. (5.8c) is 0; with eta^(1) = eta gamma it is eta.
    """
    rng = np.random.default_rng(seed)
    curvature = np.linspace(0.5, 2.0, 5)
    start = np.full(5, 3.0)
    centres = rng.standard_normal((steps, 3, 5))

    def gradient(step: int, x: np.ndarray) -> np.ndarray:  # [replicas, 5]
        return curvature * (x - centres[step, : len(x)])

    def moved(ratio: float, alpha: float, replicas: int, pull: float, count: int = steps) -> float:
        x, master = np.tile(start, (replicas, 1)), start.copy()
        for k in range(count):
            y = x - lr * gradient(k, x)  # the proximal term of (5.8a) is 0: y starts at x
            z = alpha * x + (1 - alpha) * y
            x, master = (x - ratio * (x - z) - pull * (x - master),
                         master - (master - x.mean(0)))  # fmt: skip
        return float(np.linalg.norm(master - start))

    def elastic(replicas: int, pull: float, count: int = steps) -> float:
        """Eqs. (5.4a) and (5.4b) with n eta' = rho; SGD for one replica without a pull."""
        x, master = np.tile(start, (replicas, 1)), start.copy()
        for k in range(count):
            x, master = x - lr * gradient(k, x) - pull * (x - master), x.mean(0)
        return float(np.linalg.norm(master - start))

    how = f"eqs. (5.4), {steps} batches"
    one = elastic(1, 0.0, 2)  # the master lags one step: after two it shows the first
    return [
        Row(rf"distance moved in {steps} steps, one replica, $\rho = \infty$",
            moved(0.0, 0.0, 1, 0.0), moved(1.0, 0.0, 1, 0.0), elastic(1, 0.0),
            f"SGD, {steps} batches"),
        Row(f"distance of the master after {steps} steps, three replicas",
            moved(0.0, 0.0, 3, lr * coupling), moved(1.0, 0.0, 3, lr * coupling),
            elastic(3, lr * coupling), how),
        Row(r"first step in units of SGD's, $\eta = 1$, $\alpha = 0.25$", 1.0, 1 - 0.25,
            moved(1.0, 0.25, 1, 0.0, 2) / one, "eqs. (5.8)"),
        Row(r"first step in units of SGD's, $\eta = 0.5$, $\alpha = 0$", 1.0, 0.5,
            moved(0.5, 0.0, 1, 0.0, 2) / one, "eqs. (5.8)"),
    ]  # fmt: skip


@erratum("30", "size of the network smallfc", {"thesis": "section 3.3.1"})
def small_network(stated: int = 50_890, inputs: int = 784, classes: int = 10) -> list[Row]:
    """Erratum 30: weights of "smallfc" with the stated 32 hidden units and with 64."""

    def weights(hidden: int) -> float:
        return float((inputs + 1) * hidden + (hidden + 1) * classes)

    return [
        Row("weights and biases of smallfc", weights(32), weights(64), float(stated),
            "the number stated beside it")
    ]  # fmt: skip
