r"""The trace of a ReLU network's Hessian in closed form, and what knowing it gives.

The outputs of a fully connected ReLU network are linear in every single weight, almost everywhere:
on the Hessian's diagonal their second derivatives vanish, and its trace is that of the Gauss-Newton
matrix. For cross-entropy, with p the softmax of the outputs, h the inputs of a layer (and a 1 where
it has biases) and :math:`\delta_k` the derivative of output k by what the layer gives::

    tr H = (1/N) sum_samples sum_layers (sum_k p_k |delta_k|^2 - |sum_k p_k delta_k|^2) |h|^2

The labels do not enter. An estimate of another trace from random probes is far less noisy once
this one is known: both are off by nearly the same factor (a control variate).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from landscape.errors import LandscapeError

from .mean_loss import MeanLoss, cross_entropy
from .rescaling import linear_layers

if TYPE_CHECKING:
    from .lanczos import Density


@torch.no_grad()
def relu_trace(f: MeanLoss) -> float:
    """The trace of the Hessian of ``f`` at its weights; about as dear as a gradient, float64.

    Args:
        f: Mean cross-entropy of a fully connected ReLU network (``rescaling.linear_layers``).

    Raises:
        LandscapeError: Another network, or another loss.
    """
    if f.loss is not cross_entropy:
        raise LandscapeError("The trace in closed form is that of the mean cross-entropy only.")
    layers = [
        (layer.weight.double(), None if layer.bias is None else layer.bias.double())
        for layer in linear_layers(f.network)
    ]
    total = 0.0
    for x, _ in f.chunks():
        total += float(_of_samples(layers, x.double().flatten(1)))
    return total / f.samples + f.weight_decay * f.size


def _of_samples(layers: list[tuple[Tensor, Tensor | None]], h: Tensor) -> Tensor:
    """The sum over samples of inputs h [B, values] of the loss' traces."""
    into, on = [], []
    for weight, bias in layers:
        into.append(h.square().sum(1) + (bias is not None))
        out = h @ weight.T if bias is None else h @ weight.T + bias
        on.append(out > 0)
        h = out.clamp(min=0)
    p = out.softmax(1)
    delta = torch.eye(out.shape[1], dtype=out.dtype, device=out.device).expand(len(out), -1, -1)
    total = torch.zeros((), dtype=out.dtype, device=out.device)
    for layer in reversed(range(len(layers))):
        mean = torch.einsum("bk,bku->bu", p, delta)
        spread = (p * delta.square().sum(2)).sum(1) - mean.square().sum(1)
        total += (spread * into[layer]).sum()
        if layer:
            delta = (delta @ layers[layer][0]) * on[layer - 1][:, None]
    return total


def sum_with_trace(
    found: Density, function: Callable[[np.ndarray], np.ndarray], trace: float
) -> float:
    """The sum of a function over all eigenvalues, from probes, where their own sum is known.

    Each probe's quadrature has v^T g(H) v and v^T H v. The second's error, which is known, is
    taken out of the first with the weight c = tr(g(H) H) / tr(H^2) from the same quadratures: the
    multiple of H that is nearest to g(H), to which the variance of such forms belongs.

    Args:
        found: Quadratures of the spectral density.
        function: g, of an array of eigenvalues.
        trace: tr H.

    Source: control variates; Hutchinson (1990) for the variance of v^T A v.
    """
    values = function(found.nodes)
    square = (found.weights * found.nodes**2).sum()
    c = (found.weights * values * found.nodes).sum() / square if square else 0.0
    plain, own = ((found.weights * one).sum(1).mean() for one in (values, found.nodes))
    return float(found.size * plain + c * (trace - found.size * own))
