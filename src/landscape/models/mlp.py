"""Fully-connected networks of the thesis (Chaudhari 2018).

Three different networks are called ``mnistfc`` there (sections 2.4.3, 3.3.2 and 4.6.2); they
carry their chapter in the name here. All share one builder; what differs is depth, width,
dropout and batch normalisation.

Sizes, stated against computed:

=============  ============  =========  ====================================================
network        stated        computed   note
=============  ============  =========  ====================================================
mnistfc_ch2    -             349,450
mnistfc_ch3    -             1,863,690
mnistfc_ch4    1.86 million  1,867,786  1,863,690 without the 4,096 gains and offsets of
                                        batch normalisation: the stated number leaves them out
smallfc        50,890        50,890     only with 64 hidden units; the text says 32, which gives
                                        25,450 (erratum 30)
small_fc_ch6   about 20,000  3,978      stated for all networks of section 6.3 together; with
                                        two hidden layers (``depth=2``) it is 8,266
tiny_fc        -             917        1,221 with two hidden layers
=============  ============  =========  ====================================================
"""

from __future__ import annotations

import torch
from torch import nn

from .checks import ModelError, permutation, positive, probability
from .init import glorot_uniform_


class MLP(nn.Module):
    """Flatten, optional input dropout, ``depth`` equal hidden layers, a linear read-out.

    Input ``[batch, in_channels, size, size]``, output logits ``[batch, classes]``.

    Raises:
        ModelError: an option out of its range, or an input with another number of values.
    """

    def __init__(
        self,
        *,
        width: int,
        depth: int,
        dropout: float,
        input_dropout: float,
        batch_norm: bool,
        order: str,
        classes: int,
        in_channels: int,
        size: int,
    ):
        super().__init__()
        positive(width=width, depth=depth, classes=classes, in_channels=in_channels, size=size)
        probability(dropout=dropout, input_dropout=input_dropout)
        steps = permutation(order, {"bn", "relu"})
        self.inputs = in_channels * size * size
        layers: list[nn.Module] = [nn.Dropout(input_dropout)] if input_dropout else []
        fan_in = self.inputs
        for _ in range(depth):
            layers.append(nn.Linear(fan_in, width))
            for step in steps:
                if step == "relu":
                    layers.append(nn.ReLU())
                elif batch_norm:
                    layers.append(nn.BatchNorm1d(width))
            if dropout:
                layers.append(nn.Dropout(dropout))
            fan_in = width
        layers.append(nn.Linear(fan_in, classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, classes] of images [batch, channels, height, width]."""
        x = x.flatten(1)
        if x.shape[1] != self.inputs:
            raise ModelError(
                f"The network takes {self.inputs} values per image but got {x.shape[1]}: "
                f"set the options size and in_channels to those of the images."
            )
        return self.layers(x)


def mnistfc_ch2(
    *,
    width: int = 128,
    depth: int = 16,
    dropout: float = 0.0,
    batch_norm: bool = False,
    initial: str = "torch",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> MLP:
    """The thin, very deep network: 784 - 16 x (128, ReLU) - 10, 349,450 weights.

    Source: Chaudhari (2018), section 2.4.3; Chaudhari & Soatto (2015), section 5.3. Neither
    mentions dropout or batch normalisation, so both are off. Shrink with ``depth``, ``width``.
    Neither states the initialisation either, on which a network this deep depends: ``initial`` is
    "torch" (the library's uniform draw of variance 1/(3 fan-in), under which signals vanish within
    a few layers) or "glorot" (uniform of variance 2/(fan-in + fan-out), biases 0).

    Raises:
        ModelError: an option out of its range.
    """
    if initial not in ("torch", "glorot"):
        raise ModelError(f"Option initial={initial!r} is not known: choose 'torch' or 'glorot'.")
    network = MLP(
        width=width,
        depth=depth,
        dropout=dropout,
        input_dropout=0.0,
        batch_norm=batch_norm,
        order="relu_bn",
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
    return glorot_uniform_(network) if initial == "glorot" else network


def mnistfc_ch3(
    *,
    width: int = 1024,
    depth: int = 2,
    dropout: float = 0.5,
    batch_norm: bool = False,
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> MLP:
    """784 - 2 x (1024, ReLU, dropout 0.5) - 10, 1,863,690 weights.

    Source: Chaudhari (2018), section 3.3.2. The baseline uses dropout 0.5, Entropy-SGD 0.15;
    batch normalisation is mentioned for lenet only. Shrink with ``width``.
    """
    return MLP(
        width=width,
        depth=depth,
        dropout=dropout,
        input_dropout=0.0,
        batch_norm=batch_norm,
        order="relu_bn",
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def mnistfc_ch4(
    *,
    width: int = 1024,
    depth: int = 2,
    dropout: float = 0.2,
    input_dropout: float = 0.2,
    batch_norm: bool = True,
    order: str = "relu_bn",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> MLP:
    """784 - drop 0.2 - 2 x (1024, ReLU, batch norm, drop 0.2) - 10, 1,867,786 weights.

    Source: Chaudhari (2018), section 4.6.2, which states 1.86 million: that is the count
    without the gains and offsets of batch normalisation (1,863,690). Shrink with ``width``.
    """
    return MLP(
        width=width,
        depth=depth,
        dropout=dropout,
        input_dropout=input_dropout,
        batch_norm=batch_norm,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def smallfc(
    *,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    classes: int = 10,
    in_channels: int = 1,
    size: int = 28,
) -> MLP:
    """784 - (64, ReLU) - 10, 50,890 weights.

    Source: Chaudhari (2018), section 3.3.1, which states 32 hidden units and 50,890 weights;
    the count holds for 64 only (erratum 30), and the count was believed. ``width=32`` gives the
    other reading (25,450).
    """
    return MLP(
        width=width,
        depth=depth,
        dropout=dropout,
        input_dropout=0.0,
        batch_norm=False,
        order="relu_bn",
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def small_fc_ch6(
    *,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    batch_norm: bool = True,
    order: str = "bn_relu",
    classes: int = 10,
    in_channels: int = 1,
    size: int = 7,
) -> MLP:
    """7x7 images - (64, batch norm, ReLU) - 10, 3,978 weights.

    Source: Chaudhari (2018), section 6.3.1. "Two layers" is read as two weight matrices, i.e.
    one hidden layer; ``depth=2`` is the other reading (8,266). The section speaks of about
    20,000 weights for its networks, which neither reading reaches.
    """
    return MLP(
        width=width,
        depth=depth,
        dropout=dropout,
        input_dropout=0.0,
        batch_norm=batch_norm,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )


def tiny_fc(
    *,
    width: int = 16,
    depth: int = 1,
    dropout: float = 0.0,
    batch_norm: bool = True,
    order: str = "bn_relu",
    classes: int = 5,
    in_channels: int = 1,
    size: int = 7,
) -> MLP:
    """7x7 images - (16, batch norm, ReLU) - 5, 917 weights (885 without batch normalisation).

    Source: Chaudhari (2018), sections 6.3.1 and 6.3.3: small-fc with 16 units and 5 classes.
    """
    return small_fc_ch6(
        width=width,
        depth=depth,
        dropout=dropout,
        batch_norm=batch_norm,
        order=order,
        classes=classes,
        in_channels=in_channels,
        size=size,
    )
