"""ResNet-50 (He et al. 2016) for ImageNet: torchvision's, 25,557,032 weights with 1,000 classes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from landscape.torchvision_cpu import import_torchvision

from .checks import ModelError, positive


def resnet50(
    *,
    blocks: Sequence[int] = (3, 4, 6, 3),
    classes: int = 1000,
    zero_last_gain: bool = True,
) -> nn.Module:
    """ResNet-50 as torchvision builds it, 25,557,032 weights.

    Source: Lewkowycz & Gur-Ari (2020), figure S8 and supplement A, name the implementation of
    https://github.com/tensorflow/tpu. Like it, the network halves the resolution in the 3 x 3
    convolutions. Shrink with ``blocks``, bottleneck blocks of each of the four stages.

    Args:
        blocks: Four whole numbers.
        classes: Outputs.
        zero_last_gain: The last batch norm of every block begins with gains of zero, as in that
            implementation.

    Raises:
        ModelError: An option out of its range.
    """
    if len(blocks) != 4:
        raise ModelError(f"Option blocks={blocks!r} must hold four numbers, e.g. [3, 4, 6, 3].")
    positive(classes=classes, **{f"blocks[{i}]": number for i, number in enumerate(blocks)})
    resnet = import_torchvision().models.resnet
    return resnet.ResNet(
        resnet.Bottleneck, list(blocks), num_classes=classes, zero_init_residual=zero_last_gain
    )
