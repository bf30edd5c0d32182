"""The empirical tangent kernel of any network with one output, by automatic differentiation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap


def gradients(network: nn.Module, x: Tensor) -> Tensor:
    """The gradient of the output by all weights for every input.

    Args:
        network: Gives one number for an input; it must treat every input of a batch alike.
        x: ``[n, ...]``.

    Returns:
        ``[n, weights]``, in the order of ``network.parameters()``.
    """
    weights = {name: p.detach() for name, p in network.named_parameters()}

    def output(weights: dict[str, Tensor], one: Tensor) -> Tensor:
        return functional_call(network, weights, (one[None],)).squeeze()

    found = vmap(grad(output), in_dims=(None, 0))(weights, x)
    return torch.cat([part.flatten(1) for part in found.values()], 1)


def tangent_kernel(
    network: nn.Module, x: Tensor, z: Tensor | None = None, chunk: int | None = None
) -> Tensor:
    """Theta(x, z) = grad f(x) . grad f(z), the derivatives by all weights.

    Args:
        network: As for ``gradients``.
        x: ``[n, ...]``.
        z: ``[m, ...]``; left out: x itself.
        chunk: Inputs whose gradients are held at once; left out: all.

    Returns:
        ``[n, m]``.

    Source: Lewkowycz & Gur-Ari (2020), section 4.
    """
    z = x if z is None else z
    size = chunk or max(len(x), len(z))
    rows = []
    for left in x.split(size):
        of_left = gradients(network, left)
        parts = [of_left @ gradients(network, right).T for right in z.split(size)]
        rows.append(torch.cat(parts, 1))
    return torch.cat(rows)
