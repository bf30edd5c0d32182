"""The gradient of every single sample, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor
from torch.func import grad, vmap

from .mean_loss import MeanLoss


def sample_gradients(f: MeanLoss, chunk: int | None = None) -> Iterator[Tensor]:
    """Gradients of the losses of single samples at `f.weights`, in the data's order.

    Weight decay is not part of a sample's loss. A chunk of B takes B d numbers and a few more for
    the passes.

    Args:
        f: The loss.
        chunk: Samples at once; default `f.chunk`.

    Yields:
        [B, d], row k the gradient of the chunk's sample k.
    """

    def of_one(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return grad(f.loss_sum)(w, x[None], y[None])

    for x, y in f.chunks(chunk):
        yield vmap(of_one, in_dims=(None, 0, 0))(f.weights, x, y)
