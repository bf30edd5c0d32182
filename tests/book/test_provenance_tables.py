"""Provenance as tables."""

from landscape.book.provenance_tables import cost_table, footer_note

ITEM = {"cpu": "X", "cores": 2, "wall_seconds": 61.0, "versions": {"torch": "2.13.0"}}


def test_runs_of_several_machines_are_told_apart_by_letters():
    runs = {"e": {"a": ITEM, "b": ITEM | {"cpu": "Y"}, "c": ITEM}}
    table = footer_note("laptop", runs, {}, "")
    assert table.columns[-1] == "on"
    assert [row[-1].text for row in table.rows] == ["A", "B", "A"]
    assert table.caption == "A: X, 2 cores; torch 2.13.0; B: Y, 2 cores; torch 2.13.0."
    assert [row[-1].text for row in cost_table(runs, {}).rows] == ["A", "B", "A"]


def test_a_resumed_run_is_named_as_a_last_part():
    info = {"commit": "c", "started": "2026-01-02T00:00:00Z", "scale": "paper",
            "methods": {"a": ITEM | {"resumed": True}}}  # fmt: skip
    (row,) = cost_table({}, {"e": info}).rows
    assert row[2].text == "61 s (its last part: it continued an interrupted run)"


def test_a_page_without_runs_says_so():
    note = footer_note("laptop", {}, {}, "numpy 2")
    assert "no stored runs" in note.text
    assert "numpy 2" in note.text
    assert cost_table({}, {}) is None
