"""The gradients that a step finds: dense, finite where asked for, each in its own memory."""

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
        RuntimeError: a sparse gradient, of any layout.

    >>> w, frozen = torch.nn.Parameter(torch.ones(1)), torch.ones(1)
    >>> w.grad = torch.tensor([2.0])
    >>> with_gradient("SGD", {"params": [w, frozen]})[1]
    [tensor([2.])]
    """
    params = [p for p in group["params"] if p.grad is not None and p.requires_grad]
    grads = [p.grad for p in params]
    if any(g.layout is not torch.strided for g in grads):
        raise RuntimeError(
            f"{type(owner).__name__} needs dense gradients; build the embedding with sparse=False."
        )
    return params, grads


def separate(work: Sequence[tuple[list[Tensor], list[Tensor]]]) -> None:
    """Give gradients that cannot be written to one by one memory of their own.

    They share numbers with each other or with their parameter, or repeat some (stride 0): what
    `torch.autograd.grad` and expanded tensors leave. `work` has the parameters and the gradients of
    every group; copies take the place of the latter, in the lists and in `grad`.

    >>> one, two = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    >>> one.grad = two.grad = torch.ones(2)
    >>> separate([([one, two], [one.grad, two.grad])])
    >>> one.grad.data_ptr() == two.grad.data_ptr(), two.grad
    (False, tensor([1., 1.]))
    """
    taken: list[tuple[int, int, int, int]] = []  # first byte, the one after the last; group, place
    shared = []
    for j, (params, grads) in enumerate(work):
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if type(g) is not Tensor:
                continue  # a subclass may have no memory that can be looked at
            start = g.data_ptr()
            if start == p.data_ptr():
                shared.append((j, i))
            elif g.is_contiguous():
                taken.append((start, start + g.nbytes, j, i))
            elif g.stride() == p.stride():
                last = sum((n - 1) * step for n, step in zip(g.shape, g.stride(), strict=True))
                taken.append((start, start + (last + 1) * g.itemsize, j, i))
            else:
                shared.append((j, i))
    taken.sort()
    end = 0
    for start, after, j, i in taken:
        if start < end:
            shared.append((j, i))
        end = max(end, after)
    for j, i in shared:
        params, grads = work[j]
        copy = torch.empty_like(params[i], requires_grad=False).copy_(grads[i])
        params[i].grad = grads[i] = copy


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
