"""Settings beside the work's: what counts as a difference."""

import re
from types import SimpleNamespace

import pytest

from landscape.book.settings_table import settings_block, settings_table

SOURCES = {
    "run.a": "thesis 2.4: stated",
    "run.b": "ours: unstated",
    "run.c": "ours instead of 0.9: the program has none",
    "run.d": "thesis 2.4: stated",
    "run.e": "ours: unstated",
}


def row(key, paper, value, source="laptop"):
    changed = paper != value
    return SimpleNamespace(key=key, paper=paper, value=value, changed=changed,
                           source=source if changed else SOURCES.get(key, source))  # fmt: skip


ROWS = [
    row("run.a", 1, 1), row("run.b", 2, 2), row("run.c", 0, 0), row("run.d", 50, 10),
    row("run.e", 100, 20), row("methods.adam.optimizer.base_lr", None, 0.1),
]  # fmt: skip


def test_only_what_the_work_states_can_differ_from_it():
    table, differing, left_open = settings_table("laptop", ROWS, SOURCES)
    assert differing == {"run.c", "run.d"}
    assert left_open == {"run.e", "methods.adam.optimizer.base_lr"}
    work = [cells[1].text for cells in table.rows]
    assert work == ["1", "not stated", "0.9", "50", "not stated", "not stated"]
    assert [bool(name) for name in table.row_classes] == [False, False, True, True, True, True]
    assert table.rows[3][3].text == "thesis 2.4: stated; laptop"
    assert table.rows[5][0].text == "`adam`: `optimizer.base_lr`"


@pytest.fixture
def settings(monkeypatch):
    from landscape.experiments import settings

    def resolve(experiment, profile, root):
        if profile == "paper":
            return [SimpleNamespace(key=key, source=text) for key, text in SOURCES.items()]
        return ROWS[:2] if experiment == "equal" else ROWS

    monkeypatch.setattr(settings, "resolve", resolve)


def test_the_fold_counts_differences_and_opens_to_them(settings):
    html = settings_block(["one"], "laptop", ".")._repr_html_()
    head = "2 settings differ from the work, and 2 that it leaves open are set for laptop"
    assert f"<summary>{head}</summary>" in html
    first, rest = html.split("<summary>all 6 settings</summary>")
    assert re.findall(r"<code>(run\.\w)</code>", first) == ["run.c", "run.d", "run.e"]
    assert re.findall(r"<code>run\.(\w)</code>", rest) == ["a", "b", "c", "d", "e"]


def test_no_difference_and_several_experiments_are_said(settings):
    none = settings_block(["equal"], "laptop", ".")._repr_html_()
    assert "<summary>Settings: none differs from what the work states</summary>" in none
    both = settings_block(["one", "equal"], "laptop", ".")._repr_html_()
    assert "<summary>2 settings of 2 experiments differ from the work, and 2 that it" in both
