"""The table that says how far hours reach into a sweep."""

import json

import pytest
from toy_project import Toy
from toy_sweep import NAME, PAGE

from landscape.book import reach_tables


@pytest.fixture
def project(tmp_path):
    made = Toy(tmp_path / "toy")
    made.page("6-l2-dynamics/a-page", PAGE)
    return made.root


def record(root, step=3.6, evaluation=0.0):
    folder = root / "records" / "paper-scale-costs"
    folder.mkdir(parents=True)
    rows = [{"experiment": NAME, "method": method, "step_seconds": step,
             "evaluation_seconds": evaluation} for method in ("slow", "fast")]  # fmt: skip
    machine = {"device": "cpu", "name": "a core", "torch": "2.13"}
    (folder / "2026-01-01.json").write_text(
        json.dumps({"machine": machine, "date": "2026-01-01", "rows": rows})
    )


def texts(made):
    return [[cell.text for cell in row] for row in made.rows]


def test_without_measured_steps_a_note_says_how_to_measure(project):
    assert "paper_scale.py" in repr(reach_tables.table(project, NAME))


def test_a_row_says_down_to_which_coefficient_hours_reach(project):
    record(project)  # a thousandth of an hour a step: 2, 20, 200, 2,000, 20,000 steps
    made = reach_tables.table(project, NAME, hours=0.5)
    rows = {row[0]: row[1:] for row in texts(made)}
    assert rows["0.1"] == ["2 of 3", "0.1", "200", "0.2", "20 core hours"]
    assert rows["1"] == ["2 of 3", "0.1", "20", "0.021", "2 core hours"]
    assert "4 of 6 networks" in repr(made)
    assert "22 core hours" in repr(made)
    assert "3600 ms a step" in repr(made)


def test_nothing_and_everything(project):
    record(project)
    none = reach_tables.table(project, NAME, hours=1e-9)
    assert {tuple(row[1:4]) for row in texts(none)} == {("0 of 3", "–", "–")}
    rest = reach_tables.table(project, NAME, hours=100)
    assert {row[-1] for row in texts(rest)} == {"nothing"}


def test_evaluations_count(project):
    record(project, evaluation=10.0)
    assert "2 of 6" in repr(reach_tables.table(project, NAME, hours=0.5))
