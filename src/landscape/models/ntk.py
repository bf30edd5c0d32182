"""Two-layer ReLU network in NTK parameterisation (Lewkowycz & Gur-Ari 2020, figure 5c).

All weights start as N(0, 1) and the 1/sqrt(width) factors stand in the function, so the
gradient flow has a limit at infinite width. Without biases the function is homogeneous of
degree k = 2 in the weights, which is what the theory of that work needs.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .checks import ModelError, positive


class NTKTwoLayer(nn.Module):
    """f(x) = sigma_w^2 / sqrt(n) * sum_a v_a relu(w_a . x / sqrt(d)), w and v drawn as N(0, 1).

    Input ``[batch, in_channels, size, size]`` or ``[batch, d]``, output ``[batch, classes]``.

    Raises:
        ModelError: an option out of its range or an input with another number of values.
    """

    def __init__(self, *, width: int, sigma_w: float, classes: int, in_channels: int, size: int):
        super().__init__()
        positive(width=width, classes=classes, in_channels=in_channels, size=size)
        if not sigma_w > 0:
            raise ModelError(f"Option sigma_w={sigma_w!r} must be positive.")
        self.inputs = in_channels * size * size
        self.first_scale = sigma_w / math.sqrt(self.inputs)
        self.second_scale = sigma_w / math.sqrt(width)
        self.first = nn.Parameter(torch.randn(width, self.inputs))
        self.second = nn.Parameter(torch.randn(classes, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs [batch, classes] of images [batch, channels, height, width]."""
        hidden = F.relu(self.first_scale * F.linear(self._flat(x), self.first))
        return self.second_scale * F.linear(hidden, self.second)

    @torch.no_grad()
    def kernel(self, x: torch.Tensor) -> torch.Tensor:
        """Empirical tangent kernel Theta(x, x') = grad f(x) . grad f(x') of a scalar output.

        Closed form: read-out part phi.phi' and first-layer part (x.x') sum_a v_a^2 1 1', with the
        parameterisation's factors. Input ``[n, ...]``, output ``[n, n]``.

        Source: Lewkowycz & Gur-Ari (2020), section 4.

        Raises:
            ModelError: the network has more than one output.
        """
        if self.second.shape[0] != 1:
            raise ModelError("The tangent kernel is defined here for one output: use classes=1.")
        x = self._flat(x)
        before = self.first_scale * F.linear(x, self.first)
        phi = F.relu(before)
        # The subgradient of ReLU at 0 is 0, as in automatic differentiation.
        gated = (before > 0).to(x.dtype) * self.second[0]
        readout = phi @ phi.T
        hidden = (x @ x.T) * self.first_scale**2 * (gated @ gated.T)
        return self.second_scale**2 * (readout + hidden)

    def _flat(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        if x.shape[1] != self.inputs:
            raise ModelError(
                f"The network takes {self.inputs} values per image but got {x.shape[1]}: "
                f"set the options size and in_channels to those of the images."
            )
        return x


def ntk_two_layer(
    *,
    width: int = 100_000,
    sigma_w: float = 1.0,
    classes: int = 1,
    in_channels: int = 1,
    size: int = 28,
) -> NTKTwoLayer:
    """784 - (width, ReLU) - 1 in NTK parameterisation, no biases, homogeneous of degree 2.

    Source: Lewkowycz & Gur-Ari (2020), figure 5c and supplement A: width 100,000 for the trained
    network, 5,000 for the kernel. The work draws all weights from N(0, 1) and states no further
    factor, so ``sigma_w`` is 1. 78,500,000 weights; shrink with ``width``.
    """
    return NTKTwoLayer(
        width=width, sigma_w=sigma_w, classes=classes, in_channels=in_channels, size=size
    )
