"""A process that ends with the one that started it, where the two have no group in common.

``landscape gpu`` starts every run as a session of its own, so that it can end it with its workers.
Nothing would tell such a run that the queue was killed or its terminal closed, and it would keep
the GPU busy for hours. The variable ``LANDSCAPE_ENDS_WITH`` names the process it belongs to.
"""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "LANDSCAPE_ENDS_WITH"
_PATIENCE = 10.0  # seconds to write a checkpoint in


def follow_parent() -> None:
    """End this process and its group soon after its parent has ended, where that was asked for."""
    parent = os.environ.get(VARIABLE, "")
    if not parent.isdecimal() or os.getpid() != os.getsid(0):
        return  # of another session ends what starts it, by its own means

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        os.killpg(0, signal.SIGTERM)
        time.sleep(_PATIENCE)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="ends with its parent").start()
