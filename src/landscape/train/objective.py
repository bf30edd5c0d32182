"""What a run minimises on a mini-batch, and how its gradient is clipped."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from landscape.train.options import LossSpec

#: Labels int64 [n], or those of mixed images: two of them and the first one's weight, each [n].
Targets = Tensor | tuple[Tensor, Tensor, Tensor]


def batch_loss(logits: Tensor, targets: Targets, loss: LossSpec, steps: int = 1) -> Tensor:
    """The scaled mean loss of a mini-batch, without L2.

    Args:
        logits: [n, classes]; for sequences n = batch x unrolled steps.
        targets: Their labels.
        loss: Which loss and which scale.
        steps: Unrolled steps of a sequence.
    """
    if loss.name == "mse":
        value = (logits - one_hot(targets, logits)).square().sum(1).mean()
    elif isinstance(targets, tuple):
        value = nn.functional.cross_entropy(logits, one_hot(targets, logits))
    else:
        value = nn.functional.cross_entropy(logits, targets)
    scale = loss.scale(logits.shape[1], steps)
    return value if scale == 1.0 else scale * value


def one_hot(targets: Targets, logits: Tensor) -> Tensor:
    """One-hot labels, mixed where the images were, in the logits' shape and type."""
    classes = logits.shape[1]
    if not isinstance(targets, tuple):
        return nn.functional.one_hot(targets, classes).to(logits.dtype)
    first, second, weight = targets
    mixed = [nn.functional.one_hot(y, classes).to(logits.dtype) for y in (first, second)]
    return torch.lerp(mixed[1], mixed[0], weight[:, None].to(logits.dtype))


def trained(model: nn.Module) -> list[nn.Parameter]:
    """All parameters that are trained."""
    return [p for p in model.parameters() if p.requires_grad]


@torch.no_grad()
def add_l2(model: nn.Module, strength: float) -> Tensor:
    """Add the gradient of ``strength / 2 |theta|^2`` to the gradients; returns the term itself."""
    weights = trained(model)
    for weight in weights:
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
    torch._foreach_add_([p.grad for p in weights], weights, alpha=strength)
    return 0.5 * strength * square(weights)


@torch.no_grad()
def clip(model: nn.Module, norm: float | None, value: float | None) -> None:
    """Cut the gradient's entries to ``value``, then scale it down to ``norm``, where asked for."""
    if value is not None:
        nn.utils.clip_grad_value_(model.parameters(), value)
    if norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), norm)


@torch.no_grad()
def square(tensors: Iterable[Tensor]) -> Tensor:
    """Sum of all squares."""
    lengths = torch._foreach_norm([t.detach() for t in tensors])
    return torch.stack([length.float() for length in lengths]).square().sum()
