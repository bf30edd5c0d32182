"""The time that a run takes, over all the parts in which it was made: by the clock and of CPUs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from pathlib import Path
from types import TracebackType

from landscape.files import disk_errors, write_text
from landscape.train import provenance

_EVERY = 10.0  # seconds between two notes


class Stopwatch:
    """Counts seconds and notes them beside the checkpoints, for the case that the run is killed.

    ::

        with Stopwatch(folder, "what is run") as watch:
            ...
            watch.seconds      # of this part and of the parts that were killed before
            watch.cpu_seconds  # the same of all processes below this one, whatever else ran

    What was counted is forgotten when the block ends, unless an error ends it. Of several processes
    one makes ``notes``.

    Attributes:
        started: When the first part began, in UTC.
    """

    def __init__(self, folder: Path, key: str, notes: bool = True) -> None:
        self.path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.seconds"
        self.started, self.before = provenance.now(), 0.0
        self.cpu_before: float | None = 0.0
        with contextlib.suppress(OSError, ValueError):
            seconds, started, *cpu = self.path.read_text(encoding="utf-8").split()
            self.before, self.started = float(seconds), started
            # A note without it is older than this count: then the whole is not known.
            self.cpu_before = float(cpu[0]) if cpu else None
        self._clock, self._done = time.monotonic(), threading.Event()
        self._cpu = processor_seconds()
        self._notes = threading.Thread(target=self._note, daemon=True) if notes else None

    @property
    def seconds(self) -> float:
        """Seconds of all parts so far."""
        return round(self.before + time.monotonic() - self._clock, 1)

    @property
    def cpu_seconds(self) -> float | None:
        """CPU seconds of all parts so far; None where they cannot be read or a part is unknown."""
        now = processor_seconds()
        if now is None or self._cpu is None or self.cpu_before is None:
            return None
        return round(self.cpu_before + now - self._cpu, 1)

    def __enter__(self) -> Stopwatch:
        with disk_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._notes is not None:
            self._notes.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._notes is None:
            return
        self._done.set()
        self._notes.join()
        if error is None:
            self.path.unlink(missing_ok=True)
        elif self.seconds > _EVERY:
            self._write()

    def _note(self) -> None:
        while not self._done.wait(_EVERY):
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(Exception):  # a count is not worth a run
            cpu = self.cpu_seconds
            last = "" if cpu is None else f" {cpu}"
            write_text(self.path, f"{self.seconds} {self.started}{last}\n")


def processor_seconds() -> float | None:
    """CPU seconds that this process and all processes below it have used since they began.

    Those of processes that have ended count with whoever has waited for them, so that the sum only
    grows and the difference of two readings is what happened between them. None where the system
    has no ``/proc`` (elsewhere than on Linux).
    """
    used: dict[int, float] = {}
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has just ended
            # The name in brackets may hold anything: what counts stands behind the last bracket.
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid] = int(fields[1])
            used[pid] = sum(map(int, fields[11:15]))  # its own and its waited-for children's
    if os.getpid() not in used:
        return None
    found, waiting = 0.0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        found += used[pid]
        waiting += [child for child, parent in parents.items() if parent == pid and child in used]
    return found / os.sysconf("SC_CLK_TCK")
