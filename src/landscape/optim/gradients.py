"""The gradients that a step finds: dense, and finite where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class NonFiniteGradientError(FloatingPointError):
    """A gradient holds NaN or infinity; raised before any weight or state has changed."""


def with_gradient(owner: object, group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of a group that a step moves, and their gradients.

    Raises:
        RuntimeError: a sparse gradient.

    >>> w, frozen = torch.nn.Parameter(torch.ones(1)), torch.ones(1)
    >>> w.grad = torch.tensor([2.0])
    >>> with_gradient("SGD", {"params": [w, frozen]})[1]
    [tensor([2.])]
    """
    params = [p for p in group["params"] if p.grad is not None and p.requires_grad]
    grads = [p.grad for p in params]
    if any(g.is_sparse for g in grads):
        raise RuntimeError(
            f"{type(owner).__name__} needs dense gradients; build the embedding with sparse=False."
        )
    return params, grads


def refuse_non_finite(groups: Sequence[dict[str, Any]], iteration: int) -> None:
    """Raise `NonFiniteGradientError` about the first parameter whose gradient is not finite."""
    places = [
        (number, i, p)
        for number, group in enumerate(groups)
        for i, p in enumerate(group["params"])
        if p.grad is not None and p.requires_grad and p.numel()
    ]
    if _plainly_finite([p.grad for _, _, p in places]):
        return
    for number, i, p in places:
        if not bool(p.grad.isfinite().all()):
            names = groups[number].get("param_names")
            label = repr(names[i]) if names else f"{i} of group {number}"
            raise NonFiniteGradientError(
                f"The gradient of parameter {label} is not finite at iteration {iteration}; "
                "the weights are unchanged: lower the learning rate, or skip this batch."
            )


def _plainly_finite(grads: list[Tensor]) -> bool:
    """One norm a tensor, the cheap question; it also overflows for huge finite gradients."""
    if not grads:
        return True
    norms = torch._foreach_norm(grads)
    return bool(torch.stack([n.to(norms[0].device, torch.float64) for n in norms]).isfinite().all())
