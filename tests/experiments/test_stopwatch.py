"""The seconds of a run that was made in several parts."""

import threading

import pytest

from landscape.errors import LandscapeError
from landscape.experiments import stopwatch
from landscape.experiments.stopwatch import Stopwatch


class Clock:
    """A time that a test sets."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(stopwatch.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def broken_off(clock, watch):
    """A part of half a minute that an error ends."""
    with watch:
        clock.now += 30
        raise KeyboardInterrupt


def test_parts_are_added_up(tmp_path, clock):
    first = Stopwatch(tmp_path, "a run")
    with pytest.raises(KeyboardInterrupt):
        broken_off(clock, first)
    clock.now += 1000  # nobody worked
    with Stopwatch(tmp_path, "a run") as second:
        clock.now += 12
        assert second.seconds == 42
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
