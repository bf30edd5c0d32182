"""Entropy-Adam: Adam driven by the gradient of local entropy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from . import scoping as scopes
from .adam import adam_update
from .inner_loop import InnerLoopOptimizer
from .rules import BETAS, POSITIVE, finite, require


class EntropyAdam(InnerLoopOptimizer):
    r"""Adam whose gradient is (x - z) / gamma, z from the inner loop of Entropy-SGD.

    From x, with u = 0 and y = z = x; L times, each with a new mini-batch gradient g at y::

        d = g + weight_decay y + (y - x) / gamma
        u <- momentum u + d
        y <- y - lr_inner (d + momentum u) + sqrt(2 lr_inner temperature) N(0, I)
        z <- alpha z + (1 - alpha) y

    then, inside the L-th step, one step of `Adam` from x with (x - z) / gamma as its gradient. The
    factor 1 / gamma matters only against eps. Between steps the parameters hold y; `solution()`
    puts x.

    Args:
        params: tensors, groups or named parameters.
        lr: rate of Adam, the one that schedulers act on. The work: 0.01, halved at each epoch.
        lr_inner: rate of the inner loop (not stated in the work).
        gamma: scope, positive and finite. The work: 100, constant.
        L: inner steps, >= 1. alpha: weight of the OLD average, in [0, 1).
        temperature: 1 / beta, >= 0, not stated for this method; the range of the others is 1e-8 to
            1e-6.
        betas: (b1, b2), each in [0, 1); b1 = 0.5 is stated (section 3.3.5), b2 is Adam's usual one.
        eps: > 0, Adam's usual one.
        momentum: Nesterov's, of the inner loop, in [0, 1).
        weight_decay: L2 coefficient, part of the loss that the inner loop sees.
        gamma_decay, scoping, inner_buffer: as for `EntropySGD`; the scope is constant by default.
        generator, check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges.

    Memory: five copies of the weights, themselves included: y, x, z and Adam's two moments; six
    with momentum, for u. Noise needs a piece of one more while a step runs. The step uses up the
    gradients.

    Source: Chaudhari (2018), section 3.3.5.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimizer = EntropyAdam([w], lr=0.25, L=2, temperature=0.0)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (0.5 * w.square().sum()).backward()
    ...     optimizer.step()
    >>> round(w.item(), 4)          # Adam's first step has length lr
    0.75
    """

    draws = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        lr_inner: float = 0.1,
        gamma: float = 100.0,
        L: int = 5,
        alpha: float = 0.25,
        temperature: float = 1e-8,
        betas: tuple[float, float] = (0.5, 0.999),
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        gamma_decay: float | None = None,
        scoping: scopes.Schedule | Mapping[str, Any] | None = None,
        inner_buffer: str = "reset",
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_inner": lr_inner,
            "gamma": gamma,
            "alpha": alpha,
            "temperature": temperature,
            "betas": betas,
            "eps": eps,
            "momentum": momentum,
            "weight_decay": weight_decay,
        }
        super().__init__(
            params,
            defaults,
            scoping=scopes.resolve(scoping, gamma_decay, 0.0),
            recipe={"L": L, "inner_buffer": inner_buffer},
            generator=generator,
            check_finite=check_finite,
        )

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        require(self, group, betas=BETAS, eps=POSITIVE, gamma=finite())

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        tensors, numbers = super()._kept(group, place)
        return [*tensors, "exp_avg", "exp_avg_sq"], [*numbers, "step"]

    def _outer(
        self, group: dict[str, Any], xs: list[Tensor], ds: list[Tensor], states: list[dict]
    ) -> None:
        torch._foreach_div_(ds, self.scope(group))
        # The L2 term is already in z.
        settings = {k: group[k] for k in ("lr", "betas", "eps")}
        adam_update(xs, ds, states, weight_decay=0.0, **settings)
