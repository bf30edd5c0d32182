"""Recurrent networks that predict the next character or word (thesis, chapter 3).

The thesis states layers, hidden units, vocabulary and, for two of them, the number of weights. The
count of the small one (32,640) is that of torch's LSTM with its two biases a gate, one-hot inputs
and a linear readout without bias.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .checks import ModelError, positive, probability

State = tuple[Tensor, Tensor]


class SequenceLSTM(nn.Module):
    """Input -> LSTM layers -> linear, with dropout on all connections that do not go through time.

    Input int64 ``[batch, time]``, entries below ``classes``; output logits
    ``[batch, time, classes]`` and the hidden state, which the next call takes: two tensors
    ``[layers, batch, width]``.

    Args:
        embedding: Size of a learnt embedding of the inputs; 0 feeds them as one-hot vectors.
        spread: Weights are drawn uniformly from [-spread, spread]; ``None``: torch's default.
        readout_bias: Whether the readout has a bias.

    Raises:
        ModelError: an option out of its range, or an input of another shape.
    """

    def __init__(
        self,
        *,
        classes: int,
        width: int,
        layers: int,
        embedding: int,
        dropout: float,
        spread: float | None,
        readout_bias: bool,
    ) -> None:
        super().__init__()
        positive(classes=classes, width=width, layers=layers)
        probability(dropout=dropout)
        if embedding:
            positive(embedding=embedding)
        self.classes = classes
        self.embed = nn.Embedding(classes, embedding) if embedding else None
        self.drop = nn.Dropout(dropout)
        self.lstm = nn.LSTM(
            embedding or classes,
            width,
            layers,
            batch_first=True,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.readout = nn.Linear(width, classes, bias=readout_bias)
        if spread is not None:
            if spread <= 0:
                raise ModelError(f"Option spread={spread} must be positive, or absent.")
            for weights in self.parameters():
                nn.init.uniform_(weights, -spread, spread)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits [batch, time, classes] and the hidden state after the last step."""
        if x.ndim != 2 or x.dtype != torch.int64:
            raise ModelError(
                "The network takes whole numbers of shape [batch, time] but got "
                f"{str(x.dtype).removeprefix('torch.')} of shape {list(x.shape)}: use it with a "
                "sequence (data text or ptb)."
            )
        if self.embed is None:
            entering = nn.functional.one_hot(x, self.classes).to(self.readout.weight.dtype)
        else:
            entering = self.drop(self.embed(x))
        leaving, state = self.lstm(entering, state)
        return self.readout(self.drop(leaving)), state


def char_lstm(
    *,
    classes: int = 87,
    width: int = 128,
    layers: int = 2,
    dropout: float = 0.0,
    readout_bias: bool = True,
) -> SequenceLSTM:
    """Two layers of 128 on one-hot characters, 254,423 weights with 87 of them.

    Source: Chaudhari (2018), section 3.3.5. Dropout and biases are not stated. Shrink with
    ``width``.
    """
    return SequenceLSTM(
        classes=classes,
        width=width,
        layers=layers,
        embedding=0,
        dropout=dropout,
        spread=None,
        readout_bias=readout_bias,
    )


def small_char_lstm(
    *,
    classes: int = 96,
    width: int = 48,
    layers: int = 1,
    dropout: float = 0.0,
    readout_bias: bool = False,
) -> SequenceLSTM:
    """One layer of 48 on one-hot characters, 32,640 weights as stated.

    Source: Chaudhari (2018), section 3.3.1 (the spectrum of the Hessian, figure 3.4).
    """
    return char_lstm(
        classes=classes, width=width, layers=layers, dropout=dropout, readout_bias=readout_bias
    )


def ptb_lstm(
    *,
    classes: int = 10_000,
    width: int = 1500,
    layers: int = 2,
    dropout: float = 0.65,
    spread: float = 0.04,
) -> SequenceLSTM:
    """Two layers of 1500 on embedded words, 66,034,000 weights ("about 66 million").

    Source: Chaudhari (2018), section 3.3.4, with the pipeline of Zaremba et al. (2014): dropout
    0.65 and weights from [-0.04, 0.04], their large network. Shrink with ``width``.
    """
    return SequenceLSTM(
        classes=classes,
        width=width,
        layers=layers,
        embedding=width,
        dropout=dropout,
        spread=spread,
        readout_bias=True,
    )
