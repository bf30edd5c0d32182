"""How results were made, in words."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import provenance


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown time"), (0.42, "0.4 s"), (61.2, "61 s"), (120, "2.0 min"), (1800, "30 min"),
     (7200, "2.0 h")],
)  # fmt: skip
def test_durations(seconds, text):
    assert provenance.duration(seconds) == text
    assert provenance.time({"wall_seconds": seconds}) == text


def test_the_time_of_a_resumed_run_says_that_it_is_not_all():
    text = provenance.time({"wall_seconds": 86.6, "resumed": True})
    assert text == "87 s (its last part: it continued an interrupted run)"


def test_what_else_a_time_holds_is_said_with_it():
    item = {"wall_seconds": 6769.1, "time_note": "pauses included"}
    assert provenance.time(item) == "1.9 h (pauses included)"


@pytest.mark.parametrize(
    ("item", "text"),
    [({"device": "CPU", "cpu": "X", "cores": 2, "workers": 1}, "X, 2 cores, 1 worker"),
     ({"device": "H100", "cpu": "X", "cores": 1}, "H100; X, 1 core"), ({}, "unknown CPU")],
)  # fmt: skip
def test_hardware(item, text):
    assert provenance.hardware(item) == text


@pytest.mark.parametrize(
    ("numbers", "text"), [([0, 1, 2], "0–2"), ([0, 1], "0, 1"), ([3, 1, 2], "3, 1, 2"), ([], "–")]
)
def test_seeds(numbers, text):
    assert provenance.seeds({"seeds": numbers}) == text


def test_versions_and_commands_are_named_once():
    items = [{"versions": {"torch": "2.13", "numpy": "2"}, "command": "b"},
             {"versions": {"torch": "2.12"}, "command": "a"}]  # fmt: skip
    assert provenance.versions(items) == "numpy 2, torch 2.12/2.13"
    assert provenance.commands({"e": dict(enumerate(items + items))}) == ["a", "b"]


def test_files_are_read_by_run_and_a_broken_one_is_named(tmp_path):
    (tmp_path / "adam.provenance.json").write_text(json.dumps({"cpu": "X"}))
    assert provenance.read(tmp_path) == {"adam": {"cpu": "X"}}
    (tmp_path / "sgd.provenance.json").write_text("{")
    with pytest.raises(LandscapeError, match="sgd.provenance.json cannot be read"):
        provenance.read(tmp_path)
