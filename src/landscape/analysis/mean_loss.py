"""The mean loss of a network over a data set, as a function of one flat vector of weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats of each sample: logits [B, K], classes [B] -> [B]."""
    return functional.cross_entropy(outputs, targets, reduction="none")


def half_square(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared error of each sample: outputs [B, K], targets [B, K] -> [B]."""
    return 0.5 * (outputs - targets).square().flatten(1).sum(1)


class MeanLoss:
    """``f(w) = (1/N) sum_k loss(network(x_k; w), y_k) + weight_decay |w|^2 / 2``, w flat [d].

    The network is copied and put in evaluation mode, as the thesis does for its spectra (section
    6.3.1): dropout is off, batch normalisation uses its running statistics. The network that was
    handed over does not change. Everything that runs over the data does so in chunks, in the
    order of the data, so that the same call gives the same bytes.

    Args:
        model: The network. All its parameters are weights, in the order of `parameters()`.
        inputs: [N, ...], on any device; floating inputs are cast chunk by chunk.
        targets: [N, ...].
        loss: Outputs and targets of B samples -> their losses [B]. It has to be twice
            differentiable in the outputs and must not mix samples. One that averages them itself,
            such as ``nn.CrossEntropyLoss()``, is not noticed: the sum is taken of one mean a chunk,
            so that values, gradients and curvatures come out too small by the samples of a chunk
            (by N where one chunk holds all), all but the weight decay's part. Give it
            ``reduction="none"``.
        weight_decay: L2 coefficient, at least 0.
        chunk: Samples that are handled at once; bounds memory, not results.
        dtype: float64 or float32; the precision of every number computed from here on.

    Attributes:
        weights: [d], the network's own weights.
        size: Their number d.
        samples: The number of samples N.
        network: the copy.

    Raises:
        ValueError: No samples, lengths that differ, or a setting outside its range.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Tensor,
        targets: Tensor,
        *,
        loss: Loss = cross_entropy,
        weight_decay: float = 0.0,
        chunk: int = 1000,
        dtype: torch.dtype = torch.float64,
    ):
        if len(inputs) == 0 or len(inputs) != len(targets):
            raise ValueError(
                f"There are {len(inputs)} inputs and {len(targets)} targets: give as many of one "
                "as of the other, and at least one."
            )
        if dtype not in (torch.float32, torch.float64):
            raise ValueError(f"dtype must be torch.float64 or torch.float32, not {dtype}.")
        if not (chunk >= 1 and isinstance(chunk, int)):
            raise ValueError(f"chunk must be a whole number of samples from 1 on, not {chunk!r}.")
        if not (weight_decay >= 0 and math.isfinite(weight_decay)):
            raise ValueError(f"weight_decay must be 0 or a positive number, not {weight_decay!r}.")
        self.network = copy.deepcopy(model).eval().requires_grad_(False).to(dtype)
        named = list(self.network.named_parameters())
        if not named:
            raise ValueError("The network has no parameters: there is nothing to differentiate.")
        self.shapes = {name: p.shape for name, p in named}
        self.weights = torch.cat([p.detach().reshape(-1) for _, p in named])
        self.inputs, self.targets, self.loss = inputs, targets, loss
        self.weight_decay, self.chunk, self.dtype = float(weight_decay), chunk, dtype
        self.size, self.samples, self.device = len(self.weights), len(inputs), self.weights.device

    def first(self, samples: int) -> MeanLoss:
        """The same loss over the first so many samples only."""
        return MeanLoss(
            self.network, self.inputs[:samples], self.targets[:samples], loss=self.loss,
            weight_decay=self.weight_decay, chunk=self.chunk, dtype=self.dtype,
        )  # fmt: skip

    def unflatten(self, weights: Tensor) -> dict[str, Tensor]:
        """The named tensors of flat weights [d]."""
        parts = weights.split([shape.numel() for shape in self.shapes.values()])
        return {
            name: part.view(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def outputs(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """What the network with weights [d] answers to inputs [B, ...]."""
        return functional_call(self.network, self.unflatten(weights), (inputs,))

    def loss_sum(self, weights: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Sum of the losses of B samples at weights [d], without weight decay."""
        return self.loss(self.outputs(weights, inputs), targets).sum()

    def chunks(self, size: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """(inputs, targets) of at most `size` samples (default `chunk`), in the data's order."""
        for first in range(0, self.samples, size or self.chunk):
            yield self.batch(slice(first, first + (size or self.chunk)))

    def batch(self, which: slice | Tensor) -> tuple[Tensor, Tensor]:
        """(inputs, targets) of some samples, on the device and in the precision of the weights."""
        inputs, targets = self.inputs[which], self.targets[which]
        if inputs.is_floating_point():
            inputs = inputs.to(self.dtype)
        if targets.is_floating_point():
            targets = targets.to(self.dtype)
        return inputs.to(self.device), targets.to(self.device)

    def value(self, weights: Tensor) -> Tensor:
        """f at weights [d] -> a scalar, or at each row of weights [k, d] -> [k]."""
        one = weights.dim() == 1
        rows = weights[None] if one else weights
        total = torch.zeros(len(rows), dtype=self.dtype, device=self.device)
        for x, y in self.chunks():
            for k, row in enumerate(rows):  # a vmap over weights is no faster and k times larger
                total[k] += self.loss_sum(row, x, y)
        total = total / self.samples + 0.5 * self.weight_decay * rows.square().sum(1)
        return total[0] if one else total

    def gradient(self, weights: Tensor) -> Tensor:
        """Gradient of f at weights [d] -> [d]."""
        total = torch.zeros_like(weights)
        for x, y in self.chunks():
            total += grad(self.loss_sum)(weights, x, y)
        return total / self.samples + self.weight_decay * weights

    def gradients_and_values(
        self, weights: Tensor, which: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Gradients [k, d] and values [k] of f at each row of weights [k, d].

        With `which`, a tensor of indices, the mean runs over these samples only: a mini-batch's.
        """
        both = vmap(grad_and_value(self.loss_sum), in_dims=(0, None, None))
        slopes, totals, count = torch.zeros_like(weights), 0.0, self.samples
        if which is not None:
            count = len(which)
        for x, y in self.chunks() if which is None else [self.batch(which)]:
            part, value = both(weights, x, y)
            slopes, totals = slopes + part, totals + value
        slopes = slopes / count + self.weight_decay * weights
        return slopes, totals / count + 0.5 * self.weight_decay * weights.square().sum(1)
