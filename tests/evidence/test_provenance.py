"""How results were made, in words."""

import json
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import judge, provenance, publishing, records
from landscape.experiments import seal

ROOT = Path(__file__).parents[2]


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


def test_the_cpu_time_stands_beside_where_it_was_counted():
    item = {"wall_seconds": 6769.1, "cpu_seconds": 61.2}
    assert provenance.time(item) == "1.9 h, 61 s of CPU"


def test_core_seconds_are_counted_or_at_most_the_clock_times_the_workers():
    item = {"wall_seconds": 50.0, "workers": 2}
    assert provenance.core_seconds(item) == (100, False)
    assert provenance.core_seconds(item | {"cpu_seconds": 61.2}) == (61.2, True)
    assert provenance.core_seconds({}) == (0, False)


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


def test_a_result_made_in_parts_names_the_commit_of_each_with_its_seeds():
    before = {"seeds": [0, 1, 2], "commit": "aaa", "versions": {"torch": "2.11"}}
    whole = {"seeds": [0, 1, 2, 3, 4], "commit": "bbb", "versions": {"torch": "2.13"}}
    assert provenance.commits(whole) == "bbb"
    assert provenance.versions([whole]) == "torch 2.13"
    made = {**whole, "earlier": [before]}
    assert provenance.commits(made) == "aaa (seeds 0–2), bbb (seeds 3, 4)"
    assert provenance.versions([made]) == "torch 2.11/2.13"
    assert provenance.commits({}) == "–"


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


@pytest.mark.parametrize("content", ["null", "3", "[]", "{}", '"a"'])
def test_what_is_no_provenance_at_all_is_named(tmp_path, content):
    (tmp_path / "sgd.provenance.json").write_text(content)
    with pytest.raises(LandscapeError, match="sgd.provenance.json is not what the run wrote"):
        provenance.read(tmp_path)


def changed(path, **changes):
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


def test_a_seal_is_on_everything_but_remarks():
    item = {"wall_seconds": 0.1 + 0.2, "seeds": (0, 1), "parameters": {"é": None, "b": {1: 2}}}
    item = json.loads(json.dumps(seal.sealed(item)))
    assert seal.is_intact(item)
    assert seal.is_intact(dict(reversed(item.items())))
    assert seal.is_intact(item | {"time_note": "pauses included"})
    assert seal.is_intact({"wall_seconds": 1.0})  # older than seals
    for key, value in {"wall_seconds": 0.3, "commit": "other", "seeds": [0], "seal": ""}.items():
        assert not seal.is_intact(item | {key: value})
    del item["parameters"]
    assert not seal.is_intact(item)


@pytest.mark.parametrize("change", [{"wall_seconds": 1.0}, {"commit": "ba9876543210"}])
def test_a_change_by_hand_is_noticed_by_all_who_read_it(project, change):
    for profile in ("laptop", "paper"):
        for path in (project / "results" / profile).rglob("adam.provenance.json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps(seal.sealed(content)), encoding="utf-8")
    folder = project / "results" / "laptop" / "1-spin-glass" / "toy-training"
    path = folder / "adam.provenance.json"
    judge.judge("thesis-fig-2-3", "laptop", project)
    record = publishing.publish("toy-training", title="All", root=project)
    changed(path, **change)
    with pytest.raises(LandscapeError, match=r"adam\.provenance\.json is not what the run wrote"):
        provenance.read(folder)
    with pytest.raises(LandscapeError, match=r"adam\.provenance\.json is not what the run wrote"):
        judge.judge("thesis-fig-2-3", "laptop", project)
    paper = project / "results" / "paper" / "1-spin-glass" / "toy-training"
    changed(paper / "adam.provenance.json", **change)
    with pytest.raises(records.RecordError, match="is not what the run wrote; make adam again"):
        publishing.publish("toy-training", title="All", root=project, suffix="b")
    methods = json.loads((record / "record.json").read_text(encoding="utf-8"))["methods"]
    changed(record / "record.json", methods=methods | {"adam": methods["adam"] | change})
    with pytest.raises(records.RecordError, match="the provenance of adam is not what the run"):
        records.read(record)


def test_the_stored_results_and_records_are_what_their_runs_wrote():
    folders = {path.parent for path in (ROOT / "results" / "laptop").rglob("*.provenance.json")}
    assert len(folders) > 5
    for folder in folders:
        provenance.read(folder)
    assert records.all_records(ROOT)
