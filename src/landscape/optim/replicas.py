"""Replicas of one network and the master that couples them: what Elastic-SGD and Parle share.

The replicas either live in one process (a list of parameter lists), or one in each process of a
`torch.distributed` group. The arithmetic is the same; only how the mean is taken differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

import torch
from torch import Tensor

from . import scoping as scopes
from .base import (
    EXTRA_GROUP_KEYS,
    HyperparameterError,
    LandscapeOptimizer,
    chunks,
    count,
    require,
)
from .inner_loop import SCOPE
from .peers import Peers, ReplicaLostError, is_wide
from .replica_lists import (
    describe,
    first_difference,
    named,
    plain_names,
    refuse,
    refuse_shared,
    replica_lists,
)

__all__ = ["ReplicaLostError", "ReplicaOptimizer", "chapter_scoping"]


class ReplicaOptimizer(LandscapeOptimizer):
    """n replicas x^a with one master x; subclasses move both.

    One process: `params` is a list with the parameters of each replica (a group: `{"params": [[...
    of replica 0], [... of replica 1]], ...}`). Call `backward()` for every replica, then `step()`
    once. Settings belong to a group and so are the same for all replicas. Replicas may lie on
    different devices; the master lies where replica 0 does.

    A process a replica: `params` is this process's model, `group` the process group; every process
    makes the same calls. Each keeps a copy of the master. Replicas that differ in anything but the
    values of their weights are refused, at construction and again at every synchronisation, so that
    schedulers or checkpoints that went apart are noticed. How long a process that hangs is waited
    for is the group's own `timeout`; with NCCL set TORCH_NCCL_BLOCKING_WAIT=1, or torch ends the
    process before `ReplicaLostError` can be raised. A process that stops for a reason of its own, a
    gradient refused by check_finite for instance, is a lost one to the others.

    Replicas start at their own weights and the master at their mean: chapter 5 does not say where,
    and the authors' program does not equalise them either. All trainable tensors take part in every
    synchronisation, whether they had a gradient or not. `solution()` keeps a copy of all working
    points while it lasts.

    Args:
        params: see above; plain `model.parameters()` is one replica.
        defaults: hyper-parameters; `rho` among them.
        group: process group, or False: all replicas are in this process.
        scoping_rho: schedule of rho, called with (rho0, synchronisations so far).
        rest: see the next class in line.

    Raises:
        HyperparameterError: replicas that differ or share memory; no usable group.
        ReplicaLostError: a collective failed.
    """

    own_answer = True

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        group: Any,
        scoping_rho: scopes.Schedule,
        **rest: Any,
    ) -> None:
        self.scoping_rho = scoping_rho
        self._here = 0  # replicas in this process
        self._peers = Peers(type(self).__name__, group)
        self._kept: list[tuple[Tensor, Tensor]] | None = None
        self._built = False
        super().__init__(params, defaults, **rest)
        self._counters.setdefault("updates", 0)
        self._built = True
        self._refuse_different_processes()

    # replicas and their parameters

    @property
    def replicas(self) -> int:
        """Number n of replicas, of all processes together."""
        return self._peers.size if self._remote else self._here

    @property
    def local_replicas(self) -> range:
        """Numbers of the replicas in this process."""
        first = self._peers.rank if self._remote else 0
        return range(first, first + self._here)

    @property
    def updates(self) -> int:
        """Number of synchronisations made so far."""
        return self._counters.get("updates", 0)

    @property
    def _remote(self) -> bool:
        return self._peers.size > 1

    def replica_parameters(self, a: int) -> list[Tensor]:
        """All parameters of replica `a`, which must be in this process; in the groups' order."""
        if a not in self.local_replicas:
            raise HyperparameterError(
                f"Replica {a!r} is not in this process, which holds {list(self.local_replicas)}."
            )
        return [p for g in self.param_groups for p in self._split(g)[a - self.local_replicas[0]]]

    def rho(self, group: dict[str, Any] | None = None) -> float:
        """rho at the next synchronisation; of the first group if none is given."""
        group = self.param_groups[0] if group is None else group
        rho = self.scoping_rho(group["rho"], self.updates)
        if not rho > 0:
            raise HyperparameterError(
                f"rho must stay positive, but scoping gives {rho!r} after {self.updates} "
                "synchronisations; use a bounded schedule."
            )
        return rho

    def _split(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """Parameters of a group, a list for each replica of this process."""
        size = len(group["params"]) // self._here
        return [group["params"][a * size : (a + 1) * size] for a in range(self._here)]

    def _columns(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """The trainable ones of them."""
        return [[p for p in params if p.requires_grad] for params in self._split(group)]

    def _masters(self, column: list[Tensor], like: list[Tensor] | None = None) -> list[Tensor]:
        """The master's tensors for replica 0's `column`, on the devices of `like`."""
        masters = [self.state[p]["master"] for p in column]
        if like is None or like is column:
            return masters
        return [m.to(p.device) for m, p in zip(masters, like, strict=True)]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group; its "params" hold a list for each replica, or one replica's parameters."""
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            super().add_param_group(param_group)
            return
        lists = replica_lists(param_group["params"])
        if self._remote and len(lists) > 1:
            raise HyperparameterError(
                f"With a process group every process holds one replica: pass this process's "
                f"model.parameters() to {type(self).__name__}, not {len(lists)} lists of them."
            )
        if self._here and len(lists) != self._here:
            raise HyperparameterError(
                f"A group of {type(self).__name__} must hold parameters of all {self._here} "
                f"replicas, a list for each; this one holds {len(lists)}."
            )
        index = len(self.param_groups)
        if len(lists) > 1:
            refuse(first_difference([describe(params) for params in lists]))
            refuse_shared(lists)
        first = self._peers.rank if self._remote else 0
        if len(lists) > 1 or self._remote:
            flat = [
                (f"replica {a}: {name or f'parameter {j} of group {index}'}", p)
                for a, params in enumerate(lists, first)
                for j, (name, p) in enumerate(map(named, params))
            ]
        else:
            flat = lists[0]
        filled = {**self.defaults, **param_group, "params": flat}
        self._resolve_group(filled, self._peers.size if self._remote else len(lists))
        super().add_param_group(filled)
        self._here = self._here or len(lists)
        if self._built:
            self._refuse_different_processes()

    def _resolve_group(self, group: dict[str, Any], replicas: int) -> None:
        """Replace defaults that depend on other settings or on the number of replicas."""

    def _check_group(self, group: dict[str, Any]) -> None:
        require(self, group, rho=SCOPE)
        super()._check_group(group)

    # before a step

    @torch.no_grad()
    def prepare(self) -> None:
        """Make the master, the mean of the replicas; without the call the first step does."""
        self._refuse_uneven(gradients=False)
        self._start_masters()

    def _before_update(self) -> None:
        self._refuse_uneven(gradients=True)
        self._start_masters()

    def _refuse_uneven(self, gradients: bool) -> None:
        if self._here == 1:
            return
        for group in self.param_groups:
            replicas = self._split(group)
            patterns = [[p.requires_grad for p in params] for params in replicas]
            if any(pattern != patterns[0] for pattern in patterns):
                names = plain_names(group)[: len(replicas[0])]
                refuse(first_difference([describe(zip(names, r, strict=True)) for r in replicas]))
        if not gradients:
            return
        given = [any(p.grad is not None for p in self.replica_parameters(a))
                 for a in self.local_replicas]  # fmt: skip
        if any(given) and not all(given):
            raise RuntimeError(
                f"Replica {given.index(False)} has no gradient: call backward() for every replica, "
                f"then step() once for all {self.replicas}."
            )

    def _start_masters(self) -> None:
        columns: list[list[Tensor]] = [[] for _ in range(self._here)]
        for group in self.param_groups:
            trainable = self._columns(group)
            missing = [j for j, p in enumerate(trainable[0]) if "master" not in self.state[p]]
            for column, params in zip(columns, trainable, strict=True):
                column += [params[j] for j in missing]
        if not columns[0]:
            return
        self._agree()
        masters = [torch.empty_like(p, requires_grad=False) for p in columns[0]]
        self._mean(columns, masters)
        for p, master in zip(columns[0], masters, strict=True):
            self.state[p]["master"] = master

    # the mean over all replicas

    def _mean(self, columns: list[list[Tensor]], out: list[Tensor]) -> None:
        """Means over all replicas; `columns[a]` are the tensors of the a-th one in this process.

        `out` is written after the last collective, so that a failure leaves it as it was. Sums of
        16-bit numbers are taken in 32 bits.
        """
        if self._remote:
            self._peers.mean(columns[0], out, self.updates)
            return
        for part in chunks(out) if out else ():
            totals = [t if is_wide(t) else t.to(torch.float32) for t in out[part]]
            torch._foreach_copy_(totals, columns[0][part])
            for column in columns[1:]:
                pairs = zip(column[part], totals, strict=True)
                torch._foreach_add_(totals, [t.to(total.device, total.dtype) for t, total in pairs])
            torch._foreach_div_(totals, self._here)
            for target, total in zip(out[part], totals, strict=True):
                if total is not target:
                    target.copy_(total)

    # other processes

    def _agree(self) -> None:
        """Go on only if all processes are at the same step with the same settings."""
        if not self._remote:
            return
        state = [("the number of steps taken", self.iteration), *self._settings()]
        pattern = [p.requires_grad for g in self.param_groups for p in g["params"]]
        state.append(("which parameters are trainable", "".join("ny"[b] for b in pattern)))
        devices = (p.device for g in self.param_groups for p in g["params"])
        self._peers.agree(state, next(devices, "cpu"), self.updates)

    def _refuse_different_processes(self) -> None:
        if not self._remote:
            return
        described = [("the optimizer", type(self).__name__), *self._settings()]
        described += sorted(getattr(self, "_recipe", {}).items())
        described += [
            (name, repr(value) if is_dataclass(value) else type(value).__name__)
            for name, value in (
                ("the scoping of rho", self.scoping_rho),
                ("the scoping of gamma", getattr(self, "scoping", None)),
            )
        ]
        described.append(("the number of groups", len(self.param_groups)))
        for group in self.param_groups:
            described += describe(zip(plain_names(group), group["params"], strict=True))
        self._peers.compare(described, self.updates)

    def _settings(self) -> list[tuple[str, Any]]:
        return [
            (f"{key} of group {i}", float(value) if torch.is_tensor(value) else value)
            for i, group in enumerate(self.param_groups)
            for key, value in sorted({**group, "current rho": self.rho(group)}.items())
            if key not in EXTRA_GROUP_KEYS
        ]

    # the answer

    @torch.no_grad()
    def _swap(self) -> None:
        if self._kept is not None:
            for p, kept in self._kept:
                p.copy_(kept)
            self._kept = None
            return
        answers = []
        for group in self.param_groups:
            columns = self._columns(group)
            for j, first in enumerate(columns[0]):
                master = self.state.get(first, {}).get("master")
                if master is None:
                    if self._remote:
                        raise RuntimeError(
                            "The master is the mean over all processes, which have not exchanged "
                            "it yet: call prepare() in each of them before solution()."
                        )
                    master = torch.empty_like(first, requires_grad=False)
                    self._mean([[column[j]] for column in columns], [master])
                answers += [(column[j], master) for column in columns]
        self._kept = [(p, p.clone()) for p, _ in answers]
        for p, master in answers:
            p.copy_(master)

    # saving

    def _own_state(self) -> dict[str, Any]:
        held = {"replicas": self.replicas, "replicas_here": self._here}
        return {**super()._own_state(), **held}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned in this process, with as many replicas."""
        saved = state_dict.get("landscape", {})
        held = (saved.get("replicas", self.replicas), saved.get("replicas_here", self._here))
        if held != (self.replicas, self._here):
            raise HyperparameterError(
                f"This state holds {held[1]} of {held[0]} replicas, but this {type(self).__name__} "
                f"{self._here} of {self.replicas}; build it with as many, in the same way."
            )
        super().load_state_dict(state_dict)

    def __getstate__(self) -> dict[str, Any]:
        if self._remote:
            raise TypeError(
                f"A {type(self).__name__} of a process group cannot be copied or pickled; save its "
                "state_dict() instead."
            )
        own = ("scoping_rho", "_here", "_peers", "_kept", "_built")
        return {**super().__getstate__(), **{k: self.__dict__[k] for k in own}}


def chapter_scoping(
    owner: object,
    scoping: scopes.Schedule | Mapping[str, Any] | None,
    batches_per_epoch: int | None,
    bound: float,
    reading: str = "multiply",
) -> scopes.Schedule:
    """The schedule given, else eq. (5.10) for that many mini-batches, else a constant.

    Source: Chaudhari (2018), eq. (5.10) and the clips after it.

    >>> chapter_scoping("Parle", None, 100, bound=0.1)(1.0, 1)
    0.995
    """
    if batches_per_epoch is not None:
        require(owner, {"batches_per_epoch": batches_per_epoch}, batches_per_epoch=count(1))
    if scoping is not None or batches_per_epoch is None:
        return scopes.resolve(scoping, None, 0.0)
    return scopes.Bounded(1 / (2 * batches_per_epoch), bound, reading)
