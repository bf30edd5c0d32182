r"""Local entropy from the Hessian: Laplace's approximation, and the slope that a solution has left.

With the normalised kernel and at inverse temperature beta (``local_entropy``), for a loss that is
quadratic around x with gradient g and Hessian H::

    u(x) = f(x) - (gamma/2) g^T (I + gamma H)^{-1} g + (1/(2 beta)) sum_i log(1 + gamma lambda_i)

The second term is what descending from x gains, the third what the valley's walls cost: a wide
valley has a small one. Chaudhari (2018), section 4.5.3.1, has the third at a minimum, where g = 0,
as a sum of ``lambda_i + 1/gamma`` (erratum 11).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from landscape.errors import LandscapeError

from .curvature import products
from .mean_loss import MeanLoss


def log_widths(eigenvalues: np.ndarray, gamma: float) -> np.ndarray:
    """log(1 + gamma lambda) of each eigenvalue; NaN where the valley has no wall that holds."""
    inside = 1 + gamma * np.asarray(eigenvalues, dtype=np.float64)
    return np.log(np.where(inside > 0, inside, np.nan))


def width_term(eigenvalues: np.ndarray, gamma: float, beta: float) -> float:
    """(1/(2 beta)) sum_i log(1 + gamma lambda_i), the cost of the walls, in units of the loss.

    NaN where 1 + gamma lambda is not positive: the Gaussian integral does not exist there.
    """
    return float(log_widths(eigenvalues, gamma).sum() / (2 * beta))


def slope_term(f: MeanLoss, gamma: float, tolerance: float = 1e-4, most: int = 200) -> float:
    """(gamma/2) g^T (I + gamma H)^{-1} g at `f.weights`, by conjugate gradients.

    Raises:
        LandscapeError: I + gamma H is not positive along a direction that was met, or the
            iteration did not end.
    """
    slope = f.gradient(f.weights)
    x, residual = torch.zeros_like(slope), slope.clone()
    direction, square = residual.clone(), residual @ residual
    wanted = tolerance**2 * float(square)
    for _ in range(most):
        if float(square) <= wanted:
            return float(gamma / 2 * (slope @ x))
        image = direction + gamma * products(f, direction)
        along = direction @ image
        if not float(along) > 0:
            raise LandscapeError(
                f"I + gamma H is not positive at gamma={gamma:g}: use a smaller gamma."
            )
        x = x + square / along * direction
        residual = residual - square / along * image
        new = residual @ residual
        direction, square = residual + new / square * direction, new
    raise LandscapeError(f"{most} products were not enough to invert I + gamma H.")


class Levelled(MeanLoss):
    """A loss without its slope at the weights: f(y) - g^T (y - x), g the gradient at x.

    Its local entropy minus f(x) is the cost of the walls alone, at any point and not at minima
    only. Mini-batches keep the mean slope taken out, not their own.
    """

    def __init__(self, f: MeanLoss):
        super().__init__(
            f.network, f.inputs, f.targets, loss=f.loss, weight_decay=f.weight_decay,
            chunk=f.chunk, dtype=f.dtype,
        )  # fmt: skip
        self.slope = f.gradient(f.weights)

    def value(self, weights: Tensor) -> Tensor:
        """The levelled loss at weights [d], or at each row of [k, d]."""
        return super().value(weights) - (weights - self.weights) @ self.slope

    def gradient(self, weights: Tensor) -> Tensor:
        """Its gradient [d]."""
        return super().gradient(weights) - self.slope

    def gradients_and_values(
        self, weights: Tensor, which: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Gradients [k, d] and values [k] at each row of weights [k, d]."""
        slopes, values = super().gradients_and_values(weights, which)
        return slopes - self.slope, values - (weights - self.weights) @ self.slope
