"""Elastic-SGD: SGD on several replicas that a spring ties to a common master."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from . import scoping as scopes
from .replicas import ReplicaOptimizer
from .rules import AT_LEAST_ZERO, BELOW_ONE, RATE, one_of, require
from .sgd import sgd_update
from .tensors import chunks


class ElasticSGD(ReplicaOptimizer):
    r"""Elastic-SGD, eq. (5.4) of the thesis, with n replicas x^a and a master x.

    With g^a the gradient of replica a on its own mini-batch, d^a = g^a + weight_decay x^a +
    (x^a - x) / rho::

        u^a <- momentum u^a + d^a,   x^a <- x^a - lr (d^a + momentum u^a)
        x <- x - (n lr_master / rho) (x - mean of x^a)

    The parameters hold x^a; `solution()` puts the master into all of them.

    Args:
        params: a list with the parameters of each replica; `model.parameters()` is one replica.
            Groups and process groups: see `landscape.optim.replica_groups.ReplicaGroups`.
        lr: rate eta of the replicas, the one that schedulers act on.
        rho: initial scope of the coupling, > 0 or infinite (no force). Chapter 5: 1.
        lr_master: rate eta' of the master, >= 0. Default: rho / n (section 5.3.2), so that the
            master goes all the way to the mean.
        momentum: Nesterov's, of the replicas, in [0, 1), the force inside (Remark 5.3). Chapter 5
            states 0.9 for SGD and Parle, nothing for this method.
        weight_decay: L2 coefficient, part of each replica's loss.
        batches_per_epoch: number B of mini-batches in the whole data set, for the scoping (5.10):
            rho(t) = rho (1 - 1 / (2 B))^t after t steps, never below 0.1. Default: rho stays.
        scoping: another schedule of rho, from `landscape.optim.scoping` or a mapping with its
            `kind`.
        master: "fresh": the mean is that of the new x^a. "printed": (5.4b) as it stands, with the
            x^a before their step. A master one step late pumps energy into the mean of the
            replicas: even on a flat loss that diverges for lr / rho > (1 + m) / (1 + 2 m), m the
            momentum (0.679 for 0.9, 1 without), while "fresh" allows twice as much.
        group: process group, one replica a process; False: all replicas in this one.
        generator, check_finite: see `LandscapeOptimizer`; no noise is drawn.

    Raises:
        HyperparameterError: a setting outside these ranges, or replicas that differ.
        ReplicaLostError: the process of another replica died or does not answer.

    A tensor without gradient feels the coupling alone. One step is one synchronisation. The step
    uses up the gradients.

    Memory: 2 n + 1 copies of the weights in one process, themselves included, n + 1 without
    momentum; 3 (2) a process with a process group, where a step needs 3 (2) more while it runs.

    Source: Chaudhari (2018), sections 5.2.1, 5.2.4, 5.3.2; Zhang, Choromanska and LeCun (2015).

    >>> import torch
    >>> replicas = [torch.nn.Parameter(torch.tensor([v])) for v in (0.0, 4.0)]
    >>> optimizer = ElasticSGD([[w] for w in replicas], lr=0.5, rho=1.0)
    >>> for w in replicas:
    ...     (0.0 * w.sum()).backward()         # a flat loss: only the spring acts
    >>> optimizer.step()
    >>> [w.item() for w in replicas]
    [1.0, 3.0]
    >>> with optimizer.solution():
    ...     print([w.item() for w in replicas])
    [2.0, 2.0]
    """

    uses_up_gradients = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.1,
        rho: float = 1.0,
        lr_master: float | None = None,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        batches_per_epoch: int | None = None,
        scoping: scopes.Schedule | Mapping[str, Any] | None = None,
        master: str = "fresh",
        group: Any = False,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        require(self, {"master": master}, master=one_of("fresh", "printed"))
        defaults = {
            "lr": lr,
            "rho": rho,
            "lr_master": lr_master,
            "momentum": momentum,
            "weight_decay": weight_decay,
        }
        super().__init__(
            params,
            defaults,
            group=group,
            scoping_rho=scopes.chapter_five(self, scoping, batches_per_epoch, 0.1),
            recipe={"master": master},
            generator=generator,
            check_finite=check_finite,
        )

    def _check_group(self, group: dict[str, Any]) -> None:
        require(self, group, lr=RATE, momentum=BELOW_ONE, weight_decay=AT_LEAST_ZERO)
        if group["lr_master"] is not None:
            require(self, group, lr_master=AT_LEAST_ZERO)
        super()._check_group(group)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        tensors, numbers = super()._kept(group, place)
        return tensors + (["momentum_buffer"] if group["momentum"] > 0 else []), numbers

    @property
    def own_answer(self) -> bool:
        """Whether the master is another point than the replicas."""
        to_the_mean = all(group["lr_master"] is None for group in self.param_groups)
        return self.replicas > 1 or self._recipe["master"] == "printed" or not to_the_mean

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        """Nothing: tensors without gradient move, too, so that all do below."""

    def _after_update(self) -> None:
        try:
            self._synchronise()
        except Exception:
            self._counters["iteration"] -= 1
            raise
        self._counters["updates"] += 1

    def _synchronise(self) -> None:
        """Move all x^a and the master; what is kept changes after the mean, which may fail."""
        self._agree()
        printed = self._recipe["master"] == "printed"
        work = [(group, self._columns(group)) for group in self.param_groups]
        replicas = [[p for _, columns in work for p in columns[a]] for a in range(self._here)]
        masters = self._masters(replicas[0])
        shares = [self._share(group) for group, columns in work for _ in columns[0]]
        means = [
            master if share == 1 and not printed else torch.empty_like(master)
            for master, share in zip(masters, shares, strict=True)
        ]
        if printed:
            self._mean(replicas, means)
        moved = [[p.clone() if self._remote else p for p in params] for params in replicas]
        trials = {
            p: (trial, self._kept_momentum(p))
            for params, copies in zip(replicas, moved, strict=True)
            for p, trial in zip(params, copies, strict=True)
        }
        for group, columns in work:
            for params in columns:
                self._pull(group, params, self._masters(columns[0], params), trials)
        if not printed:
            self._mean(moved, means)
        for p, (trial, kept) in trials.items():
            self.state[p].update(kept)
            if trial is not p:
                p.copy_(trial)
        for master, mean, share in zip(masters, means, shares, strict=True):
            if mean is not master:
                master.lerp_(mean, share)

    def _kept_momentum(self, p: Tensor) -> dict[str, Tensor]:
        held = {k: v for k, v in self.state[p].items() if k == "momentum_buffer"}
        return {k: v.clone() for k, v in held.items()} if self._remote else held

    def _share(self, group: dict[str, Any]) -> float:
        """The part of the way to the mean that the master goes."""
        rate = group["lr_master"]
        return 1.0 if rate is None else self.replicas * rate / self.rho(group)

    def _pull(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        masters: list[Tensor],
        trials: dict[Tensor, tuple[Tensor, dict[str, Any]]],
    ) -> None:
        """Eq. (5.4a) for one replica: new weights and momentum into `trials`."""
        force = 1 / self.rho(group)
        for has_gradient in (True, False):
            where = [i for i, p in enumerate(params) if (p.grad is not None) is has_gradient]
            if not where or not (has_gradient or force):
                continue
            for part in chunks([params[i] for i in where]):
                ps = [params[i] for i in where[part]]
                ds = [p.grad for p in ps]
                if force:
                    # The difference first: x / rho with a small rho would drown the gradient.
                    away = torch._foreach_sub(ps, [masters[i] for i in where[part]])
                    torch._foreach_mul_(away, force)
                    if has_gradient:
                        torch._foreach_add_(ds, away)
                    else:
                        ds = away
                sgd_update(
                    [trials[p][0] for p in ps],
                    ds,
                    [trials[p][1] for p in ps],
                    lr=group["lr"],
                    momentum=group["momentum"],
                    nesterov=group["momentum"] > 0,
                    weight_decay=group["weight_decay"] if has_gradient else 0.0,
                )
