"""Replicas of one network and the master that couples them: what Elastic-SGD and Parle share.

Whether the replicas live in one process or in several, the arithmetic is the same; only how the
mean is taken differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from . import scoping as scopes
from .peers import ReplicaLostError, is_wide
from .replica_groups import ReplicaGroups
from .rules import SCOPE, HyperparameterError, require
from .sixteen_bit import on_masters
from .tensors import chunks, copy_all

__all__ = ["ReplicaLostError", "ReplicaOptimizer"]


class ReplicaOptimizer(ReplicaGroups):
    r"""n replicas x^a with one master x; subclasses move both.

    The replicas live in this process or one in each process of a group: see `ReplicaGroups`. The
    master lies where replica 0 of this process does; of several processes each keeps a copy of it.
    How long a process that hangs is waited for is the group's own `timeout`; with NCCL set
    TORCH_NCCL_BLOCKING_WAIT=1, or torch ends the process before `ReplicaLostError` can be raised.
    A process that stops for a reason of its own, a gradient refused by check_finite for instance,
    is a lost one to the others.

    Replicas start at their own weights and the master at their mean: chapter 5 does not say where,
    and the authors' program does not equalise them either. All trainable tensors take part in every
    synchronisation, whether they had a gradient or not. A frozen one stays where each replica has
    it, in the answer, too; its master waits, and takes part again when it is trained again. (Copy
    the master in before: read it within `solution()`, write it after.) `solution()` keeps a copy of
    all working points while it lasts.

    Args:
        params, group: see `ReplicaGroups`.
        defaults: hyper-parameters; `rho` among them.
        scoping_rho: schedule of rho, called with (rho0, synchronisations so far).
        rest: see the next class in line.

    Raises:
        HyperparameterError: replicas that differ or share memory; no usable group.
        ReplicaLostError: a collective failed.

    >>> from landscape.optim import ElasticSGD
    >>> replicas = [torch.nn.Parameter(torch.tensor([v])) for v in (0.0, 4.0)]
    >>> optimizer = ElasticSGD([[w] for w in replicas])
    >>> optimizer.prepare()
    >>> with optimizer.solution():
    ...     print([w.item() for w in replicas])
    [2.0, 2.0]
    """

    own_answer = True
    _answer_lags = True

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        scoping_rho: scopes.Schedule,
        **rest: Any,
    ) -> None:
        self.scoping_rho = scoping_rho
        super().__init__(params, defaults, **rest)

    def rho(self, group: dict[str, Any] | None = None) -> float:
        """rho at the next synchronisation; of the first group if none is given."""
        group = self.param_groups[0] if group is None else group
        rho = float(self.scoping_rho(group["rho"], self._rho_time()))
        if not rho > 0:
            raise HyperparameterError(
                f"rho must stay positive, but scoping gives {rho!r} after {self.updates} "
                "synchronisations; use a bounded schedule."
            )
        return rho

    def _rho_time(self) -> int:
        return self.updates

    def _check_group(self, group: dict[str, Any]) -> None:
        require(self, group, rho=SCOPE)
        super()._check_group(group)

    def _current(self, group: dict[str, Any]) -> dict[str, Any]:
        return {"current rho": self.rho(group)}

    def _schedules(self) -> list[tuple[str, Any]]:
        scoping = getattr(self, "scoping", None)
        return [("the scoping of rho", self.scoping_rho), ("the scoping of gamma", scoping)]

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        tensors, numbers = super()._kept(group, place)
        first = place < len(group["params"]) // self._here  # of replica 0, which holds the master
        return tensors + (["master"] if first else []), numbers

    def _begin_anew(self) -> None:
        super()._begin_anew()
        for state in self.state.values():
            state.pop("master", None)  # it starts at the mean, as at first

    # the master

    def _masters(self, column: list[Tensor], like: list[Tensor] | None = None) -> list[Tensor]:
        """The master's tensors for replica 0's `column`, on the devices of `like`."""
        masters = [self.state[p]["master"] for p in column]
        if like is None or like is column:
            return masters
        return [m.to(p.device) for m, p in zip(masters, like, strict=True)]

    @torch.no_grad()
    @on_masters
    def prepare(self) -> None:
        """Make the master, the mean of the replicas; without the call the first step does."""
        self._refuse_uneven(gradients=False)
        self._start_masters()

    def _before_update(self) -> None:
        self._refuse_uneven(gradients=True)
        self._start_masters()

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
        for part in chunks(out):
            totals = [t if is_wide(t) else t.to(torch.float32) for t in out[part]]
            copy_all(totals, columns[0][part])
            for column in columns[1:]:
                pairs = zip(column[part], totals, strict=True)
                torch._foreach_add_(totals, [t.to(total.device, total.dtype) for t, total in pairs])
            torch._foreach_div_(totals, self._here)
            for target, total in zip(out[part], totals, strict=True):
                if total is not target:
                    target.copy_(total)

    # the answer

    def _answers(self) -> list[tuple[Tensor, Tensor]]:
        pairs = []
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
                for column in columns:  # a copy for each, which takes in the working point
                    copy = torch.empty_like(column[j], requires_grad=False).copy_(master)
                    pairs.append((column[j], copy))
        return pairs

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "scoping_rho": self.scoping_rho}
