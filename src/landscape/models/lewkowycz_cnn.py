"""The convolutional network of Lewkowycz & Gur-Ari (2020), figure 3.

Supplement A prints pools of 6x6 in the architecture and of 2x2 in the explanation below it and
no stride. A 6x6 pool with stride 6 is impossible: the second one would meet a 3x3 map. With
stride 1, the default of the library that the work used, it leaves 18x18x300 values and the
network has 51,044,810 weights; 2x2 pools with stride 2 give 7,844,810. No size is stated.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from .checks import ModelError, positive
from .init import lecun_normal_


class LewkowyczCNN(nn.Module):
    """conv - act - conv - act - pool - conv - act - conv - pool - flatten - dense - dense.

    Input ``[batch, in_channels, size, size]``, output logits ``[batch, classes]``. The first
    convolution of each pair is padded, the second is not; all filters are 3x3. As printed, there
    is no activation behind the fourth convolution nor behind the hidden dense layer.

    Raises:
        ModelError: an option out of its range, a pool that does not fit, or an input of another
            shape.
    """

    def __init__(
        self,
        *,
        channels: int,
        width: int,
        pool: int,
        pool_stride: int,
        batch_norm: bool,
        classes: int,
        in_channels: int,
        size: int,
    ):
        super().__init__()
        positive(channels=channels, width=width, pool=pool, pool_stride=pool_stride)
        positive(classes=classes, in_channels=in_channels, size=size)
        self.image = (in_channels, size, size)

        def activation() -> list[nn.Module]:
            # Batch statistics in evaluation too, as the work's batch normalisation.
            norm = [nn.BatchNorm2d(channels, track_running_stats=False)] if batch_norm else []
            return [*norm, nn.ReLU()]

        layers: list[nn.Module] = []
        fan_in, side = in_channels, size
        for half in range(2):
            layers += [nn.Conv2d(fan_in, channels, 3, padding=1), *activation()]
            layers.append(nn.Conv2d(channels, channels, 3))
            layers += activation() if half == 0 else []
            layers.append(nn.MaxPool2d(pool, pool_stride))
            fan_in, side = channels, side - 2
            if side < pool:
                raise ModelError(
                    f"Pool {half + 1} (pool={pool}, pool_stride={pool_stride}) does not fit its "
                    f"{max(side, 0)}x{max(side, 0)} input: choose a smaller pool or stride, e.g. "
                    f"pool=6 with pool_stride=1 or pool=2 with pool_stride=2."
                )
            side = (side - pool) // pool_stride + 1
        layers += [nn.Flatten(), nn.Linear(channels * side * side, width)]
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


def cnn_lewkowycz(
    *,
    channels: int = 300,
    width: int = 500,
    pool: int = 6,
    pool_stride: int = 1,
    batch_norm: bool = False,
    sigma_w: float = math.sqrt(2.0),
    sigma_b: float = 0.0,
    classes: int = 10,
    in_channels: int = 3,
    size: int = 32,
) -> LewkowyczCNN:
    """Four 3x3 convolutions of 300 channels, two max-pools, 500 - 10, 51,044,810 weights.

    Source: Lewkowycz & Gur-Ari (2020), supplement A; sigma_w = sqrt(2), sigma_b = 0. The
    documents disagree on the pools (see the module); ``pool=2, pool_stride=2`` is the other
    reading with 7,844,810 weights. ``batch_norm=True`` is figure 3d-f. Shrink with ``channels``.
    """
    network = LewkowyczCNN(
        channels=channels,
        width=width,
        pool=pool,
        pool_stride=pool_stride,
        batch_norm=batch_norm,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
    return lecun_normal_(network, sigma_w, sigma_b)
