"""LeNet-style networks of the thesis (Chaudhari 2018).

Four networks, which differ in channels, pooling, batch normalisation and dropout:

================  =======  ========  ===========================================================
network           stated   computed  what the count settles
================  =======  ========  ===========================================================
lenet_ch2         -        90,698    unpadded convolutions; 3x3 pools with stride 3
lenet             131,220  131,220   pools 3 and 2, batch norm with gain and offset on the two
                                     convolutions only (132,220 with it on the dense layer too,
                                     131,080 without any)
small_lenet_ch3   47,658   47,658    2x2 pools and no batch norm ("about 47,000" elsewhere)
small_lenet_ch6   13,338   13,338    pools 3 and 2, batch norm on convolutions and dense layer
================  =======  ========  ===========================================================

The order of ReLU, batch normalisation and pooling is an option: section 4.6.2 lists them as
ReLU, batch norm, max-pool; section 2.4.3 lists pooling before batch norm.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .checks import ModelError, pair, permutation, positive, probability


class LeNet(nn.Module):
    """Two 5x5 convolution blocks, one hidden dense layer, a linear read-out.

    Input ``[batch, in_channels, size, size]``, output logits ``[batch, classes]``.

    Args:
        pools: window and stride of the two max-pools (a window that does not fit is cut off).
        order: order of ``relu``, ``bn`` and ``pool`` behind each convolution.
        dropout: after each convolution block.
        dense_dropout: after the hidden dense layer.
        dense_batch_norm: batch normalisation on the hidden dense layer too.
        dense_relu: ReLU on the hidden dense layer.

    Raises:
        ModelError: an option out of its range, images too small for the pools, or an input with
            other channels or another size.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        pools: Sequence[int],
        width: int,
        dropout: float,
        dense_dropout: float,
        batch_norm: bool,
        dense_batch_norm: bool,
        dense_relu: bool,
        order: str,
        classes: int,
        in_channels: int,
        size: int,
    ):
        super().__init__()
        positive(width=width, classes=classes, in_channels=in_channels, size=size)
        probability(dropout=dropout, dense_dropout=dense_dropout)
        self.image = (in_channels, size, size)
        steps = permutation(order, {"relu", "bn", "pool"})

        layers: list[nn.Module] = []
        fan_in, side = in_channels, size
        for out, window in zip(pair("channels", channels), pair("pools", pools), strict=True):
            side = (side - 4) // window
            if side < 1:
                raise ModelError(
                    f"Images of size={size} are too small for 5x5 convolutions with "
                    f"pools={list(pools)}; use larger images or smaller pools."
                )
            layers.append(nn.Conv2d(fan_in, out, kernel_size=5))
            for step in steps:
                if step == "relu":
                    layers.append(nn.ReLU())
                elif step == "pool":
                    layers.append(nn.MaxPool2d(window))
                elif batch_norm:
                    layers.append(nn.BatchNorm2d(out))
            if dropout:
                layers.append(nn.Dropout(dropout))
            fan_in = out

        layers += [nn.Flatten(), nn.Linear(fan_in * side * side, width)]
        dense_steps = [step for step in steps if step != "pool"]
        for step in dense_steps:
            if step == "relu" and dense_relu:
                layers.append(nn.ReLU())
            elif step == "bn" and dense_batch_norm:
                layers.append(nn.BatchNorm1d(width))
        if dense_dropout:
            layers.append(nn.Dropout(dense_dropout))
        layers.append(nn.Linear(width, classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, classes] of images [batch, channels, height, width]."""
        if tuple(x.shape[1:]) != self.image:
            raise ModelError(
                f"The network takes images of shape {list(self.image)} but got "
                f"{list(x.shape[1:])}: set the options in_channels and size to the data."
            )
        return self.layers(x)


def lenet_ch2(
    *,
    channels: Sequence[int] = (32, 64),
    pools: Sequence[int] = (3, 3),
    width: int = 512,
    dropout: float = 0.1,
    batch_norm: bool = True,
    dense_relu: bool = True,
    order: str = "pool_bn_relu",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> LeNet:
    """conv 32, conv 64 (5x5, 3x3 max-pool, batch norm, ReLU) - 512 - drop 0.1 - 10.

    90,698 weights. Source: Chaudhari (2018), section 2.4.3; Chaudhari & Soatto (2015),
    section 5.4. Padding, pool stride, the ReLUs and the 10-way layer are not printed: unpadded
    convolutions, stride 3 and ReLU also on the dense layer are chosen (``dense_relu=False``
    follows the printed chain literally, which makes the two dense layers one linear map).
    ``dropout`` acts after the dense layer only. Shrink with ``channels``, ``width``.
    """
    return LeNet(
        channels=channels,
        pools=pools,
        width=width,
        dropout=0.0,
        dense_dropout=dropout,
        batch_norm=batch_norm,
        dense_batch_norm=False,
        dense_relu=dense_relu,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def lenet(
    *,
    channels: Sequence[int] = (20, 50),
    pools: Sequence[int] = (3, 2),
    width: int = 500,
    dropout: float = 0.25,
    batch_norm: bool = True,
    dense_batch_norm: bool = False,
    order: str = "relu_bn_pool",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> LeNet:
    """conv 20, pool 3 - conv 50, pool 2 - 500 - 10 with dropout after each layer, 131,220 weights.

    Source: Chaudhari (2018), section 4.6.2 (architecture, size, dropout 0.25), section 3.3.2
    (same size; dropout 0.5 for the baseline and 0.25 for Entropy-SGD) and section 5.4.2
    (dropout 0.25, pools unstated). The stated count holds with unpadded convolutions and batch
    normalisation on the convolutions only, although section 4.6.2 defines it for dense layers
    too (``dense_batch_norm=True``: 132,220). ``order="pool_relu_bn"`` pools first, which is
    cheaper. Shrink with ``channels``, ``width``.
    """
    return LeNet(
        channels=channels,
        pools=pools,
        width=width,
        dropout=dropout,
        dense_dropout=dropout,
        batch_norm=batch_norm,
        dense_batch_norm=dense_batch_norm,
        dense_relu=True,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def small_lenet_ch3(
    *,
    channels: Sequence[int] = (10, 20),
    pools: Sequence[int] = (2, 2),
    width: int = 128,
    dropout: float = 0.5,
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> LeNet:
    """conv 10, pool 2 - conv 20, pool 2 - 128 - 10, 47,658 weights, no batch normalisation.

    Source: Chaudhari (2018), section 3.3.1: "similar to lenet" with 10 and 20 channels. The
    count holds with 2x2 pools and without batch normalisation only. Dropout is unstated; 0.5 is
    what the chapter uses for lenet.
    """
    return LeNet(
        channels=channels,
        pools=pools,
        width=width,
        dropout=dropout,
        dense_dropout=dropout,
        batch_norm=False,
        dense_batch_norm=False,
        dense_relu=True,
        order="relu_bn_pool",
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def small_lenet_ch6(
    *,
    channels: Sequence[int] = (8, 16),
    pools: Sequence[int] = (3, 2),
    width: int = 128,
    dropout: float = 0.1,
    batch_norm: bool = True,
    dense_batch_norm: bool = True,
    order: str = "relu_bn_pool",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> LeNet:
    """conv 8, pool 3 - conv 16, pool 2 - 128 - 10 with batch norm, 13,338 weights.

    Source: Chaudhari (2018), section 6.3.1: dropout 0.1 and batch normalisation after both
    convolutions. The count needs batch normalisation on the dense layer as well.
    """
    return LeNet(
        channels=channels,
        pools=pools,
        width=width,
        dropout=dropout,
        dense_dropout=0.0,
        batch_norm=batch_norm,
        dense_batch_norm=dense_batch_norm,
        dense_relu=True,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
