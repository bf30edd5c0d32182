"""Inner loops on several replicas, and the step that couples them: eqs. (5.8) of the thesis."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .authors import heavy_step, parle_step
from .inner_loop import InnerLoopOptimizer
from .replicas import ReplicaOptimizer
from .tensors import chunks, copy_all


class CoupledLoops(ReplicaOptimizer, InnerLoopOptimizer):
    r"""The arithmetic of `Parle`, which says what the settings are.

    A cycle of every replica is that of `InnerLoopOptimizer`. At its end, inside the same `step()`,
    all x^a move towards their averages z and towards the master, and the master to their mean. A
    synchronisation that fails leaves x^a, the master and all momenta as the last one left them.
    """

    @property
    def _authors(self) -> bool:
        return self._recipe["convention"] == "authors"

    @staticmethod
    def _lr_inner(group: dict[str, Any]) -> Any:
        return group["lr"] if group["lr_inner"] is None else group["lr_inner"]

    # the inner loop

    def _inner_rate(self, group: dict[str, Any]) -> float:
        return float(self._lr_inner(group))

    def _force_limit(self, group: dict[str, Any]) -> float:
        m = group["momentum"]
        if not self._authors or m == 0:
            return super()._force_limit(group)
        return 2 * (1 + m) / (2 + m)  # lr_inner (d + u), u = d / (1 + m) at the eigenvalue -1

    def _rho_time(self) -> int:
        # The program counts a cycle before it asks for rho.
        return self.updates + self._authors

    def _start(self, params: list[Tensor], states: list[dict[str, Any]]) -> None:
        if not self._authors:
            super()._start(params, states)
            return
        for p, state in zip(params, states, strict=True):
            if "x" not in state:
                super()._start([p], [state])
            # z goes on from cycle to cycle, but not where the weights have been changed meanwhile.
            state["z"].copy_(torch.where(p == state["x"], state["z"], p))
            state["x"].copy_(p)
            state["cycle"] = self.updates

    def _drop_cycle(self) -> None:
        if self._authors and self._counters["phase"]:  # z holds steps that are given up
            for p in self._parameters():
                if p.requires_grad and "z" in self.state.get(p, {}):
                    self.state[p]["z"].copy_(p)
        super()._drop_cycle()

    def _inner(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        *,
        restart: bool,
    ) -> None:
        group = {**group, "lr_inner": self._lr_inner(group)}
        super()._inner(group, params, grads, states, restart=restart)

    def _descend(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        rate: float,
        restart: bool,
    ) -> None:
        if not self._authors:
            super()._descend(group, params, grads, states, rate, restart)
            return
        parle_step(
            params,
            grads,
            states,
            rate=rate,
            scope=self.scope(group),
            momentum=group["momentum"],
            weight_decay=group["weight_decay"],
            restart=restart,
        )

    # the synchronisation

    def _after_update(self) -> None:
        self._counters["phase"] += 1
        if self._counters["phase"] < self.gradients_per_update:
            return
        work = [(group, self._columns(group)) for group in self.param_groups]
        replicas = [[p for _, columns in work for p in columns[a]] for a in range(self._here)]
        moving = [p for params in replicas for p in params]
        late = [p for p in moving if self.state[p].get("cycle") != self.updates]
        self._start(late, [self.state[p] for p in late])
        try:
            self._agree()
            self._synchronise(work, replicas)
        except Exception:
            for p in moving:
                p.copy_(self.state[p]["x"])
                self.state[p]["cycle"] = -1
            self._counters["iteration"] -= self.gradients_per_update
            self._counters["phase"] = 0
            self._watch.again(self.param_groups)
            raise
        self._counters["phase"] = 0
        self._counters["updates"] += 1

    def _synchronise(
        self,
        work: list[tuple[dict[str, Any], list[list[Tensor]]]],
        replicas: list[list[Tensor]],
    ) -> None:
        """Move all x^a, in the parameters at first; what is kept changes after the last mean."""
        masters = self._masters(replicas[0])
        printed = self._recipe["master"] == "printed"
        means = [torch.empty_like(m) for m in masters] if printed or self._authors else masters
        if printed or self._authors:
            key = "x" if printed else "z"
            self._mean([[self.state[p][key] for p in params] for params in replicas], means)
        anchors = dict(zip(replicas[0], means if self._authors else masters, strict=True))
        trials = {}
        for group, columns in work:
            for params in columns:
                pulls = [
                    anchors[first].to(p.device) for first, p in zip(columns[0], params, strict=True)
                ]
                states = [self.state[p] for p in params]
                # v must outlive a mean that fails.
                kept = [{"outer": s["outer"]} if "outer" in s else {} for s in states]
                if self._remote:
                    kept = [{k: v.clone() for k, v in state.items()} for state in kept]
                for part in chunks(params):
                    self._move(group, params[part], pulls[part], states[part], kept[part])
                trials.update(zip(params, kept, strict=True))
        if not printed:
            self._mean(replicas, masters)
        else:
            copy_all(masters, means)
        for p, trial in trials.items():
            self.state[p].update(trial)
            self.state[p]["x"].copy_(p)

    def _move(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        anchors: list[Tensor],
        states: list[dict[str, Any]],
        kept: list[dict[str, Any]],
    ) -> None:
        """Eq. (5.8c) for one replica: from x^a and z to the new x^a in `params`."""
        xs = [s["x"] for s in states]
        ds = torch._foreach_sub(xs, [s["z"] for s in states])
        if force := 1 / self.rho(group):
            torch._foreach_add_(ds, torch._foreach_sub(xs, anchors), alpha=force)
        if self._authors:
            momentum = self._momentum_outer(group)
            heavy_step(params, ds, kept, float(group["lr"]), momentum, key="outer")
            return
        copy_all(params, xs)
        self._nesterov_outer(group, params, ds, kept)
