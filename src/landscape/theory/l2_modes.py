"""Modes of an infinitely wide network under gradient flow with L2 regularization.

A k-homogeneous network with tangent kernel Theta, trained by gradient flow on the summed squared
error plus `lambda |theta|^2 / 2`, keeps the kernel's eigenvectors while every eigenvalue decays,
gamma(t) = gamma exp(-2(k-1) lambda t). Each mode then follows one linear equation::

    df/dt = -gamma(t) (f - y) - k lambda f,

whose solution is eq. (3) of the work. Written with tau = t - t' instead of t'::

    f(t) = exp(-k lambda t - gamma(t) h(t)) f(0)
           + gamma(t) y int_0^t exp(-gamma(t) h(tau) + (k-2) lambda tau) dtau,
    h(tau) = (exp(c tau) - 1) / c,   c = 2(k-1) lambda,

no exponent is positive for k >= 1, so nothing overflows at any gamma / lambda, and k = 1, where
the printed form divides by zero, is the ordinary case h(tau) = tau.

Time is gradient-flow time: steps times learning rate. Source: Lewkowycz & Gur-Ari (2020),
section 4 (eqs. 1-3), supplement B (eqs. S4-S10).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NEGLIGIBLE = 60.0  # an exponent below -60 adds nothing to a double
_CHUNK = 2_000_000  # numbers held at once by the quadrature


def eigenvalue(t: ArrayLike, gamma: ArrayLike, k: float, decay: float) -> np.ndarray:
    """Kernel eigenvalue gamma(t) = gamma exp(-2(k-1) decay t); ``decay`` is the work's lambda.

    Source: Lewkowycz & Gur-Ari (2020), eq. (2) and theorem 2.
    """
    return np.asarray(gamma) * np.exp(-2.0 * (k - 1.0) * decay * np.asarray(t, dtype=float))


def rate(
    t: ArrayLike, f: ArrayLike, gamma: ArrayLike, label: ArrayLike, k: float, decay: float
) -> np.ndarray:
    """df/dt of one mode: -gamma(t) (f - label) - k decay f.

    Source: Lewkowycz & Gur-Ari (2020), eq. (1) for the squared error, projected on a mode.
    """
    f = np.asarray(f, dtype=float)
    return -eigenvalue(t, gamma, k, decay) * (f - label) - k * decay * f


def mode(
    t: ArrayLike,
    gamma: ArrayLike,
    *,
    k: float,
    decay: float,
    start: ArrayLike = 0.0,
    label: ArrayLike = 1.0,
) -> np.ndarray:
    """Mode f(t) of the network function, for any k >= 1 including the linear model k = 1.

    Args:
        t: times >= 0 (gradient flow, steps x learning rate).
        gamma: kernel eigenvalue of the mode at t = 0, >= 0.
        k: degree of homogeneity (layers of a ReLU network without biases).
        decay: lambda, the coefficient of `|theta|^2 / 2`; may be 0.
        start: f(0).
        label: projection of the labels on the mode.

    Returns:
        f at the broadcast shape of ``t``, ``gamma``, ``start`` and ``label``; relative accuracy
        about 1e-13.

    Raises:
        ValueError: a negative time, eigenvalue or lambda, or k < 1.

    Source: Lewkowycz & Gur-Ari (2020), eq. (3), rewritten as the module says.
    """
    _check(t, gamma, k, decay)
    t, gamma, start, label = np.broadcast_arrays(
        *(np.asarray(v, dtype=float) for v in (t, gamma, start, label))
    )
    c = 2.0 * (k - 1.0) * decay
    begun = np.exp(-k * decay * t - gamma * _ratio(c, t)) * start
    learned = gamma * label * _memory(t.ravel(), gamma.ravel(), k, decay).reshape(t.shape)
    return begun + learned


def limit(gamma: ArrayLike, *, k: float, decay: float, label: ArrayLike = 1.0) -> np.ndarray:
    """Value of a mode at infinite time: gamma label / (gamma + decay) for k = 1, 0 for k > 1.

    Source: Lewkowycz & Gur-Ari (2020), section 4 (ridge regression; theorem 2). Needs decay > 0.
    """
    _check(0.0, gamma, k, decay)
    if decay == 0:
        raise ValueError("lambda is 0: without L2 every mode with gamma > 0 stays at its label.")
    gamma = np.asarray(gamma, dtype=float)
    if k == 1:
        return gamma * label / (gamma + decay)
    return np.zeros(np.broadcast_shapes(gamma.shape, np.shape(label)))


def bound(
    t: ArrayLike, gamma: float, *, k: float, decay: float, start: float = 0.0, label: float = 1.0
) -> np.ndarray:
    """Upper bound on `|f(t)|` that shows the decay to zero, for k >= 2.

    Source: Lewkowycz & Gur-Ari (2020), eq. (S9). Its second term carries exp(gamma(t)/c) without
    the compensating factor, so it can be inf where gamma / lambda is large and t small.

    Raises:
        ValueError: k < 2 (the proof needs it) or lambda = 0.
    """
    _check(t, gamma, k, decay)
    if k < 2 or decay == 0:
        raise ValueError(f"The bound needs k >= 2 and lambda > 0, not k = {k}, lambda = {decay}.")
    t = np.asarray(t, dtype=float)
    c = 2.0 * (k - 1.0) * decay
    now = eigenvalue(t, gamma, k, decay)
    with np.errstate(over="ignore", invalid="ignore"):
        learned = np.where(t > 0, abs(gamma * label) * np.exp(now / c) * t, 0.0)
        return np.exp(-k * decay * t) * (np.exp((now - gamma) / c) * abs(start) + learned)


def peak_time(
    gamma: float, *, k: float, decay: float, start: float = 0.0, label: float = 1.0
) -> float:
    """Time at which f / label is largest; 0 if it only falls, inf if it rises for ever (k = 1).

    In units of gradient-flow time, steps times learning rate: not in epochs as
    ``landscape.optim.predicted_l2.peak_time`` of a run. ``decay`` is the work's lambda.

    At the peak f = gamma(t) label / (gamma(t) + k lambda): the mode meets the moving fixed point
    of its equation, which falls while the mode rises, so there is one crossing.
    """
    _check(0.0, gamma, k, decay)
    if label == 0 or gamma == 0:
        raise ValueError("A mode without label or with gamma = 0 has no peak: it only decays.")

    def above(t: float) -> float:
        now = eigenvalue(t, gamma, k, decay)
        value = mode(t, gamma, k=k, decay=decay, start=start, label=label) / label
        return float(value - now / (now + k * decay))

    if above(0.0) >= 0:
        return 0.0
    if k == 1 or decay == 0:
        return np.inf
    return _crossing(above, 0.0, 1.0 / (gamma + k * decay))


def time_below(
    level: float,
    gamma: float,
    *,
    k: float,
    decay: float,
    start: float = 0.0,
    label: float = 1.0,
) -> float:
    """First time after its peak at which f / label is under ``level``; inf if never.

    Half-decay time: ``level=0.5``. nan if the peak itself is under ``level``.
    """
    if not 0 < level < np.inf:
        raise ValueError(f"level is {level}; it must be positive.")
    peak = peak_time(gamma, k=k, decay=decay, start=start, label=label)

    def under(t: float) -> float:
        value = mode(t, gamma, k=k, decay=decay, start=start, label=label) / label
        return level - float(value)

    if not np.isfinite(peak) or (k == 1 and level <= gamma / (gamma + decay)) or decay == 0:
        return np.inf
    if under(peak) >= 0:
        return np.nan
    return _crossing(under, peak, 1.0 / decay)


def evolve(
    kernel: np.ndarray,
    labels: np.ndarray,
    times: np.ndarray,
    *,
    k: float,
    decay: float,
    start: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Outputs on the training set under a kernel matrix: the modes, rotated back.

    Args:
        kernel: symmetric ``[n, n]`` tangent kernel at t = 0.
        labels: ``[n]``.
        times: ``[T]``.

    Returns:
        ``[T, n]``. The training loss is half the squared distance to ``labels``.

    Source: Lewkowycz & Gur-Ari (2020), eq. (S10), by diagonalisation.
    """
    gammas, vectors = np.linalg.eigh(kernel)
    gammas = np.clip(gammas, 0.0, None)  # rounding makes zero eigenvalues slightly negative
    begun = vectors.T @ np.broadcast_to(np.asarray(start, dtype=float), np.shape(labels))
    modes = mode(
        np.asarray(times)[:, None],
        gammas,
        k=k,
        decay=decay,
        start=begun,
        label=vectors.T @ np.asarray(labels, dtype=float),
    )
    return modes @ vectors.T


def _check(t: ArrayLike, gamma: ArrayLike, k: float, decay: float) -> None:
    for name, value in (("t", t), ("gamma", gamma), ("lambda", decay)):
        if not np.all(np.asarray(value) >= 0):
            raise ValueError(f"{name} holds a negative value or nan; it must be at least 0.")
    if not k >= 1:
        raise ValueError(f"k is {k}; the solution is written for k >= 1.")


def _ratio(c: float, tau: np.ndarray) -> np.ndarray:
    """(1 - exp(-c tau)) / c, which is tau at c = 0 (and exp(-c tau) h(tau) otherwise)."""
    return tau if c == 0 else -np.expm1(-c * tau) / c


def _memory(t: np.ndarray, gamma: np.ndarray, k: float, decay: float) -> np.ndarray:
    """exp(-c t) int_0^t exp(-gamma(t) h(tau) + (k-2) decay tau) dtau for flat t, gamma."""
    c = 2.0 * (k - 1.0) * decay
    now = gamma * np.exp(-c * t)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        # gamma(t) h(tau) passes 60 at `reach`: the rest of the integral is below rounding.
        reach = _NEGLIGIBLE / now if c == 0 else np.log1p(_NEGLIGIBLE * c / now) / c
    if k < 2 and decay > 0:  # the other factor, exp(-(2-k) lambda tau), ends slow modes earlier
        reach = np.fmin(reach, _NEGLIGIBLE / ((2.0 - k) * decay))
    reach = np.fmin(reach, t)
    # A panel of length 1/c or 60/8 decay lengths is smooth for 20 nodes; beyond 1500 / c the
    # mode underflows anyway.
    panels = int(np.clip(np.ceil(np.max(c * reach, initial=0.0)), 12, 1500))
    left = np.arange(panels)[:, None]
    share = ((left + (_NODES + 1) / 2) / panels).ravel()
    weight = np.tile(_WEIGHTS / (2 * panels), panels)

    out = np.empty_like(t)
    rows = max(1, _CHUNK // len(share))
    for first in range(0, len(t), rows):
        part = slice(first, first + rows)
        tau = reach[part, None] * share
        # gamma(t) h(tau) = gamma exp(-c (t - tau)) (1 - exp(-c tau)) / c: no growing factor.
        left_over = t[part, None] - tau
        lost = gamma[part, None] * np.exp(-c * left_over) * _ratio(c, tau)
        exponent = -lost + (k - 2.0) * decay * tau - c * t[part, None]
        out[part] = reach[part] * (np.exp(exponent) @ weight)
    return out


def _crossing(function, left: float, step: float) -> float:
    """Root of a function that is negative at ``left`` and changes sign once to the right."""
    right = left + step
    while function(right) < 0:
        left, step = right, 2 * step
        right = left + step
        if not np.isfinite(right):
            return np.inf
    return float(brentq(function, left, right, xtol=1e-14 * right, rtol=1e-13))
