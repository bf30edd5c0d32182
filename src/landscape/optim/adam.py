"""Adam, with L2 regularisation inside the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from .base import LandscapeOptimizer
from .rules import AT_LEAST_ZERO, BETAS, POSITIVE, RATE, require
from .tensors import buckets

SETTINGS = ("lr", "betas", "eps", "weight_decay")


class Adam(LandscapeOptimizer):
    r"""Adam (Kingma and Ba, 2014), the baseline of the MNIST experiments.

    With g the mini-batch gradient, d = g + weight_decay w, t = 1, 2, ... the number of steps of
    this parameter::

        m <- b1 m + (1 - b1) d,   v <- b2 v + (1 - b2) d^2
        w <- w - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)

    Args:
        params: tensors, groups or named parameters.
        lr: learning rate, >= 0.
        betas: (b1, b2), each in [0, 1).
        eps: > 0.
        weight_decay: coefficient of the L2 term, >= 0, added to the gradient (the works' "l2
            regularization"; this is not the decoupled decay of AdamW).
        generator, check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges.

    Memory: three copies of the weights, themselves included: w, m and v.

    Same arithmetic as `torch.optim.Adam`. Source: Chaudhari (2018), section 2.4.3.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    >>> optimizer = Adam([w], lr=0.5)
    >>> (0.5 * w.square().sum()).backward()
    >>> optimizer.step()          # the first step has length lr in every coordinate
    >>> [round(v, 6) for v in w.tolist()]
    [0.5, -1.5]
    """

    weight_by_weight = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults, generator=generator, check_finite=check_finite)

    def _check_group(self, group: dict[str, Any]) -> None:
        check_adam(self, group)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        return ["exp_avg", "exp_avg_sq"], ["step"]

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[p] for p in params]
        adam_update(params, grads, states, **{k: group[k] for k in SETTINGS})


def check_adam(owner: object, group: dict[str, Any]) -> None:
    """Refuse impossible settings of the rule below."""
    require(owner, group, lr=RATE, betas=BETAS, eps=POSITIVE, weight_decay=AT_LEAST_ZERO)


def adam_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    states: Sequence[dict[str, Any]],
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> None:
    """One step of the rule above on `params`, in place; `grads` are left alone.

    `states[i]` holds `exp_avg`, `exp_avg_sq` (shape of the parameter) and `step` (a plain int, so
    that bias correction never makes the host wait for the device); all are made at the first step.
    """
    lr, (b1, b2) = float(lr), betas
    for p, state in zip(params, states, strict=True):
        if "step" not in state:
            state["step"] = 0
            state["exp_avg"] = torch.zeros_like(p, requires_grad=False)
            state["exp_avg_sq"] = torch.zeros_like(p, requires_grad=False)
        state["step"] += 1
    first, second = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
    for step, fused, ps, gs, ms, vs in buckets(
        params, grads, first, second, key=[s["step"] for s in states]
    ):
        if fused:
            count = torch.full((), float(step), dtype=torch.float32, device=ps[0].device)
            torch._fused_adam_(
                ps, gs, ms, vs, [], [count] * len(ps),
                lr=lr, beta1=b1, beta2=b2, eps=eps, weight_decay=weight_decay,
                amsgrad=False, maximize=False,
            )  # fmt: skip
            continue
        ds = torch._foreach_add(gs, ps, alpha=weight_decay) if weight_decay else gs
        torch._foreach_lerp_(ms, list(ds), 1 - b1)
        torch._foreach_mul_(vs, b2)
        torch._foreach_addcmul_(vs, list(ds), list(ds), 1 - b2)
        roots = torch._foreach_sqrt(vs)
        torch._foreach_div_(roots, math.sqrt(1 - b2**step))
        torch._foreach_add_(roots, eps)
        torch._foreach_addcdiv_(ps, ms, roots, -lr / (1 - b1**step))
