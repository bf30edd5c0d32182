"""ReLU networks of any depth in NTK parameterisation, without biases (Lewkowycz & Gur-Ari 2020).

A network of k weight layers is homogeneous of degree k, which is what the theory of that work is
about: k = 2 is its figure 5c. Outputs, gradients and tangent kernel are written out, so that full
gradient descent on a few hundred samples costs its matrix products and no more.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from .checks import ModelError, positive


class NTKLayers(nn.Module):
    """f(x) = (s_k W_k) relu(s_{k-1} W_{k-1} ... relu(s_1 W_1 x)), s_l = sigma_w / sqrt(fan in).

    All weights start as N(0, 1), drawn in the order of the layers. Input ``[n, inputs]``, output
    ``[n]``. With ``linear`` the activations are left out.

    Raises:
        ModelError: An option is out of its range, or an input has another number of values.
    """

    def __init__(
        self, *, layers: int, width: int, inputs: int, sigma_w: float = 1.0, linear: bool = False
    ):
        super().__init__()
        positive(layers=layers, width=width, inputs=inputs)
        if not sigma_w > 0:
            raise ModelError(f"Option sigma_w={sigma_w!r} must be positive.")
        sizes = [inputs, *[width] * (layers - 1), 1]
        self.scales = [sigma_w / math.sqrt(size) for size in sizes[:-1]]
        self.linear = linear
        self.weights = nn.ParameterList(
            torch.randn(out, into) for into, out in zip(sizes[:-1], sizes[1:], strict=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs ``[n]`` of inputs ``[n, inputs]``."""
        return self._activations(x)[1]

    @torch.no_grad()
    def passes(
        self, x: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]:
        """Outputs, and what gradients are made of: df(x_i)/dW_l = signal_l[i] input_l[i]^T.

        Returns:
            Outputs ``[n]``; the input of every layer, ``[n, fan in]``; its signal, the derivative
            of the output by what the layer's matrix product gives, ``[n, fan out]``.
        """
        inputs, outputs = self._activations(x)
        signal = torch.full((len(x), 1), self.scales[-1], dtype=x.dtype, device=x.device)
        signals = [signal]
        for scale, weight, hidden in zip(
            self.scales[-2::-1], list(self.weights)[:0:-1], inputs[:0:-1], strict=True
        ):
            signal = signal * weight if len(weight) == 1 else signal @ weight
            if not self.linear:
                signal *= hidden > 0  # the subgradient at 0 is 0, as in automatic differentiation
            signal *= scale
            signals.append(signal)
        return outputs, inputs, signals[::-1]

    @torch.no_grad()
    def kernel(self, x: torch.Tensor) -> torch.Tensor:
        """Empirical tangent kernel ``[n, n]`` of inputs ``[n, inputs]``, layer by layer.

        Source: Lewkowycz & Gur-Ari (2020), section 4.
        """
        _, inputs, signals = self.passes(x)
        return sum((s @ s.T) * (h @ h.T) for h, s in zip(inputs, signals, strict=True))

    @torch.no_grad()
    def descend(self, x: torch.Tensor, errors: torch.Tensor, step: float, decay: float) -> None:
        """One step of gradient descent with L2 on the summed squared error, in place.

        Args:
            x: All samples, ``[n, inputs]``.
            errors: Called with the outputs, gives the derivative of the loss by them, ``[n]``.
            step: Learning rate.
            decay: lambda, of ``lambda |theta|^2 / 2``.

        Source: Lewkowycz & Gur-Ari (2020), section 4.
        """
        outputs, inputs, signals = self.passes(x)
        along = errors(outputs)[:, None]
        for weight, hidden, signal in zip(self.weights, inputs, signals, strict=True):
            if signal.shape[1] < hidden.shape[1]:
                gradient = (along * signal).T @ hidden
            else:
                gradient = signal.T @ (along * hidden)
            weight.mul_(1.0 - step * decay).sub_(gradient, alpha=step)

    def _activations(self, x: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        if x.dim() != 2 or x.shape[1] != self.weights[0].shape[1]:
            raise ModelError(
                f"The network takes inputs of shape [n, {self.weights[0].shape[1]}] but got "
                f"{list(x.shape)}: set the option inputs to the number of values."
            )
        inputs, hidden = [], x
        for scale, weight in zip(self.scales, self.weights, strict=True):
            if inputs and not self.linear:
                hidden = hidden.relu()
            inputs.append(hidden)
            hidden = scale * (hidden @ weight.T)
        return inputs, hidden[:, 0]


def as_few_inputs(x: torch.Tensor) -> torch.Tensor:
    """Samples ``[n, d]`` as ``[n, min(n, d)]`` inputs that a network cannot tell from them.

    The same lengths and angles, scaled for the other fan in: N(0, 1) weights, kernel and gradient
    descent have the same law, because what is orthogonal to all samples never reaches the output.
    """
    few = torch.linalg.qr(x.T, mode="r").R.T
    return few * math.sqrt(few.shape[1] / x.shape[1])
