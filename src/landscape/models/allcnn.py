"""All-CNN-C with batch normalisation, as the thesis uses it (Chaudhari 2018).

============  =================  =========  ===============================================
network       stated             computed   note
============  =================  =========  ===============================================
allcnn        1.67 million,      1,667,166  holds with 3x3 kernels in both last 192-channel
              about 1.6 million             convolutions and batch norm everywhere, also on the
                                            10-way one; with the 1x1 eighth convolution of the
                                            original All-CNN-C it is 1,372,254 (mismatch)
small_allcnn  26,982             26,982     the same reading with 12 and 24 channels, 10 classes
                                            (29,412 with 100 classes)
============  =================  =========  ===============================================
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .checks import ModelError, pair, permutation, positive, probability


class AllCNN(nn.Module):
    """Nine convolutions, two of them with stride 2, then the mean over the remaining map.

    Input ``[batch, in_channels, H, W]`` (32x32 in the work; any size of at least 4 works),
    output logits ``[batch, classes]``.

    Raises:
        ModelError: an option out of its range or an input with other channels.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        input_dropout: float,
        dropout: float,
        batch_norm: bool,
        final_batch_norm: bool,
        final_relu: bool,
        eighth_kernel: int,
        order: str,
        classes: int,
        in_channels: int,
    ):
        super().__init__()
        positive(classes=classes, in_channels=in_channels)
        probability(input_dropout=input_dropout, dropout=dropout)
        if eighth_kernel not in (1, 3):
            raise ModelError(f"Option eighth_kernel={eighth_kernel!r} must be 1 or 3.")
        first, second = pair("channels", channels)
        steps = permutation(order, {"relu", "bn"})
        self.in_channels = in_channels

        # (outputs, kernel, stride) of each convolution; None is a dropout layer.
        plan = [
            (first, 3, 1),
            (first, 3, 1),
            (first, 3, 2),
            None,
            (second, 3, 1),
            (second, 3, 1),
            (second, 3, 2),
            None,
            (second, 3, 1),
            (second, eighth_kernel, 1),
            (classes, 1, 1),
        ]
        layers: list[nn.Module] = [nn.Dropout(input_dropout)] if input_dropout else []
        fan_in = in_channels
        for number, entry in enumerate(plan):
            if entry is None:
                if dropout:
                    layers.append(nn.Dropout(dropout))
                continue
            out, kernel, stride = entry
            last = number == len(plan) - 1
            layers.append(nn.Conv2d(fan_in, out, kernel, stride, padding=kernel // 2))
            for step in steps:
                if step == "bn" and batch_norm and (final_batch_norm or not last):
                    layers.append(nn.BatchNorm2d(out))
                elif step == "relu" and (final_relu or not last):
                    layers.append(nn.ReLU())
            fan_in = out
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, classes] of images [batch, channels, height, width]."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ModelError(
                f"The network takes images with {self.in_channels} channels but got an input of "
                f"shape {list(x.shape)}: set the option in_channels to the data."
            )
        return self.layers(x).mean((2, 3))


def allcnn(
    *,
    channels: Sequence[int] = (96, 192),
    input_dropout: float = 0.2,
    dropout: float = 0.5,
    batch_norm: bool = True,
    final_batch_norm: bool = True,
    final_relu: bool = True,
    eighth_kernel: int = 3,
    order: str = "bn_relu",
    classes: int = 10,
    in_channels: int = 3,
) -> AllCNN:
    """drop - 3 x conv 96 (last stride 2) - drop - 3 x conv 192 (last stride 2) - drop - ... - mean.

    1,667,166 weights. Source: Chaudhari (2018), sections 2.4.3.1, 3.3.3 and 4.6.3; Chaudhari &
    Soatto (2015), section 5.5. All convolutions are padded to keep the size (the 8x8 map before
    the mean needs it). Batch norm stands between convolution and ReLU (sections 2.4.3.1 and
    3.3.3 add it after the convolution); section 4.6.3 lists ReLU first (``order="relu_bn"``).
    The original network also has a ReLU on the 10-way convolution, hence ``final_relu=True``.
    Shrink with ``channels``.
    """
    return AllCNN(
        channels=channels,
        input_dropout=input_dropout,
        dropout=dropout,
        batch_norm=batch_norm,
        final_batch_norm=final_batch_norm,
        final_relu=final_relu,
        eighth_kernel=eighth_kernel,
        order=order,
        classes=classes,
        in_channels=in_channels,
    )


def small_allcnn(
    *,
    channels: Sequence[int] = (12, 24),
    input_dropout: float = 0.2,
    dropout: float = 0.5,
    order: str = "bn_relu",
    classes: int = 10,
    in_channels: int = 3,
) -> AllCNN:
    """allcnn with 12 and 24 channels, 26,982 weights (29,412 with 100 classes).

    Source: Chaudhari (2018), section 6.3.1. Dropout is unstated; allcnn's is kept.
    """
    return allcnn(
        channels=channels,
        input_dropout=input_dropout,
        dropout=dropout,
        order=order,
        classes=classes,
        in_channels=in_channels,
    )
