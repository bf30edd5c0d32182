"""Independent pieces of work in worker processes, which end with the process that started them.

Measured on two CPU cores: one process with two threads is slower than two processes with one
thread, and collapses when anything else runs. joblib's backend (loky here; dask or ray through
``joblib.parallel_config``) is the way to more machines.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from landscape.errors import LandscapeError
from landscape.files import is_running


def worker_count(wanted: int | None = None) -> int:
    """Workers to start: the argument, else LANDSCAPE_WORKERS, else the cores this process may use.

    Raises:
        LandscapeError: For anything but a positive whole number.
    """
    if wanted is None:
        text = os.environ.get("LANDSCAPE_WORKERS")
        if text is None:
            return joblib.cpu_count()
        if not text.isdecimal():
            raise LandscapeError(f"LANDSCAPE_WORKERS={text} is not a positive whole number.")
        wanted = int(text)
    if wanted < 1:
        raise LandscapeError(f"{wanted} workers cannot work; ask for 1 or more.")
    return wanted


def in_workers(
    function: Callable[..., Any],
    calls: Iterable[tuple],
    workers: int,
    *,
    ordered: bool = True,
) -> Iterator[Any]:
    """What ``function(*call)`` returns for each of the calls.

    Args:
        function: A function of a module, so that another process can import it.
        calls: The arguments of each call.
        workers: Processes that work at the same time; 1 stays in this process.
        ordered: In the order of the calls, or in that in which they end.

    Raises:
        LandscapeError: When the system ended a worker, besides what ``function`` raises.
    """
    parallel = joblib.Parallel(
        n_jobs=workers, return_as="generator" if ordered else "generator_unordered"
    )
    work = _WithLeader(function)
    try:
        yield from parallel(joblib.delayed(work)(*call) for call in calls)
    except BrokenProcessPool as error:
        raise LandscapeError(
            "A worker process was ended by the system, most often for want of memory: run the same "
            "command again with fewer workers (LANDSCAPE_WORKERS=1); it continues from its "
            "checkpoints."
        ) from error


class _WithLeader:
    """A function that first ties its process to the one that handed out the work."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.leader = socket.gethostname(), os.getpid()

    def __call__(self, *arguments: Any) -> Any:
        _end_with(*self.leader)
        return self.function(*arguments)


_watching = False


def _end_with(host: str, leader: int) -> None:
    """End this process as soon as its parent has; ``leader`` may be gone already.

    Nothing tells a process that its parent was killed, and the parent cannot: so that a thread
    looks. (Linux could send a signal, but when the *thread* ends that started the worker.)
    """
    global _watching
    if _watching or os.getpid() == leader:
        return
    parent = os.getppid()
    if host == socket.gethostname() and not is_running(leader):
        os._exit(1)  # while this process was starting

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="ends with its parent").start()
    _watching = True
