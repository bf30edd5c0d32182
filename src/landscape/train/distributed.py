"""One replica a process: the group of processes that ``torchrun`` starts.

torch is imported only where processes really talk, so that asking for the world costs nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landscape.errors import LandscapeError

if TYPE_CHECKING:
    import torch

#: A rank may wait this long for another, for example while that one evaluates.
_PATIENCE = datetime.timedelta(minutes=30)
_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR")


class LostReplica(LandscapeError):
    """Another process of the group ended; what this one computes on has no meaning any more."""


@dataclass(frozen=True)
class World:
    """This process' number in the group, the group's size, and how the processes talk."""

    rank: int = 0
    size: int = 1
    backend: str | None = None

    @property
    def speaks(self) -> bool:
        """Whether this process evaluates, prints and writes."""
        return self.rank == 0


def _group() -> Any | None:
    """The module torch.distributed where it is in use."""
    module = sys.modules.get("torch.distributed")
    return (
        module if module is not None and module.is_available() and module.is_initialized() else None
    )


def world() -> World:
    """The group this process belongs to: torch.distributed's, else the one torchrun announces."""
    if (module := _group()) is not None:
        backend = "nccl" if "nccl" in str(module.get_backend_config()) else module.get_backend()
        return World(module.get_rank(), module.get_world_size(), backend)
    if all(variable in os.environ for variable in _VARIABLES):
        return World(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    return World()


def join(device: torch.device) -> World:
    """Form the group, once: nccl where every process has a GPU of its own, else gloo."""
    here = world()
    if here.size == 1 or _group() is not None:
        return here
    import torch

    local = int(os.environ.get("LOCAL_WORLD_SIZE", here.size))
    own_gpu = device.type == "cuda" and torch.cuda.device_count() >= local
    if own_gpu:
        torch.cuda.set_device(device)
    with _together():
        # With both, what concerns the processes and not the weights never waits for a GPU.
        torch.distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if own_gpu else "gloo", timeout=_PATIENCE
        )
    return world()


def leave() -> None:
    """End the group, if there is one."""
    if (module := _group()) is not None:
        module.destroy_process_group()


def largest(*numbers: int) -> tuple[int, ...]:
    """The largest of each number over all processes; every process must ask at the same step."""
    module = _group()
    if module is None:
        return numbers
    import torch

    shared = torch.tensor(numbers)
    with _together():
        module.all_reduce(shared, op=module.ReduceOp.MAX)
    return tuple(shared.tolist())


def gather(item: Any) -> list[Any]:
    """What every process has given, in the order of their ranks."""
    module = _group()
    if module is None:
        return [item]
    items: list[Any] = [None] * module.get_world_size()
    with _together():
        module.all_gather_object(items, item)
    return items


def all_or_none(make: Callable[[], Any]) -> Any:
    """What ``make`` returns; if it fails in one process, all of them raise an error.

    The process in which it failed raises its own error, the others a ``LandscapeError`` with the
    same words. So a set of data that is missing on one machine ends the run on all of them.
    """
    result, problem = None, None
    try:
        result = make()
    except Exception as error:
        if _group() is None:
            raise
        problem = error
    found = [text for text in gather(None if problem is None else str(problem)) if text is not None]
    if problem is not None:
        raise problem
    if found:
        raise LandscapeError(found[0])
    return result


@contextlib.contextmanager
def _together() -> Iterator[None]:
    """Turn the many errors of a broken connection into one."""
    try:
        yield
    except RuntimeError as error:
        # Without the place in torch's own source that the message begins with.
        cause = re.sub(r"^\[[^]]*\] *", "", " ".join(str(error).split()))[:120]
        raise LostReplica(
            f"Replica {world().rank} cannot reach the others ({cause}): start the same command "
            "again, and it goes on from the last checkpoint that all of them have."
        ) from error
