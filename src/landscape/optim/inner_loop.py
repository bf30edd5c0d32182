"""The inner loop of the local-entropy methods, laid flat: one gradient, one step.

Kept for every parameter, each the size of the weights: `x`, the answer; `z`, the average of the
inner iterates; `inner`, their momentum; and what the outer rule needs. The parameter itself
holds the inner iterate y.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from . import inner_stability
from .base import LandscapeOptimizer
from .normal_pool import WORTH, NormalPool, fits
from .rules import (
    AT_LEAST_ZERO,
    BELOW_ONE,
    RATE,
    SCOPE,
    HyperparameterError,
    count,
    one_of,
    require,
)
from .scoping import Schedule
from .sgd import sgd_update
from .tensors import chunks, copy_all


class InnerLoopOptimizer(LandscapeOptimizer):
    r"""Langevin steps on `f(y) + |y - x|^2 / (2 gamma)` and their average; subclasses move x.

    A cycle is L steps; before them `_lead_steps` more, whose gradients go to `_lead` only. With g
    the mini-batch gradient at y, u = 0 and z = y = x at the start::

        d = g + weight_decay y + (y - x) / gamma
        u <- momentum u + d,   y <- y - lr_inner (d + momentum u) + sqrt(c lr_inner temperature) N
        z <- alpha z + (1 - alpha) y

    with N ~ N(0, I) and c = `noise_factor`. After the L-th of these, inside the same `step()`,
    `_outer` moves x, then y = x. A parameter that gets its first gradient of a cycle later starts
    there; one without gradient stands still. So does a frozen one, and it is its own answer: frozen
    in mid-cycle it stays at y (where `iteration` is a multiple of `gradients_per_update`, that is
    x); thawed within the same cycle it goes on, later it starts from there. The gradients are used
    up by the step. `averages = False` leaves z out, as alpha = 0 would have it: z = y.
    """

    own_answer = True
    uses_up_gradients = True
    averages = True
    noise_factor = 2.0
    _lead_steps = 0
    _warned = False

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        scoping: Schedule,
        recipe: dict[str, Any],
        generator: torch.Generator | None,
        check_finite: bool,
    ) -> None:
        require(self, recipe, L=count(1), inner_buffer=one_of("reset", "keep"))
        self.scoping = scoping
        # In place, as all that changes (see the base class); one entry once it is wanted.
        self._pools: list[NormalPool] = []
        super().__init__(
            params, defaults, recipe=recipe, generator=generator, check_finite=check_finite
        )
        self._counters.update(phase=0, updates=0)

    def _check_group(self, group: dict[str, Any]) -> None:
        rules = {
            "lr": RATE,
            "lr_inner": RATE,
            "gamma": SCOPE,
            "alpha": BELOW_ONE,
            "temperature": AT_LEAST_ZERO,
            "momentum": BELOW_ONE,
            "weight_decay": AT_LEAST_ZERO,
        }
        if group.get("momentum_outer") is not None:
            rules["momentum_outer"] = BELOW_ONE
        require(self, group, **{name: rule for name, rule in rules.items() if name in group})

    @property
    def gradients_per_update(self) -> int:
        """Steps of a cycle."""
        return self._recipe["L"] + self._lead_steps

    @property
    def updates(self) -> int:
        """Number of outer updates made so far."""
        return self._counters["updates"]

    def scope(self, group: dict[str, Any] | None = None) -> float:
        """gamma of the current cycle; of the first group if none is given."""
        group = self.param_groups[0] if group is None else group
        gamma = float(self.scoping(group["gamma"], self._scope_time()))
        if not gamma > 0:
            raise HyperparameterError(
                f"The scope must stay positive, but scoping gives {gamma!r} after {self.updates} "
                "updates; use a bounded schedule."
            )
        return gamma

    def _in_cycle(self) -> bool:
        return self._counters["phase"] > self._lead_steps

    def _begin_anew(self) -> None:
        self._counters["phase"] = 0
        for state in self.state.values():
            state.pop("cycle", None)

    def _draws_noise(self) -> bool:
        noisy = any(group.get("temperature", 0.0) > 0 for group in self.param_groups)
        return noisy and self.noise_factor > 0

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        names = ["x", "z"] if self.averages else ["x"]
        if group["momentum"] > 0:
            names.append("inner")
        if "momentum_outer" in group and self._momentum_outer(group) > 0:
            names.append("outer")
        return names, ["cycle"]

    def _scope_time(self) -> int:
        return self.updates

    def _look_ahead(self, group: dict[str, Any]) -> None:
        """Warn, once, of a scope that is about to make the inner loop unstable."""
        shift = self._scope_time() - self.updates
        rate, most = self._inner_rate(group), self._force_limit(group)
        scope = lambda t: self.scoping(group["gamma"], t + shift)  # noqa: E731
        update = inner_stability.first_unstable(scope, rate, most, self.updates)
        if update is not None:
            self._warned = True
            # Counted from here: steps of a cycle that was given up belong to no update.
            step = self.iteration + (update - self.updates) * self.gradients_per_update
            inner_stability.warn(self, update, step, rate, scope(update), most)

    def _inner_rate(self, group: dict[str, Any]) -> float:
        return float(group["lr_inner"])

    def _force_limit(self, group: dict[str, Any]) -> float:
        """lr_inner / gamma from which on the force alone throws y away from x."""
        return inner_stability.limit(group["momentum"])

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        if self._counters["phase"] == 0 and not self._warned:
            self._look_ahead(group)
        if self._counters["phase"] < self._lead_steps:
            self._lead(group, params, grads)
            return
        states = [self.state[p] for p in params]
        cycle = self.updates
        fresh = [s.get("cycle") != cycle for s in states]
        if True not in fresh:
            self._inner(group, params, grads, states, restart=False)
            return
        # The start of a cycle: for all parameters at once, unless some join in its middle.
        for new in (True, False):
            where = [i for i, starts in enumerate(fresh) if starts is new]
            if where:
                part = [[column[i] for i in where] for column in (params, grads, states)]
                if new:
                    self._start(part[0], part[2])
                self._inner(group, *part, restart=new and self._recipe["inner_buffer"] == "reset")

    def _start(self, params: list[Tensor], states: list[dict[str, Any]]) -> None:
        for p, state in zip(params, states, strict=True):
            for key in ("x", "z") if self.averages else ("x",):
                if key not in state:
                    state[key] = torch.empty_like(p, requires_grad=False)
                state[key].copy_(p)
            state["cycle"] = self.updates

    def _inner(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        *,
        restart: bool,
    ) -> None:
        rate, temperature = float(group["lr_inner"]), group.get("temperature", 0.0)
        for part in chunks(params):
            ps, ss = params[part], states[part]
            self._descend(group, ps, grads[part], ss, rate, restart)
            if temperature > 0:
                spread = math.sqrt(self.noise_factor * rate * temperature)
                self._add_normal(ps, spread)
            if self.averages:
                torch._foreach_lerp_([s["z"] for s in ss], ps, 1 - group["alpha"])

    def _add_normal(self, params: list[Tensor], spread: float) -> None:
        """Add N(0, spread^2) numbers; those of a large network come from a `NormalPool`."""
        wanted = not self._pools and not self._sources
        if wanted and self._large() and fits(params[0], self.generator):
            self._pools.append(NormalPool(self.generator))
        if not self._pools or self._sources:
            torch._foreach_add_(params, [self._normal_like(p, spread) for p in params])
            return
        for p in params:
            if not fits(p, self.generator):
                p.add_(self._normal_like(p, spread))
            elif p.is_contiguous():
                self._pools[0].add_to(p, spread)
            else:  # in row-major order, so that layout does not change the numbers
                noise = torch.zeros(p.shape)
                self._pools[0].add_to(noise, spread)
                p.add_(noise)

    def _large(self) -> bool:
        return sum(p.numel() for group in self.param_groups for p in group["params"]) >= WORTH

    def _descend(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        rate: float,
        restart: bool,
    ) -> None:
        """One Nesterov step on y, the force inside the momentum (Chaudhari 2018, Remark 5.3)."""
        force = 1 / self.scope(group)
        if force:
            # d = (g - x / gamma) + (weight_decay + 1 / gamma) y: the second half is an L2 term,
            # which the step below adds in its single pass. In place, as torch.optim.SGD does with
            # Nesterov's momentum: a copy would cost more than all the arithmetic.
            torch._foreach_add_(grads, [s["x"] for s in states], alpha=-force)
        sgd_update(
            params,
            grads,
            states,
            lr=rate,
            momentum=group["momentum"],
            nesterov=group["momentum"] > 0,
            weight_decay=group["weight_decay"] + force,
            key="inner",
            restart=restart,
        )

    def _lead(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        """Use of the gradient at x that precedes the inner loop, where a method has one."""

    def _outer(
        self, group: dict[str, Any], xs: list[Tensor], ds: list[Tensor], states: list[dict]
    ) -> None:
        """Move `xs` in place; `ds` = x - z may be overwritten."""
        raise NotImplementedError

    def _momentum_outer(self, group: dict[str, Any]) -> float:
        """Momentum of x; where none is stated that of the inner loop."""
        outer = group["momentum_outer"]
        return group["momentum"] if outer is None else outer

    def _nesterov_outer(
        self,
        group: dict[str, Any],
        xs: list[Tensor],
        ds: list[Tensor],
        states: list[dict[str, Any]],
        weight_decay: float = 0.0,
    ) -> None:
        """v <- m v + d, x <- x - lr (d + m v) with m = momentum_outer, `xs` in place."""
        momentum = self._momentum_outer(group)
        sgd_update(
            xs,
            ds,
            states,
            lr=group["lr"],
            momentum=momentum,
            nesterov=momentum > 0,
            weight_decay=weight_decay,
            key="outer",
        )

    def _after_update(self) -> None:
        self._counters["phase"] += 1
        if self._counters["phase"] < self.gradients_per_update:
            return
        for group in self.param_groups:
            params = [p for p in self._moving(group) if p.requires_grad]
            if params:
                states = [self.state[p] for p in params]
                xs = [s["x"] for s in states]
                self._finish(group, params, xs, states)
                copy_all(params, xs)
        self._counters["phase"] = 0
        self._counters["updates"] += 1

    def _finish(
        self, group: dict[str, Any], params: list[Tensor], xs: list[Tensor], states: list[dict]
    ) -> None:
        """Move `xs` in place at the end of a cycle; what `params` hold is not needed after it."""
        ds = [s["z"] for s in states] if self.averages else params
        torch._foreach_sub_(ds, xs)
        torch._foreach_neg_(ds)
        self._outer(group, xs, ds, states)

    def _moving(self, group: dict[str, Any]) -> list[Tensor]:
        """Parameters that have taken an inner step in the current cycle."""
        return [p for p in group["params"] if self.state[p].get("cycle") == self.updates]

    @torch.no_grad()
    def anchors(self) -> list[Tensor]:
        """The point x (of replicas: x^a) that the inner loop goes out from: new tensors, in order.

        Between cycles the parameters themselves.
        """
        self._refuse_in_solution("anchors")
        return self._copies(
            lambda: {p: self.state[p]["x"] for g in self.param_groups for p in self._moving(g)}
        )

    def _drop_cycle(self) -> None:
        self._counters["phase"] = 0
        for p in self._parameters():
            if "cycle" in self.state.get(p, {}):
                self.state[p]["cycle"] = -1

    def _answers(self) -> list[tuple[Tensor, Tensor]]:
        moving = [p for g in self.param_groups for p in self._moving(g) if p.requires_grad]
        return [(p, self.state[p]["x"]) for p in moving]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "scoping": self.scoping, "_pools": self._pools}

    def _own_state(self) -> dict[str, Any]:
        pool = {"pool": self._pools[0].state()} if self._pools else {}
        return {**super()._own_state(), **pool}

    def _load_own_state(self, state: dict[str, Any]) -> None:
        super()._load_own_state(state)
        found = [state["pool"]] if "pool" in state else []
        self._pools[:] = [NormalPool.loaded(pool, self.generator) for pool in found]
