r"""Local entropy of a loss of one weight, by quadrature: value, derivatives, Shannon entropy.

With the normalised kernel, at inverse temperature beta (Chaudhari 2018, eq. 4.11)::

    u(x) = -(1/beta) log E exp(-beta f(y)),   y ~ N(x, gamma/beta)

For beta = 1 it is the work's f_gamma (eqs. 3.1, 3.9) plus (1/2) log(2 pi gamma), and only this form
tends to f for gamma -> 0. Averages over the local Gibbs distribution
rho(y) ~ exp(-beta f(y) - beta (x - y)^2 / (2 gamma)) give the rest::

    u' = (x - <y>) / gamma,   u'' = (1 - beta Var(y) / gamma) / gamma,
    H(rho) = beta <f> + beta <(x - y)^2> / (2 gamma) + log Z

The trapezoidal rule on nodes at equal distances converges faster than any power here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from .line_loss import LineLoss, Well

_CHUNK = 1_000_000  # numbers held at a time
_GAMMAS = np.geomspace(1e-5, 1e2, 36)


class Local(NamedTuple):
    """What the neighbourhood of each point says, float64 arrays of its shape.

    Attributes:
        value: Local entropy u with a normalised kernel, in units of the loss.
        slope: du/dx. curvature: d2u/dx2.
        shannon: Entropy of rho in nats.
    """

    value: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    shannon: np.ndarray


class Lowest(NamedTuple):
    """Where a function is lowest on an interval, and how low."""

    place: float
    value: float


def local(loss: LineLoss, x: ArrayLike, gamma: float, beta: float = 1.0) -> Local:
    """Local entropy and what belongs to it at points ``x``, see the module.

    Args:
        loss: The loss f.
        x: Points, any shape.
        gamma: Scope > 0, in squared units of the weight.
        beta: Inverse temperature > 0.

    Raises:
        ValueError: gamma or beta is not a positive number.
    """
    for name, number in (("gamma", gamma), ("beta", beta)):
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"{name} must be a positive number, not {number!r}.")
    x = np.asarray(x, dtype=float)
    spread = math.sqrt(gamma / beta)
    # As far as a well may outweigh the Gaussian, and a tail of e^-40 beyond.
    reach = math.sqrt(2 * (beta * loss.depth + 40))
    gap = min(0.5, 0.75 * loss.finest(beta) / spread)
    nodes = np.arange(-math.ceil(reach / gap), math.ceil(reach / gap) + 1) * gap
    flat, step = x.ravel(), max(1, _CHUNK // len(nodes))
    parts = [_moments(loss, flat[k : k + step], nodes, spread, beta)
             for k in range(0, len(flat), step)]  # fmt: skip
    log_mass, mean, variance, energy = np.concatenate(parts, axis=1).reshape(4, *x.shape)
    log_mass = log_mass + math.log(gap / math.sqrt(2 * math.pi))
    return Local(
        value=-log_mass / beta,
        slope=-mean * spread / gamma,
        curvature=(1 - variance) / gamma,
        shannon=energy + log_mass + 0.5 * math.log(2 * math.pi) + math.log(spread),
    )


def _moments(
    loss: LineLoss, x: np.ndarray, nodes: np.ndarray, spread: float, beta: float
) -> np.ndarray:
    """[4, len(x)]: log of the sum of weights; mean and variance of the nodes; mean energy."""
    energy = beta * loss.value(x[:, None] + spread * nodes) + nodes**2 / 2
    least = energy.min(1, keepdims=True)
    weight = np.exp(least - energy)
    total = weight.sum(1)
    mean = weight @ nodes / total
    variance = (weight * (nodes - mean[:, None]) ** 2).sum(1) / total
    return np.stack(
        [np.log(total) - least[:, 0], mean, variance, (weight * energy).sum(1) / total]
    )


def unnormalised(gamma: float, beta: float = 1.0) -> float:
    """What eq. (3.9) lacks: u is beta^-1 times the printed f_gamma plus this constant."""
    return math.log(2 * math.pi * gamma / beta) / (2 * beta)


def lowest(
    loss: LineLoss, left: float, right: float, gamma: float | None, beta: float = 1.0
) -> Lowest:
    """The lowest value of local entropy on an interval, of the loss itself for ``gamma`` None.

    A grid with the centres of all wells, then three closer looks; the place is good to 1e-5 of
    the interval's length.
    """

    def values(points: np.ndarray) -> np.ndarray:
        return loss.value(points) if gamma is None else local(loss, points, gamma, beta).value

    inside = [well.centre for well in loss.wells if left < well.centre < right]
    points = np.sort([*np.linspace(left, right, 121), *inside])
    apart = (right - left) / 120
    for _ in range(4):
        found = values(points)
        best = int(found.argmin())
        place = float(points[best])
        points = np.linspace(max(left, place - apart), min(right, place + apart), 21)
        apart /= 10
    return Lowest(place, float(found[best]))


def sides(
    loss: LineLoss, gamma: float | None, beta: float = 1.0, reach: float = 4.0
) -> tuple[Lowest, Lowest]:
    """Where local entropy is lowest left and right of the middle between the first two wells.

    Args:
        loss: With the wide well first, left of the other.
        gamma: Scope, or None for the loss itself.
        beta: Inverse temperature.
        reach: How far beyond the wells is looked.
    """
    wide, sharp = loss.wells[:2]
    middle = (wide.centre + sharp.centre) / 2
    return (lowest(loss, wide.centre - reach, middle, gamma, beta),
            lowest(loss, middle, sharp.centre + reach, gamma, beta))  # fmt: skip


def crossing(loss: LineLoss, beta: float = 1.0) -> float:
    """The scope from which on the wide side is the lower one; infinite where it never is.

    Source: Chaudhari (2018), section 3.1 and figure 3.2. Scopes from 1e-5 to 100 are looked at; 0
    where the wide side is lower in the loss already.
    """

    def ahead(log_gamma: float | None) -> float:
        gamma = None if log_gamma is None else math.exp(log_gamma)
        wide, sharp = sides(loss, gamma, beta)
        return wide.value - sharp.value

    if ahead(None) < 0:
        return 0.0
    logs = np.log(_GAMMAS)
    for low, high in zip(logs, logs[1:], strict=False):
        if ahead(high) < 0:
            return math.exp(brentq(ahead, low, high, xtol=1e-6)) if ahead(low) > 0 else 0.0
    return math.inf


def crossing_of(
    loss: LineLoss, wide: float, sharp: float, beta: float = 1.0, widest: float = 3.0
) -> float:
    """The scope from which on local entropy at one place is below that at another.

    Cheaper than `crossing`, and the same while the valleys do not merge.

    Args:
        loss: The loss.
        wide: The place that wins for large scopes. sharp: The other.
        beta: Inverse temperature.
        widest: The largest scope that is tried; infinite is returned where it is not enough.
    """

    def ahead(log_gamma: float) -> float:
        at_wide, at_sharp = local(loss, [wide, sharp], math.exp(log_gamma), beta).value
        return at_wide - at_sharp

    if loss.value(wide) < loss.value(sharp):
        return 0.0
    logs = np.log(np.geomspace(1e-6, widest, 28))
    for low, high in zip(logs, logs[1:], strict=False):
        if ahead(high) < 0:
            return math.exp(brentq(ahead, low, high, xtol=1e-6)) if ahead(low) > 0 else 0.0
    return math.inf


def laplace(value: float, curvature: float, gamma: ArrayLike, beta: float = 1.0) -> np.ndarray:
    """Local entropy at a minimum by Laplace's method: f + log(1 + gamma f'') / (2 beta).

    Source: Chaudhari (2018), section 4.5.3.1, with the factor 1/2 that the print lacks (erratum
    11) and the normalised kernel. Exact for quadratic losses.
    """
    return value + np.log1p(np.asarray(gamma, dtype=float) * curvature) / (2 * beta)


def laplace_crossing(gap: float, wide: float, sharp: float, beta: float = 1.0) -> float:
    """The same scope by Laplace's method; infinite where the wide minimum never wins.

    Args:
        gap: How much deeper the sharp minimum is, >= 0.
        wide: Curvature at the wide minimum. sharp: At the sharp one.
        beta: Inverse temperature.
    """
    factor = math.exp(min(2 * beta * gap, 700.0))
    return (factor - 1) / (sharp - factor * wide) if factor * wide < sharp else math.inf


def well_mass(well: Well, beta: float = 1.0) -> float:
    """Integral of exp(beta depth e^(-y^2/2 width^2)) - 1: what a well adds to the partition sum.

    The scope being far wider than two wells, and these far apart, the one with more of it is the
    deeper one in local entropy.
    """
    nodes = np.linspace(-9, 9, 4001)
    bump = np.expm1(beta * well.depth * np.exp(-(nodes**2) / 2))
    return float(well.width * bump.sum() * (nodes[1] - nodes[0]))
