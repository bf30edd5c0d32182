"""Fully-connected ReLU networks of Lewkowycz & Gur-Ari (2020).

The work states depth and width but no sizes. Computed: fc_lewkowycz 10,020,874,
fc64_lewkowycz 205,642 with three hidden layers. Supplement A says "depth 3", supplement D "3
hidden layers" for the narrow network; depth is read as the number of hidden layers.
"""

from __future__ import annotations

import math

from .init import lecun_normal_
from .mlp import MLP


def fc_lewkowycz(
    *,
    width: int = 2048,
    depth: int = 3,
    sigma_w: float = math.sqrt(2.0),
    sigma_b: float = 0.0,
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> MLP:
    """784 - 3 x (2048, ReLU) - 10 with LeCun-normal weights, 10,020,874 weights.

    Source: Lewkowycz & Gur-Ari (2020), supplement A: sigma_w = sqrt(2), sigma_b = 0. Biases
    exist, start at zero and are trained. Shrink with ``width`` (the effects studied need it
    much larger than the number of samples).
    """
    network = MLP(
        width=width,
        depth=depth,
        dropout=0.0,
        input_dropout=0.0,
        batch_norm=False,
        order="relu_bn",
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
    return lecun_normal_(network, sigma_w, sigma_b)


def fc64_lewkowycz(
    *,
    width: int = 64,
    depth: int = 3,
    sigma_w: float = math.sqrt(2.0),
    sigma_b: float = 0.0,
    classes: int = 10,
    in_channels: int = 3,
    size: int = 32,
) -> MLP:
    """3072 - 3 x (64, ReLU) - 10, the narrow network that breaks the scaling, 205,642 weights.

    Source: Lewkowycz & Gur-Ari (2020), supplements A and D, figure S7. Its sigma_w is not
    stated; that of the wide network is used.
    """
    return fc_lewkowycz(
        width=width,
        depth=depth,
        sigma_w=sigma_w,
        sigma_b=sigma_b,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
