"""Rescalings of a ReLU network that do not change what it computes.

``relu(a s) = a relu(s)`` for a > 0, so that a hidden unit's incoming weights and bias may be
multiplied by a when its outgoing weights are divided by it. The loss is the same, its curvature is
not: along incoming weights it falls with a^2, along outgoing ones it grows with it (Dinh, Pascanu,
Bengio and Bengio 2017, section 5). Of all networks that compute the same, the ``balanced`` one is
taken here as the one to be measured: incoming and outgoing weights of each hidden unit are equally
long. It has the smallest sum of squares of all (Neyshabur, Salakhutdinov and Srebro 2015).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError

_SWEEPS = 200


def linear_layers(network: nn.Module) -> list[nn.Linear]:
    """The layers of a fully connected ReLU network, from the input on.

    Raises:
        LandscapeError: There is something else in it, or no hidden layer.
    """
    leaves = [m for m in network.modules() if not list(m.children())]
    linear = [m for m in leaves if isinstance(m, nn.Linear)]
    other = [m for m in leaves if not isinstance(m, nn.Linear | nn.ReLU | nn.Dropout | nn.Flatten)]
    if other or len(linear) < 2:
        what = type(other[0]).__name__ if other else "no hidden layer"
        raise LandscapeError(
            f"Only fully connected ReLU networks are rescaled here; this one has {what}."
        )
    return linear


@torch.no_grad()
def rescaled(network: nn.Module, factors: list[Tensor | float]) -> nn.Module:
    """A copy in which hidden layer i's units are multiplied by ``factors[i]``, [units] or a number.

    Raises:
        LandscapeError: Another number of factors than hidden layers, or one that is not positive.
    """
    network = copy.deepcopy(network)
    layers = linear_layers(network)
    if len(factors) != len(layers) - 1:
        raise LandscapeError(
            f"There are {len(layers) - 1} hidden layers and {len(factors)} factors: give one each."
        )
    for before, after, factor in zip(layers, layers[1:], factors, strict=False):
        a = torch.as_tensor(factor, dtype=before.weight.dtype).expand(before.out_features)
        if not (a > 0).all():
            raise LandscapeError("A factor must be positive: relu(a s) = a relu(s) for a > 0.")
        before.weight.mul_(a[:, None])
        if before.bias is not None:
            before.bias.mul_(a)
        after.weight.div_(a)
    return network


@torch.no_grad()
def imbalance(network: nn.Module) -> list[Tensor]:
    """For each hidden layer log(outgoing / incoming length) of its units, [units].

    Units that compute nothing, because one of the two is 0, count as balanced.
    """
    layers, found = linear_layers(network), []
    for before, after in zip(layers, layers[1:], strict=False):
        squares = before.weight.square().sum(1)
        if before.bias is not None:
            squares = squares + before.bias.square()
        into, out = squares.sqrt(), after.weight.norm(dim=0)
        ratio = torch.where((into > 0) & (out > 0), out / into, torch.ones_like(into))
        found.append(ratio.log())
    return found


def balanced(network: nn.Module, tolerance: float = 1e-6) -> nn.Module:
    """The network with the same outputs whose hidden units are all balanced.

    Exact for one hidden layer; with more, layers are balanced in turn until all are.

    Raises:
        LandscapeError: Not a fully connected ReLU network.
    """
    network = copy.deepcopy(network)
    for _ in range(_SWEEPS):
        ratios = imbalance(network)
        if max(float(r.abs().max()) for r in ratios) <= tolerance:
            break
        for layer in range(len(ratios)):
            factors: list[Tensor | float] = [1.0] * len(ratios)
            factors[layer] = (imbalance(network)[layer] / 2).exp()
            network = rescaled(network, factors)
    return network
