"""The seconds of a run that was made in several parts."""

import subprocess
import sys
import threading

import pytest

from landscape.errors import LandscapeError
from landscape.experiments import stopwatch
from landscape.experiments.stopwatch import Stopwatch


class Clock:
    """A time that a test sets."""

    def __init__(self, monkeypatch):
        self.now, self.cpu = 100.0, 7.0
        monkeypatch.setattr(stopwatch.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(stopwatch, "processor_seconds", lambda: self.cpu)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def broken_off(clock, watch):
    """A part of half a minute that an error ends."""
    with watch:
        clock.now += 30
        clock.cpu += 11.5
        raise KeyboardInterrupt


def test_parts_are_added_up(tmp_path, clock):
    first = Stopwatch(tmp_path, "a run")
    with pytest.raises(KeyboardInterrupt):
        broken_off(clock, first)
    clock.now += 1000  # nobody worked
    with Stopwatch(tmp_path, "a run") as second:
        clock.now += 12
        clock.cpu += 20
        assert second.seconds == 42
        assert second.cpu_seconds == 31.5
        assert second.started == first.started
    assert not list(tmp_path.iterdir())
    assert Stopwatch(tmp_path, "a run").seconds == 0


def test_another_run_starts_at_zero(tmp_path, clock):
    with pytest.raises(KeyboardInterrupt):
        broken_off(clock, Stopwatch(tmp_path, "a run"))
    assert Stopwatch(tmp_path, "another").seconds == 0
    assert Stopwatch(tmp_path, "a run").seconds == 30


def test_a_killed_run_has_left_notes(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(stopwatch, "_EVERY", 0.001)
    written = threading.Event()
    real = stopwatch.write_text
    monkeypatch.setattr(stopwatch, "write_text", lambda *a: (real(*a), written.set()))
    with Stopwatch(tmp_path, "a run"):
        clock.now += 30
        written.clear()
        assert written.wait(60)
        (note,) = tmp_path.glob("*.seconds")
        assert note.read_text().startswith("30.0 ")


def test_one_of_several_processes_makes_notes(tmp_path, clock):
    with pytest.raises(KeyboardInterrupt):
        broken_off(clock, Stopwatch(tmp_path, "a run", notes=False))
    assert not list(tmp_path.iterdir())


def test_a_damaged_note_counts_as_none(tmp_path):
    path = Stopwatch(tmp_path, "a run").path
    path.write_text("what")
    assert Stopwatch(tmp_path, "a run").before == 0


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LandscapeError, match="Cannot write to"), Stopwatch(tmp_path / "file", "x"):
        pass


def test_a_note_of_the_clock_alone_leaves_the_cpu_time_unknown(tmp_path, clock):
    """As versions before this count wrote it: a part of the whole is not known."""
    path = Stopwatch(tmp_path, "a run").path
    path.write_text("30.0 2026-01-02T03:04:05Z\n")
    watch = Stopwatch(tmp_path, "a run")
    assert watch.seconds == 30
    assert watch.cpu_seconds is None


def test_where_processes_cannot_be_read_there_is_no_cpu_time(tmp_path, clock):
    clock.cpu = None
    watch = Stopwatch(tmp_path, "a run")
    watch._write()
    assert watch.cpu_seconds is None
    assert len(watch.path.read_text().split()) == 2


WORK = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"


@pytest.mark.skipif(stopwatch.processor_seconds() is None, reason="there is no /proc")
def test_processes_below_count_while_they_live_and_after():
    before = stopwatch.processor_seconds()
    child = subprocess.Popen(
        [sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        child.stdout.readline()
        alive = stopwatch.processor_seconds() - before
    finally:
        child.communicate(b"\n")
    ended = stopwatch.processor_seconds() - before
    assert alive >= 0.25  # clock ticks are a hundredth
    assert ended >= alive
