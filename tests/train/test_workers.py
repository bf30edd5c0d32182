"""Worker processes: how many, in which order, and that none outlives its parent."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest
from processes import ended, wait_for

from landscape.errors import LandscapeError
from landscape.train import workers


def test_worker_count(monkeypatch):
    assert workers.worker_count(3) == 3
    monkeypatch.delenv("LANDSCAPE_WORKERS", raising=False)
    assert 1 <= workers.worker_count() <= os.cpu_count()
    monkeypatch.setenv("LANDSCAPE_WORKERS", "2")
    assert workers.worker_count() == 2
    for text in ("two", "", "-1", "\u00b2"):
        monkeypatch.setenv("LANDSCAPE_WORKERS", text)
        with pytest.raises(LandscapeError, match=f"LANDSCAPE_WORKERS={text} is not"):
            workers.worker_count()
    with pytest.raises(LandscapeError, match="0 workers"):
        workers.worker_count(0)


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_the_calls(count):
    calls = [(n, 2) for n in range(6)]
    assert list(workers.in_workers(pow, calls, count)) == [n * n for n in range(6)]
    assert sorted(workers.in_workers(pow, calls, count, ordered=False)) == [0, 1, 4, 9, 16, 25]


def test_a_worker_that_the_system_ends_is_one_sentence():
    with pytest.raises(LandscapeError, match="want of memory.*LANDSCAPE_WORKERS=1") as caught:
        list(workers.in_workers(os._exit, [(1,), (1,)], 2))
    assert "\n" not in str(caught.value)


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from landscape.train.workers import in_workers
import endless
list(in_workers(endless.work, [({folder!r},), ({folder!r},)], 2))
"""
WORK = """
import os, time
from pathlib import Path

def work(folder):
    Path(folder, f"{os.getpid()}.pid").touch()
    while True:
        time.sleep(0.1)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(tmp_path, end):
    """The parent alone is ended, as `kill PID` or a system without memory does it."""
    (tmp_path / "endless.py").write_text(WORK, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(folder=str(tmp_path))],
        env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        assert wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        children = [int(path.stem) for path in tmp_path.glob("*.pid")]
        assert parent.pid not in children
        parent.send_signal(end)
        parent.wait()
        assert wait_for(lambda: all(map(ended, children)))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)


def test_a_worker_whose_parent_died_while_it_started_ends(monkeypatch):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    monkeypatch.setattr(workers.os, "_exit", sys.exit)
    monkeypatch.setattr(workers, "_watching", False)
    with pytest.raises(SystemExit):
        workers._end_with(workers.socket.gethostname(), done.pid)
