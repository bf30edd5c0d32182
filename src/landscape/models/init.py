"""Initialisations other than torch's default: those a work states, and Glorot's."""

from __future__ import annotations

import math

import torch
from torch import nn

from .checks import ModelError


@torch.no_grad()
def lecun_normal_(model: nn.Module, sigma_w: float, sigma_b: float) -> nn.Module:
    """Draw all dense and convolution weights as N(0, sigma_w^2 / N_in), biases as N(0, sigma_b^2).

    N_in is the number of inputs of one output unit (channels x kernel area for a convolution).
    Gains and offsets of batch normalisation stay at 1 and 0. Works in place, returns ``model``.

    Source: Lewkowycz & Gur-Ari (2020), supplement A (standard normalisation).

    Raises:
        ModelError: a negative sigma.
    """
    if sigma_w < 0 or sigma_b < 0:
        raise ModelError(
            f"Options sigma_w={sigma_w} and sigma_b={sigma_b} are standard deviations and "
            f"must not be negative."
        )
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0.0, sigma_w / math.sqrt(fan_in))
            if module.bias is not None:
                # sigma_b = 0 draws nothing, so adding a bias does not move the weights' draws.
                module.bias.zero_() if sigma_b == 0 else module.bias.normal_(0.0, sigma_b)
    return model


@torch.no_grad()
def glorot_uniform_(model: nn.Module) -> nn.Module:
    """Draw all dense weights uniformly with variance 2 / (N_in + N_out); biases are 0.

    Works in place, returns ``model``. Source: Glorot & Bengio (2010), eq. (16).
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                module.bias.zero_()
    return model
