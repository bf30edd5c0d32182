"""HEAT: descent on the loss smoothed by the heat equation, a mean over random moves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from . import scoping as scopes
from .base import LandscapeOptimizer
from .processes import refuse_unequal_noise
from .rules import AT_LEAST_ZERO, BELOW_ONE, RATE, HyperparameterError, count, require
from .sgd import sgd_update
from .sixteen_bit import on_masters
from .tensors import chunks, copy_all


class HeatSmoothing(LandscapeOptimizer):
    r"""Smoothing by the heat equation, HEAT of the thesis, one gradient a `step()`.

    From x; L times, each with a new mini-batch gradient g_i at x + e_i, e_i ~ N(0, gamma I); then,
    inside the L-th step::

        d = (g_1 + ... + g_L) / L + weight_decay x
        u <- momentum u + d
        x <- x - lr (d + momentum u)

    and gamma shrinks. The mean of d is the gradient of f * N(0, gamma I), the solution of the heat
    equation that starts from the loss f. Between steps the parameters hold x + e_i; `solution()`
    puts x. `prepare()` moves to x + e_1; without that call the first gradient of a run is taken
    at x itself. With gamma = 0 nothing is drawn, and the run is Nesterov SGD on the mean of L
    mini-batch gradients.

    Args:
        params: tensors, groups or named parameters.
        gamma: variance of the moves, >= 0, weights squared. No value is stated; sqrt(gamma) is how
            far a single weight moves, so 1e4, the scope of Entropy-SGD, would bury it. 0: no moves,
            whatever the schedule.
        lr: rate eta, the one that schedulers act on; default 0.1, stated for Entropy-SGD beside it.
        L: gradients in a mean, >= 1; the work: 20.
        momentum: Nesterov's, on the mean gradient, in [0, 1). "Standard", without a value.
        weight_decay: L2 coefficient, taken at x: smoothing adds a constant to `|x|^2`, so that this
            is the exact gradient of the smoothed term, free of the noise that the moves would add.
        gamma_decay: gamma(t) = gamma / (1 + gamma_decay)^t, t outer updates; default 1e-3, since
            scoping is to be as in chapter 3. 0 keeps gamma constant.
        scoping: another schedule, from `landscape.optim.scoping` or as a mapping with its `kind`.
        generator: source of e_i, drawn in the order of the parameters, frozen ones left out.
        check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges.

    A parameter that misses some of the L gradients counts them as zero; one that misses all keeps
    its x and u, but is still moved by e_i. One that is frozen in mid-run stays where it then
    stands, at x + e_i, and starts from there when it is trained again.

    Memory: four copies of the weights, themselves included: x + e, x, the sum of gradients and u
    (three without momentum; the sum is not needed with L = 1, nor x with gamma = 0). The gradients
    are left alone.

    Source: Chaudhari (2018), eqs. (4.28) (its gamma / beta is gamma here) and (4.43), section
    4.6.1.3.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.ones(10_000))
    >>> draws = torch.Generator().manual_seed(0)
    >>> optimizer = HeatSmoothing([w], gamma=0.25, lr=1.0, L=20, generator=draws)
    >>> optimizer.prepare()
    >>> for _ in range(20):
    ...     optimizer.zero_grad()
    ...     (w**4).sum().backward()
    ...     optimizer.step()
    >>> with optimizer.solution():   # the gradient of E (1 + e)^4 is 4 + 12 gamma = 7, not 4
    ...     print(round(1 - w.mean().item(), 1))
    7.0
    """

    draws = True

    def __init__(
        self,
        params: Iterable[Any],
        gamma: float,
        lr: float = 0.1,
        L: int = 20,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        gamma_decay: float | None = None,
        scoping: scopes.Schedule | Mapping[str, Any] | None = None,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        require(self, {"L": L}, L=count(1))
        self.scoping = scopes.resolve(scoping, gamma_decay, 1e-3)
        defaults = {"lr": lr, "gamma": gamma, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(
            params, defaults, recipe={"L": L}, generator=generator, check_finite=check_finite
        )
        self._counters.update(phase=0, updates=0)

    def _check_group(self, group: dict[str, Any]) -> None:
        require(
            self,
            group,
            lr=RATE,
            gamma=AT_LEAST_ZERO,
            momentum=BELOW_ONE,
            weight_decay=AT_LEAST_ZERO,
        )

    @property
    def gradients_per_update(self) -> int:
        """Gradients in a mean."""
        return self._recipe["L"]

    @property
    def own_answer(self) -> bool:
        """Whether any weight is moved at all."""
        return any(group["gamma"] > 0 for group in self.param_groups)

    @property
    def updates(self) -> int:
        """Number of outer updates made so far."""
        return self._counters["updates"]

    def scope(self, group: dict[str, Any] | None = None) -> float:
        """Variance gamma of the current moves; of the first group if none is given."""
        group = self.param_groups[0] if group is None else group
        if group["gamma"] == 0:
            return 0.0
        gamma = float(self.scoping(group["gamma"], self.updates))
        if not 0 <= gamma < math.inf:
            raise HyperparameterError(
                f"A variance is at least 0, but scoping gives {gamma!r} after {self.updates} "
                "updates; use a bounded schedule."
            )
        return gamma

    def _in_cycle(self) -> bool:
        return self.own_answer

    def _begin_anew(self) -> None:
        self._counters["phase"] = 0
        for state in self.state.values():
            state.pop("cycle", None)
            state.pop("placed", None)
        self.prepare()

    def _draws_noise(self) -> bool:
        return self.own_answer

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        moved = ["x"] if group["gamma"] > 0 else []
        several = ["sum"] if self.gradients_per_update > 1 else []
        momentum = ["momentum_buffer"] if group["momentum"] > 0 else []
        numbers = (["placed"] if moved else []) + (["cycle"] if several else [])
        return moved + several + momentum, numbers

    # `state["placed"]` is the number of the gradient for which a parameter was moved to x + e. If
    # that is not the gradient in hand (no moves; frozen in between), the parameter itself is x.

    def _answer(self, parameter: Tensor, number: int) -> Tensor:
        state = self.state[parameter]
        return state["x"] if state.get("placed") == number else parameter

    def _scatter(self, group: dict[str, Any], params: list[Tensor], number: int) -> None:
        """Move `params` to x + e for the next gradient, from where they were at `number`."""
        spread = math.sqrt(self.scope(group))
        for p in params:
            state, x = self.state[p], self._answer(p, number)
            if spread == 0:
                if x is not p:
                    p.copy_(x)
                continue
            if x is p:
                if "x" not in state:
                    state["x"] = torch.empty_like(p, requires_grad=False)
                state["x"].copy_(p)
            state["placed"] = self.iteration
        for part in chunks(params) if spread else ():
            ps = params[part]
            for p in ps:
                self._normal_like(p, spread, out=p)
            torch._foreach_add_(ps, [self.state[p]["x"] for p in ps])

    @torch.no_grad()
    @on_masters
    def prepare(self) -> None:
        """Move to x + e_1; parameters that are there already stay."""
        self._refuse_in_solution("prepare")
        self._refuse_outside_change("prepare")
        refuse_unequal_noise(self)
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.requires_grad]
            here = [p for p in trained if self._answer(p, self.iteration) is p]
            self._scatter(group, here, -1)
        self._watch.again(self.param_groups)

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        if self.gradients_per_update == 1:
            self._move(group, params, grads, self.iteration)
            return
        states = [self.state[p] for p in params]
        fresh = [state.get("cycle") != self.updates for state in states]
        for p, state, new in zip(params, states, fresh, strict=True):
            if new:
                if "sum" not in state:
                    state["sum"] = torch.empty_like(p, requires_grad=False)
                state["cycle"] = self.updates
        for new, add in ((True, copy_all), (False, torch._foreach_add_)):
            where = [i for i, starts in enumerate(fresh) if starts is new]
            if where:
                add([states[i]["sum"] for i in where], [grads[i] for i in where])

    def _move(
        self, group: dict[str, Any], params: list[Tensor], means: list[Tensor], number: int
    ) -> None:
        sgd_update(
            [self._answer(p, number) for p in params],
            means,
            [self.state[p] for p in params],
            lr=group["lr"],
            momentum=group["momentum"],
            nesterov=group["momentum"] > 0,
            weight_decay=group["weight_decay"],
        )

    def _after_update(self) -> None:
        used, cycle = self.iteration - 1, self.updates
        trained = [[p for p in g["params"] if p.requires_grad] for g in self.param_groups]
        self._counters["phase"] += 1
        if self._counters["phase"] == self.gradients_per_update:
            for group, params in zip(self.param_groups, trained, strict=True):
                moving = [p for p in params if self.state[p].get("cycle") == cycle]
                if moving:
                    sums = [self.state[p]["sum"] for p in moving]
                    torch._foreach_div_(sums, self.gradients_per_update)
                    self._move(group, moving, sums, used)
            self._counters["phase"] = 0
            self._counters["updates"] += 1
        for group, params in zip(self.param_groups, trained, strict=True):
            self._scatter(group, params, used)

    def _drop_cycle(self) -> None:
        # The next gradient is due at x itself, unless prepare() is called.
        self._counters["phase"] = 0
        for p in self._parameters():
            for mark in ("placed", "cycle"):
                self.state.get(p, {}).pop(mark, None)

    def _answers(self) -> list[tuple[Tensor, Tensor]]:
        return [
            (p, self.state[p]["x"])
            for group in self.param_groups
            for p in group["params"]
            if p.requires_grad and self._answer(p, self.iteration) is not p
        ]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "scoping": self.scoping}
