"""Inner steps of the programs that the authors published, where they are not the thesis' steps.

All of them take the force from y - x as it is, beside the momentum or inside it; the thesis' own
step (`inner_loop`) takes it through the L2 term of its one pass. Each uses up `grads`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .sgd import sgd_update


def away_from_x(params: list[Tensor], states: list[dict[str, Any]]) -> list[Tensor]:
    """y - x, new tensors: the force but for its strength 1 / gamma.

    >>> [t.item() for t in away_from_x([torch.tensor(3.0)], [{"x": torch.tensor(1.0)}])]
    [2.0]
    """
    return list(torch._foreach_sub(params, [s["x"] for s in states]))


def entropy_step(
    params: list[Tensor],
    grads: list[Tensor],
    states: list[dict[str, Any]],
    *,
    rate: float,
    scope: float,
    momentum: float,
    weight_decay: float,
    restart: bool,
    lua: bool,
) -> None:
    """Entropy-SGD: y <- y - rate (d + momentum u + (y - x) / scope), d = g + weight_decay y.

    The force acts after the momentum; with `lua` so does weight_decay y.
    """
    away = away_from_x(params, states)
    torch._foreach_div_(away, scope)
    if lua and weight_decay:
        torch._foreach_add_(away, params, alpha=weight_decay)
    sgd_update(
        params,
        grads,
        states,
        lr=rate,
        momentum=momentum,
        nesterov=momentum > 0,
        weight_decay=0.0 if lua else weight_decay,
        key="inner",
        restart=restart,
    )
    torch._foreach_add_(params, away, alpha=-rate)


def parle_step(
    params: list[Tensor],
    grads: list[Tensor],
    states: list[dict[str, Any]],
    *,
    rate: float,
    scope: float,
    momentum: float,
    weight_decay: float,
    restart: bool,
) -> None:
    """Parle: `heavy_step` with d = g + (y - x) / scope + weight_decay y."""
    torch._foreach_add_(grads, away_from_x(params, states), alpha=1 / scope)
    if weight_decay:
        torch._foreach_add_(grads, params, alpha=weight_decay)
    heavy_step(params, grads, states, rate, momentum, key="inner", restart=restart)


def heavy_step(
    params: list[Tensor],
    ds: list[Tensor],
    states: list[dict[str, Any]],
    rate: float,
    momentum: float,
    *,
    key: str,
    restart: bool = False,
) -> None:
    """u <- momentum u + d, w <- w - rate (d + u): Parle's program has u, not momentum u.

    Without momentum w <- w - rate d.
    """
    if momentum > 0:
        torch._foreach_add_(params, ds, alpha=-rate)
    sgd_update(
        params,
        ds,
        states,
        lr=rate,
        momentum=momentum,
        nesterov=False,
        weight_decay=0.0,
        key=key,
        restart=restart,
    )
