"""Stochastic gradient descent with (Nesterov) momentum and L2 regularisation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from .base import LandscapeOptimizer
from .processes import is_sharded
from .rules import AT_LEAST_ZERO, BELOW_ONE, RATE, SWITCH, require
from .tensors import buckets, copy_all

SETTINGS = ("lr", "momentum", "nesterov", "weight_decay")


class SGD(LandscapeOptimizer):
    r"""Stochastic gradient descent, the baseline of all chapters and the base of other methods.

    With g the mini-batch gradient, d = g + weight_decay w::

        u <- momentum u + d   (u = d at the first step)
        w <- w - lr (d + momentum u)   if nesterov, else   w <- w - lr u

    Args:
        params: tensors, groups or named parameters.
        lr: learning rate, >= 0.
        momentum: in [0, 1).
        nesterov: Nesterov's form; needs momentum > 0.
        weight_decay: coefficient of the L2 term, >= 0, added to the gradient (the works' "l2
            regularization").
        generator, check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges.

    Memory: two copies of the weights, themselves included: w and u (one without momentum).

    Same arithmetic as `torch.optim.SGD`. Source: Chaudhari (2018), section 3.3.3 (the settings),
    Sutskever et al. (2013).

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    >>> optimizer = SGD([w], lr=0.5)
    >>> (0.5 * w.square().sum()).backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, -1.0]
    """

    weight_by_weight = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.1,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        *,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        defaults = dict(zip(SETTINGS, (lr, momentum, nesterov, weight_decay), strict=True))
        super().__init__(params, defaults, generator=generator, check_finite=check_finite)

    def _check_group(self, group: dict[str, Any]) -> None:
        check_sgd(self, group)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        return ["momentum_buffer"] if group["momentum"] > 0 else [], []

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[p] for p in params]
        sgd_update(params, grads, states, **{k: group[k] for k in SETTINGS})


def check_sgd(owner: object, group: dict[str, Any]) -> None:
    """Refuse impossible settings of the rule below."""
    require(owner, group, lr=RATE, momentum=BELOW_ONE, weight_decay=AT_LEAST_ZERO, nesterov=SWITCH)
    if group["momentum"] == 0:
        require(owner, group, nesterov=(lambda v: not v, "False while momentum is 0"))


def sgd_update(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    states: Sequence[dict[str, Any]],
    *,
    lr: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
    key: str = "momentum_buffer",
    restart: bool = False,
) -> None:
    """One step of the rule above on `params`, in place; `grads` are left alone.

    The buffer lies in `states[i][key]` (shape of the parameter) and is made at the first step;
    `restart` forgets what it holds, so that u = d again.
    """
    lr = float(lr)
    if momentum == 0:
        for _, fused, ps, gs in buckets(params, grads):
            if fused and not is_sharded(ps[0]):
                _fused(ps, gs, [], lr, 0.0, False, weight_decay, False)
            else:
                torch._foreach_add_(ps, _decayed(ps, gs, weight_decay), alpha=-lr)
        return
    fresh = []
    for p, state in zip(params, states, strict=True):
        fresh.append(restart or key not in state)
        if key not in state:
            state[key] = torch.empty_like(p, requires_grad=False)
    memory = [state[key] for state in states]
    for first, fused, ps, gs, us in buckets(params, grads, memory, key=fresh):
        if fused and not is_sharded(ps[0]):
            _fused(ps, gs, us, lr, momentum, nesterov, weight_decay, first)
            continue
        ds = _decayed(ps, gs, weight_decay)
        if first:
            copy_all(us, ds)
        else:
            torch._foreach_mul_(us, momentum)
            torch._foreach_add_(us, ds)
        if nesterov:
            torch._foreach_add_(ps, ds, alpha=-lr)
            torch._foreach_add_(ps, us, alpha=-lr * momentum)
        else:
            torch._foreach_add_(ps, us, alpha=-lr)


def _decayed(params: list[Tensor], grads: list[Tensor], weight_decay: float) -> Sequence[Tensor]:
    return torch._foreach_add(grads, params, alpha=weight_decay) if weight_decay else grads


def _fused(
    params: list[Tensor],
    grads: list[Tensor],
    memory: list[Tensor],
    lr: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
    first: bool,
) -> None:
    # One pass over memory instead of four: about half the time of the foreach form on one CPU core.
    torch._fused_sgd_(
        params,
        grads,
        memory,
        lr=lr,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        dampening=0.0,
        maximize=False,
        is_first_step=first,
    )
