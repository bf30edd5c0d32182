"""The time that a run takes, over all the parts in which it was made."""

from __future__ import annotations

import contextlib
import hashlib
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
            watch.seconds    # of this part and of the parts that were killed before

    What was counted is forgotten when the block ends, unless an error ends it. Of several processes
    one makes ``notes``.

    Attributes:
        started: When the first part began, in UTC.
    """

    def __init__(self, folder: Path, key: str, notes: bool = True) -> None:
        self.path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.seconds"
        self.started, self.before = provenance.now(), 0.0
        with contextlib.suppress(OSError, ValueError):
            seconds, started = self.path.read_text(encoding="utf-8").split()
            self.before, self.started = float(seconds), started
        self._clock, self._done = time.monotonic(), threading.Event()
        self._notes = threading.Thread(target=self._note, daemon=True) if notes else None

    @property
    def seconds(self) -> float:
        """Seconds of all parts so far."""
        return round(self.before + time.monotonic() - self._clock, 1)

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
            write_text(self.path, f"{self.seconds} {self.started}\n")
