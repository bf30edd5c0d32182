"""One optimizer for several replicas of a network: whose parameters its groups hold.

The replicas live either in one process (a list of parameter lists), or one in each process of a
`torch.distributed` group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

import torch
from torch import Tensor

from .base import LandscapeOptimizer
from .peers import Peers
from .processes import is_sharded
from .replica_lists import (
    describe,
    first_difference,
    named,
    plain_names,
    refuse,
    refuse_shared,
    replica_lists,
)
from .rules import HyperparameterError


class ReplicaGroups(LandscapeOptimizer):
    r"""Parameter groups that hold the parameters of n replicas, with the same settings for all.

    One process: `params` is a list with the parameters of each replica (a group: `{"params": [[...
    of replica 0], [... of replica 1]], ...}`). Call `backward()` for every replica, then `step()`
    once. Settings belong to a group and so are the same for all replicas. Replicas may lie on
    different devices.

    A process a replica: `params` is this process's model, `group` the process group; every process
    makes the same calls. Replicas that differ in anything but the values of their weights are
    refused, at construction and again whenever a subclass calls `_agree`, so that schedulers or
    checkpoints that went apart are noticed.

    Args:
        params: see above; plain `model.parameters()` is one replica.
        defaults: hyper-parameters.
        group: process group, or False: all replicas are in this process.
        rest: see the next class in line.

    Raises:
        HyperparameterError: replicas that differ or share memory; no usable group.

    >>> import torch
    >>> from landscape.optim import ElasticSGD
    >>> models = [torch.nn.Linear(2, 1) for _ in range(3)]
    >>> optimizer = ElasticSGD([model.parameters() for model in models])
    >>> optimizer.replicas, list(optimizer.local_replicas), len(optimizer.param_groups)
    (3, [0, 1, 2], 1)
    >>> [tuple(p.shape) for p in optimizer.replica_parameters(2)]
    [(1, 2), (1,)]
    """

    def __init__(
        self, params: Iterable[Any], defaults: dict[str, Any], *, group: Any, **rest: Any
    ) -> None:
        self._here = 0  # replicas in this process
        self._peers = Peers(type(self).__name__, group)
        self._built = False
        super().__init__(params, defaults, **rest)
        self._counters.setdefault("updates", 0)
        self._built = True
        self._refuse_different_processes()

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

    def _split(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """Parameters of a group, a list for each replica of this process."""
        size = len(group["params"]) // self._here
        return [group["params"][a * size : (a + 1) * size] for a in range(self._here)]

    def _columns(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """The trainable ones of them."""
        return [[p for p in params if p.requires_grad] for params in self._split(group)]

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
        tensors = (named(p)[1] for params in lists for p in params)
        if self._remote and any(map(is_sharded, tensors)):
            raise HyperparameterError(
                f"{type(self).__name__} holds one whole replica a process of its group, but this "
                "model is sharded by fully_shard; leave out `group` (all replicas in one list, "
                "each sharded) or the sharding."
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

    # are they alike?

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
        described += sorted(self._recipe.items())
        described += [
            (name, repr(value) if is_dataclass(value) else type(value).__name__)
            for name, value in self._schedules()
        ]
        described.append(("the number of groups", len(self.param_groups)))
        for group in self.param_groups:
            described += describe(zip(plain_names(group), group["params"], strict=True))
        self._peers.compare(described, self.updates)

    def _settings(self) -> list[tuple[str, Any]]:
        known = {*self.defaults, *self._current(self.param_groups[0])} if self.param_groups else ()
        return [
            (f"{key} of group {i}", float(value) if torch.is_tensor(value) else value)
            for i, group in enumerate(self.param_groups)
            for key, value in sorted({**group, **self._current(group)}.items())
            if key in known
        ]

    def _current(self, group: dict[str, Any]) -> dict[str, Any]:
        """What else must be the same in all processes now, beside the settings of a group."""
        return {}

    def _schedules(self) -> list[tuple[str, Any]]:
        """Schedules that must be the same, in words and values."""
        return []

    # saving

    def _own_state(self) -> dict[str, Any]:
        held = {"replicas": self.replicas, "replicas_here": self._here}
        return {**super()._own_state(), **held}

    def _refuse_other_state(self, state: dict[str, Any]) -> None:
        held = (state.get("replicas", self.replicas), state.get("replicas_here", self._here))
        if held != (self.replicas, self._here):
            raise HyperparameterError(
                f"This state holds {held[1]} of {held[0]} replicas, but this {type(self).__name__} "
                f"{self._here} of {self.replicas}; build it with as many, in the same way."
            )
        super()._refuse_other_state(state)

    def __getstate__(self) -> dict[str, Any]:
        if self._remote:
            raise TypeError(
                f"A {type(self).__name__} of a process group cannot be copied or pickled; save its "
                "state_dict() instead."
            )
        own = ("_here", "_peers", "_built")
        return {**super().__getstate__(), **{k: self.__dict__[k] for k in own}}
