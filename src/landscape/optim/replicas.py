"""Replicas of one network and the master that couples them: what Elastic-SGD and Parle share.

The replicas either live in one process (a list of parameter lists), or one in each process of a
`torch.distributed` group. The arithmetic is the same; only how the mean is taken differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

import torch
import torch.distributed as dist
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

# Elements in one collective: a very large model goes in several, none of them too long to wait for.
BUFFER = 1 << 25


class ReplicaLostError(RuntimeError):
    """Replicas could not be synchronised: a process died, or does not answer in time.

    The weights of this process are those of the last synchronisation.
    """


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
    process before `ReplicaLostError` can be raised.

    Replicas start at their own weights and the master at their mean: chapter 5 does not say where,
    and the authors' program does not equalise them either. All trainable tensors take part in every
    synchronisation, whether they had a gradient or not.

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
        self.process_group = group
        self.scoping_rho = scoping_rho
        self._here = 0  # replicas in this process
        self._rank, self._size = _membership(type(self).__name__, group)
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
        return self._size if self._remote else self._here

    @property
    def local_replicas(self) -> range:
        """Numbers of the replicas in this process."""
        return range(self._rank, self._rank + 1) if self._remote else range(self._here)

    @property
    def updates(self) -> int:
        """Number of synchronisations made so far."""
        return self._counters["updates"]

    @property
    def _remote(self) -> bool:
        return self._size > 1

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
        lists = _replica_lists(param_group["params"])
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
            _refuse(first_difference([_describe(params) for params in lists]))
            _refuse_shared(lists)
        numbers = [self._rank] if self._remote else range(len(lists))
        if len(lists) > 1 or self._remote:
            flat = [
                (f"replica {a}: {name or f'parameter {j} of group {index}'}", p)
                for a, params in zip(numbers, lists, strict=True)
                for j, (name, p) in enumerate(map(_named, params))
            ]
        else:
            flat = lists[0]
        filled = {**self.defaults, **param_group, "params": flat}
        self._resolve_group(filled, self._size if self._remote else len(lists))
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
                names = _plain_names(group)[: len(replicas[0])]
                _refuse(first_difference([_describe(zip(names, r, strict=True)) for r in replicas]))
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
            self._reduced_mean(columns[0], out)
            return
        for part in chunks(out) if out else ():
            totals = [t if _is_wide(t) else t.to(torch.float32) for t in out[part]]
            torch._foreach_copy_(totals, columns[0][part])
            for column in columns[1:]:
                pairs = zip(column[part], totals, strict=True)
                torch._foreach_add_(totals, [t.to(total.device, total.dtype) for t, total in pairs])
            torch._foreach_div_(totals, self._here)
            for target, total in zip(out[part], totals, strict=True):
                if total is not target:
                    target.copy_(total)

    def _reduced_mean(self, tensors: list[Tensor], out: list[Tensor]) -> None:
        places: dict[tuple, list[int]] = {}
        for i, t in enumerate(tensors):
            wide = t.dtype if _is_wide(t) else torch.float32
            places.setdefault((t.device, wide), []).append(i)
        buffers = []
        for (_, wide), where in places.items():
            buffers.append(torch.cat([tensors[i].reshape(-1).to(wide) for i in where]))
            for piece in buffers[-1].split(BUFFER):
                self._all_reduce(piece, dist.ReduceOp.SUM)
        for buffer, where in zip(buffers, places.values(), strict=True):
            buffer.div_(self._size)
            pieces = buffer.split([tensors[i].numel() for i in where])
            for i, piece in zip(where, pieces, strict=True):
                out[i].copy_(piece.view(out[i].shape))

    # other processes

    def _all_reduce(self, tensor: Tensor, operation: Any) -> None:
        try:
            dist.all_reduce(tensor, op=operation, group=self.process_group)
        except RuntimeError as problem:
            raise self._lost(problem) from problem

    def _gather(self, thing: Any) -> list[Any]:
        things = [None] * self._size
        try:
            dist.all_gather_object(things, thing, group=self.process_group)
        except RuntimeError as problem:
            raise self._lost(problem) from problem
        return things

    def _lost(self, problem: Exception) -> ReplicaLostError:
        cause = " ".join(str(problem).split())[:120]
        done = self._counters.get("updates", 0)
        return ReplicaLostError(
            f"Replica {self._rank} could not take part in synchronisation {done + 1}, because the "
            f"process of another replica died or does not answer ({cause}); the weights of this "
            f"process are those of synchronisation {done}: start the same command again, and it "
            "goes on from the last checkpoint."
        )

    def _agree(self) -> None:
        """Go on only if all processes are at the same step with the same settings."""
        if not self._remote:
            return
        state = [("the number of steps taken", self.iteration), *self._settings()]
        pattern = [p.requires_grad for g in self.param_groups for p in g["params"]]
        state.append(("which parameters are trainable", "".join("ny"[b] for b in pattern)))
        digest = int.from_bytes(hashlib.sha256(repr(state).encode()).digest()[:7], "big")
        # Equal everywhere if and only if the largest equals the smallest. Where gloo is at hand, no
        # GPU is waited for.
        weights = (p.device for g in self.param_groups for p in g["params"])
        gloo = "gloo" in dist.get_backend_config(self.process_group)
        device = "cpu" if gloo else next(weights, "cpu")
        extremes = torch.tensor([digest, -digest], device=device)
        self._all_reduce(extremes, dist.ReduceOp.MAX)
        if extremes[0].item() != -extremes[1].item():
            _refuse(first_difference(self._gather(state)))

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
            described += _describe(zip(_plain_names(group), group["params"], strict=True))
        _refuse(first_difference(self._gather(described)))

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
        own = (
            "process_group", "scoping_rho", "_here", "_rank", "_size", "_kept", "_built",
        )  # fmt: skip
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
    """
    if batches_per_epoch is not None:
        require(owner, {"batches_per_epoch": batches_per_epoch}, batches_per_epoch=count(1))
    if scoping is not None or batches_per_epoch is None:
        return scopes.resolve(scoping, None, 0.0)
    return scopes.Bounded(1 / (2 * batches_per_epoch), bound, reading)


def first_difference(descriptions: Sequence[Sequence[tuple[str, Any]]]) -> str | None:
    """What tells the first differing replica from replica 0; None: they are alike.

    >>> first_difference([[("lr", 0.1), ("L", 5)], [("lr", 0.1), ("L", 4)]])
    'L is 5 for replica 0 and 4 for replica 1'
    """
    for a, other in enumerate(descriptions):
        for mine, theirs in zip(descriptions[0], other, strict=False):
            if mine != theirs:
                if mine[0] != theirs[0]:
                    return f"replica 0 has {mine[0]} where replica {a} has {theirs[0]}"
                return f"{mine[0]} is {mine[1]!r} for replica 0 and {theirs[1]!r} for replica {a}"
        if len(other) != len(descriptions[0]):
            return f"replica {a} has other settings than replica 0"
    return None


def _is_wide(tensor: Tensor) -> bool:
    return tensor.dtype.itemsize > 2


def _refuse(difference: str | None) -> None:
    if difference is not None:
        raise HyperparameterError(
            f"Replicas must be alike, but {difference}; build all of them with the same model and "
            "the same settings."
        )


def _plain_names(group: dict[str, Any]) -> list[str]:
    return [name.split(": ", 1)[1] for name in group["param_names"]]


def _describe(params: Iterable[Any]) -> list[tuple[str, Any]]:
    params = list(params)
    described: list[tuple[str, Any]] = [("the number of parameters", len(params))]
    for j, (name, p) in enumerate(map(_named, params)):
        described.append((f"the name of parameter {j}", name))
        label = name or f"parameter {j}"
        described.append((f"the shape of {label}", tuple(p.shape)))
        described.append((f"the type of {label}", str(p.dtype)))
        described.append((f"requires_grad of {label}", p.requires_grad))
    return described


def _named(entry: Any) -> tuple[str, Tensor]:
    return entry if isinstance(entry, tuple) else ("", entry)


def _replica_lists(params: Any) -> list[list[Any]]:
    """A list of parameters (or of pairs with names) for each replica."""
    if isinstance(params, (Tensor, set)):
        return [[params]] if isinstance(params, Tensor) else [params]  # torch refuses the set
    entries = list(params)
    nested = [not isinstance(entry, (Tensor, tuple)) for entry in entries]
    if not any(nested):
        return [entries]
    if not all(nested):
        raise HyperparameterError(
            "Give either one replica's parameters or a list of parameters for each replica, "
            "not a mixture."
        )
    if any(isinstance(entry, (str, dict)) or not hasattr(entry, "__iter__") for entry in entries):
        raise HyperparameterError(
            "Replicas must be iterables of parameters; groups with settings of their own are "
            'written {"params": [[... of replica 0], [... of replica 1]], "lr": ...}.'
        )
    lists = [list(entry) for entry in entries]
    for a, members in enumerate(lists):
        for entry in members:
            if not isinstance(_named(entry)[-1], Tensor):
                raise HyperparameterError(
                    f"Replica {a} must be an iterable of parameters, but holds a "
                    f"{type(entry).__name__}; groups with settings of their own are written "
                    '{"params": [[... of replica 0], [... of replica 1]], "lr": ...}.'
                )
    return lists


def _refuse_shared(lists: list[list[Any]]) -> None:
    owners: dict[int, str] = {}
    for a, params in enumerate(lists):
        mine: dict[int, str] = {}
        for j, (name, p) in enumerate(map(_named, params)):
            label = f"replica {a}: {name or f'parameter {j}'}"
            place = p.untyped_storage().data_ptr() if p.numel() else 0
            if place and place in owners:
                raise HyperparameterError(
                    f"Replicas must not share memory, but {label!r} is {owners[place]!r}; make "
                    "each replica a model of its own, by copy.deepcopy for instance."
                )
            mine[place] = label
        owners.update(mine)


def _membership(owner: str, group: Any) -> tuple[int, int]:
    """(rank, size) of this process in `group`; (0, 1) without one."""
    if group is False:
        return 0, 1
    if not (dist.is_available() and dist.is_initialized()):
        raise HyperparameterError(
            f"{owner} was given a process group, but torch.distributed is not initialised; call "
            "torch.distributed.init_process_group() first, or leave `group` out to hold all "
            "replicas in this process."
        )
    group = dist.group.WORLD if group is None else group
    rank = dist.get_rank(group)
    if rank < 0:
        raise HyperparameterError(
            f"This process is not a member of the process group that {owner} was given; build the "
            "optimizer in its members only."
        )
    return rank, dist.get_world_size(group)
