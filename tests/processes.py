"""Looking at processes from tests."""

import time
from collections.abc import Callable
from pathlib import Path

from landscape.files import is_running

PATIENCE = 600  # seconds: what takes longer hangs, on the busiest machine


def wait_for(happened: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it happens at all; the limit only keeps a failing test from hanging."""
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return happened()


def ended(pid: int) -> bool:
    """Whether a process has ended, noticed by its parent or not."""
    if not Path("/proc/self/stat").exists():
        return not is_running(pid)
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
