"""Outputs of infinitely wide networks with L2 beside ``l2_modes``: by steps, and on other inputs.

``l2_modes`` has gradient flow on the training set. Here are gradient descent with finite steps,
inputs that were not trained on, and the kernel of infinitely many units.

Source: Lewkowycz & Gur-Ari (2020), section 4 and supplement B.
"""

from __future__ import annotations

import numpy as np


class Descent:
    """The infinitely wide network under gradient descent with steps of any length.

    A step takes the weights to a theta - step gradient, a = 1 - step lambda. Without second order
    in the gradient, which vanishes with the width, a k-homogeneous network gives::

        f <- a^k f - step a^(k-1) Theta (f - y),    Theta <- a^(2(k-1)) Theta,

    which is eq. (1) for small steps.

    Args:
        kernel: Symmetric ``[n, n]`` tangent kernel at the start.
        labels: ``[n]``.
        start: Outputs at the start, ``[n]``.
        k: Degree of homogeneity.
        decay: The L2 coefficient lambda.
    """

    def __init__(
        self, kernel: np.ndarray, labels: np.ndarray, start: np.ndarray, *, k: float, decay: float
    ):
        gammas, self._vectors = np.linalg.eigh(kernel)
        self._gammas = np.clip(gammas, 0.0, None)
        self._labels = self._vectors.T @ labels
        self._modes = self._vectors.T @ start
        self._left, self._k, self._decay = 1.0, k, decay

    def step(self, length: float) -> None:
        """One step of that length (learning rate)."""
        a = 1.0 - length * self._decay
        pull = length * a ** (self._k - 1) * self._left * self._gammas
        self._modes = a**self._k * self._modes - pull * (self._modes - self._labels)
        self._left *= a ** (2 * (self._k - 1))

    @property
    def outputs(self) -> np.ndarray:
        """f on the training set, ``[n]``."""
        return self._vectors @ self._modes

    @property
    def kernel_left(self) -> float:
        """By what factor the kernel has shrunk."""
        return self._left


def elsewhere(
    trained: np.ndarray,
    times: np.ndarray,
    kernel: np.ndarray,
    cross: np.ndarray,
    *,
    k: float,
    decay: float,
    start: np.ndarray | float = 0.0,
    start_elsewhere: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Outputs on inputs that were not trained on, from those on the training set.

    Eq. (1) drives both with the same errors, so that f(z) - exp(-k lambda t) f(z; 0) is the kernel
    regression of what the training outputs have gained, at all times.

    Args:
        trained: Outputs on the training set, ``[T, n]`` (``l2_modes.evolve``).
        times: ``[T]``.
        kernel: ``[n, n]``, invertible.
        cross: Kernel of the other inputs with the training set, ``[m, n]``.
        k: Degree of homogeneity.
        decay: The L2 coefficient lambda.
        start: Outputs on the training set at time 0.
        start_elsewhere: Outputs on the other inputs at time 0, ``[m]``.

    Returns:
        ``[T, m]``.
    """
    shrunk = np.exp(-k * decay * np.asarray(times))[:, None]
    gained = trained - shrunk * np.broadcast_to(start, trained.shape[1])
    back = np.linalg.solve(kernel, cross.T)
    return shrunk * np.broadcast_to(start_elsewhere, len(cross)) + gained @ back


def infinite_kernel(x: np.ndarray, z: np.ndarray, *, layers: int) -> np.ndarray:
    """Tangent kernel of infinitely many units a layer, ReLU, N(0, 1) weights, no biases.

    Args:
        x: ``[n, d]``; the first layer divides by sqrt(d).
        z: ``[m, d]``.
        layers: Weight layers k.

    Returns:
        ``[n, m]``, by the recursion of Jacot et al. (2018) with the arc-cosine kernels.
    """
    size = x.shape[1]
    covariance = x @ z.T / size
    left, right = (x**2).sum(1)[:, None] / size, (z**2).sum(1)[None] / size
    kernel = covariance.copy()
    for _ in range(layers - 1):
        length = np.sqrt(left * right)
        cosine = np.clip(covariance / length, -1.0, 1.0)
        angle = np.arccos(cosine)
        slope = (np.pi - angle) / (2 * np.pi)
        covariance = length * (np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi)
        kernel = covariance + slope * kernel
        left, right = left / 2, right / 2
    return kernel
