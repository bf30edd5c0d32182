"""Wide residual networks (Zagoruyko & Komodakis 2016) as the works use them.

The works name the networks and state no size. Computed: WRN-28-10 36,479,194 (10 classes) and
36,536,884 (100 classes), WRN-16-4 2,748,890; convolutions carry no bias.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .checks import ModelError, positive, probability
from .init import lecun_normal_


class Block(nn.Module):
    """Pre-activation residual block: BN - ReLU - conv - BN - ReLU - dropout - conv, plus a skip.

    Maps ``[batch, fan_in, H, W]`` to ``[batch, out, H/stride, W/stride]``.
    """

    def __init__(self, fan_in: int, out: int, stride: int, dropout: float, running: bool):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(fan_in, track_running_stats=running)
        self.conv1 = nn.Conv2d(fan_in, out, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out, track_running_stats=running)
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()
        self.conv2 = nn.Conv2d(out, out, 3, 1, padding=1, bias=False)
        self.skip = None
        if fan_in != out or stride != 1:
            self.skip = nn.Conv2d(fan_in, out, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features [batch, out, height, width], smaller by the stride."""
        active = F.relu(self.norm1(x))
        # A projection reads the activated input, an identity skip the raw one.
        skip = x if self.skip is None else self.skip(active)
        return skip + self.conv2(self.drop(F.relu(self.norm2(self.conv1(active)))))


class WideResNet(nn.Module):
    """WRN-depth-widen: 16 channels, three groups of (depth - 4) / 6 blocks, mean, linear.

    Input ``[batch, in_channels, H, W]`` (32x32 in the works), output logits ``[batch, classes]``.

    Args:
        running_statistics: False normalises with the statistics of the batch at hand, in
            training and in evaluation alike.

    Raises:
        ModelError: an option out of its range or an input with other channels.
    """

    def __init__(
        self,
        *,
        depth: int,
        widen: int,
        dropout: float,
        running_statistics: bool,
        classes: int,
        in_channels: int,
    ):
        super().__init__()
        positive(depth=depth, widen=widen, classes=classes, in_channels=in_channels)
        probability(dropout=dropout)
        if depth < 10 or (depth - 4) % 6:
            raise ModelError(f"Option depth={depth} must be 6n + 4 with n >= 1 (10, 16, 22, 28).")
        self.in_channels = in_channels
        self.stem = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        blocks, fan_in = [], 16
        for group, width in enumerate((16 * widen, 32 * widen, 64 * widen)):
            for number in range((depth - 4) // 6):
                stride = 2 if group and not number else 1
                blocks.append(Block(fan_in, width, stride, dropout, running_statistics))
                fan_in = width
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(fan_in, track_running_stats=running_statistics)
        self.readout = nn.Linear(fan_in, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, classes] of images [batch, channels, height, width]."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ModelError(
                f"The network takes images with {self.in_channels} channels but got an input of "
                f"shape {list(x.shape)}: set the option in_channels to the data."
            )
        x = F.relu(self.norm(self.blocks(self.stem(x))))
        return self.readout(x.mean((2, 3)))


def wrn_28_10(
    *,
    depth: int = 28,
    widen: int = 10,
    dropout: float = 0.3,
    classes: int = 10,
    in_channels: int = 3,
) -> WideResNet:
    """WRN-28-10 with dropout 0.3, 36,479,194 weights (36,536,884 with 100 classes).

    Source: Chaudhari (2018), section 5.4.3. Shrink with ``depth`` (10, 16, 22) and ``widen``.
    """
    return WideResNet(
        depth=depth,
        widen=widen,
        dropout=dropout,
        running_statistics=True,
        classes=classes,
        in_channels=in_channels,
    )


def wrn_16_4(
    *,
    depth: int = 16,
    widen: int = 4,
    dropout: float = 0.4,
    classes: int = 10,
    in_channels: int = 3,
) -> WideResNet:
    """WRN-16-4 with dropout 0.4, 2,748,890 weights.

    Source: Chaudhari (2018), section 5.4.4 (SVHN). Shrink with ``depth`` and ``widen``.
    """
    return wrn_28_10(
        depth=depth, widen=widen, dropout=dropout, classes=classes, in_channels=in_channels
    )


def wrn_lewkowycz(
    *,
    depth: int = 28,
    widen: int = 10,
    dropout: float = 0.0,
    sigma_w: float = 1.0,
    sigma_b: float = 0.0,
    classes: int = 10,
    in_channels: int = 3,
) -> WideResNet:
    """WRN-28-10 with LeCun-normal weights and batch norm that always uses the batch at hand.

    36,479,194 weights. Source: Lewkowycz & Gur-Ari (2020), supplement A: no running statistics
    are kept, so the evaluation depends on the evaluation batch; sigma_w = 1, sigma_b = 0.
    Dropout is not mentioned, so it is off. Shrink with ``depth`` and ``widen``.
    """
    network = WideResNet(
        depth=depth,
        widen=widen,
        dropout=dropout,
        running_statistics=False,
        classes=classes,
        in_channels=in_channels,
    )
    return lecun_normal_(network, sigma_w, sigma_b)
