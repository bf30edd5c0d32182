"""The processes of a `torch.distributed` group that hold one replica each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from .replica_lists import first_difference, refuse
from .rules import HyperparameterError

# Elements in one collective: a very large model goes in several, none of them too long to wait for.
BUFFER = 1 << 25


class ReplicaLostError(RuntimeError):
    """Replicas could not be synchronised: a process died, or does not answer in time.

    The weights of this process are those of the last synchronisation.
    """


class Peers:
    """What processes do together; every one of them must make the same calls in the same order.

    Args:
        owner: name of the optimizer, for messages.
        group: process group, None for the default one, or False: this process is alone.

    Raises:
        HyperparameterError: torch.distributed is not initialised, or the group is not this
            process's.

    >>> Peers("Parle", False).size
    1
    """

    def __init__(self, owner: str, group: Any) -> None:
        self.group, self.rank, self.size = group, 0, 1
        if group is False:
            return
        if not (dist.is_available() and dist.is_initialized()):
            raise HyperparameterError(
                f"{owner} was given a process group, but torch.distributed is not initialised; "
                "call torch.distributed.init_process_group() first, or leave `group` out to hold "
                "all replicas in this process."
            )
        self.group = dist.group.WORLD if group is None else group
        self.rank = dist.get_rank(self.group)
        self.size = dist.get_world_size(self.group)
        if self.rank < 0:
            raise HyperparameterError(
                f"This process is not a member of the process group that {owner} was given; build "
                "the optimizer in its members only."
            )

    def mean(self, tensors: Sequence[Tensor], out: Sequence[Tensor], done: int) -> None:
        """Means over all processes; one buffer a device and type, 16-bit numbers in 32 bits.

        `out` is written after the last collective, so that a failure leaves it as it was. `done`
        is the number of synchronisations so far.
        """
        places: dict[tuple, list[int]] = {}
        for i, t in enumerate(tensors):
            wide = t.dtype if is_wide(t) else torch.float32
            places.setdefault((t.device, wide), []).append(i)
        buffers = []
        for (_, wide), where in places.items():
            buffers.append(torch.cat([tensors[i].reshape(-1).to(wide) for i in where]))
            for piece in buffers[-1].split(BUFFER):
                with self._together(done):
                    dist.all_reduce(piece, group=self.group)
        for buffer, where in zip(buffers, places.values(), strict=True):
            buffer.div_(self.size)
            pieces = buffer.split([tensors[i].numel() for i in where])
            for i, piece in zip(where, pieces, strict=True):
                out[i].copy_(piece.view(out[i].shape))

    def agree(self, state: Sequence[tuple[str, Any]], device: Any, done: int) -> None:
        """Refuse, in all processes, a `state` that is not the same everywhere."""
        digest = int.from_bytes(hashlib.sha256(repr(state).encode()).digest()[:7], "big")
        # Equal everywhere if and only if the largest equals the smallest. Where gloo is at hand, no
        # GPU is waited for.
        if "gloo" in dist.get_backend_config(self.group):
            device = "cpu"
        extremes = torch.tensor([digest, -digest], device=device)
        with self._together(done):
            dist.all_reduce(extremes, op=dist.ReduceOp.MAX, group=self.group)
        if extremes[0].item() != -extremes[1].item():
            self.compare(state, done)

    def compare(self, state: Sequence[tuple[str, Any]], done: int) -> None:
        """The same, at the cost of sending all of it."""
        states: list[Any] = [None] * self.size
        with self._together(done):
            dist.all_gather_object(states, list(state), group=self.group)
        refuse(first_difference(states))

    @contextmanager
    def _together(self, done: int) -> Iterator[None]:
        try:
            yield
        except RuntimeError as problem:
            cause = " ".join(str(problem).split())[:120]
            if "associated with device type" in cause:
                raise HyperparameterError(
                    f"The process group cannot exchange the weights where they are ({cause}); move "
                    "the model to the group's device, or use backend 'cpu:gloo,cuda:nccl'."
                ) from problem
            raise ReplicaLostError(
                f"Replica {self.rank} could not take part in synchronisation {done + 1}, because "
                f"the process of another replica died or does not answer ({cause}); the weights of "
                f"this process are those of synchronisation {done}: start the same command again, "
                "and it goes on from the last checkpoint."
            ) from problem


def is_wide(tensor: Tensor) -> bool:
    """Whether sums of several such tensors can be taken in their own type."""
    return tensor.dtype.itemsize > 2
