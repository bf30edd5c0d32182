"""The folded end of a page: commands, costs and provenance of what it shows."""

from types import SimpleNamespace

import pytest

from landscape import book
from landscape.book import appendix
from landscape.book.tables import Html

from .conftest import ARTIFACT, EXTRA

ITEM = {
    "cpu": "Example CPU", "cores": 2, "workers": 2, "wall_seconds": 61.2, "seeds": [0, 1, 2],
    "versions": {"torch": "2.13.0"}, "commit": "0123456789ab", "specification": "ab" * 32,
    "started": "2026-01-02T03:04:05Z",
}  # fmt: skip
COMMAND = "landscape run toy --profile paper --seeds 5"
RECORD = {
    "commit": "fedcba", "started": "2026-01-03T00:00:00Z", "scale": "paper", "date": "2026-01-03",
    "methods": {"adam": ITEM | {"command": COMMAND, "started": "2026-01-03T00:00:00Z"}},
}  # fmt: skip


@pytest.fixture
def page(project, monkeypatch):
    page = book.page(ARTIFACT, root=project)
    page.runs = SimpleNamespace(
        provenance=lambda name: {"adam": ITEM, "anneal_sgd": ITEM}, read=["toy"]
    )
    page.records = SimpleNamespace(info=lambda name: RECORD)
    monkeypatch.setattr(appendix, "settings_block", lambda *a: Html("settings", "settings"))
    return page


def test_one_short_command_makes_the_page_again_and_the_steps_follow(page):
    _, reproduce, _ = appendix.blocks(page, ["toy", "grid"])
    html = reproduce._repr_html_()
    assert "<summary>Reproduce this</summary>" in html
    assert "<pre><code>dvc repro --glob &#x27;*thesis-fig-2-3*&#x27;</code></pre>" in html
    steps = html.split("<pre><code>")[2].split("</code>")[0].splitlines()
    assert steps == [
        "landscape run toy --profile laptop", "landscape run grid --profile laptop",
        f"landscape judge {ARTIFACT} --profile laptop",
        f"landscape page {ARTIFACT} --profile laptop",
    ]  # fmt: skip
    assert COMMAND in html
    assert "`" not in html


def test_costs_come_with_their_hardware(page):
    _, reproduce, _ = appendix.blocks(page, ["toy"])
    text = repr(reproduce)
    assert "All on Example CPU, 2 cores, 2 workers." in text
    assert text.count("61 s") == 3
    assert text.count("(record)") == 1


def test_provenance_names_what_was_read_and_nothing_else(page):
    *_, provenance = appendix.blocks(page, ["toy"])
    text = repr(provenance)
    for word in ("abababababab", "0–2", "0123456789ab", "2026-01-02", "2026-01-03", "torch 2.13.0"):
        assert word in text
    assert text.count("toy / ") == 3
    assert provenance._repr_html_().startswith('<details class="wv-folded wv-provenance"><summary>')


def test_a_page_without_runs_says_so(project, capsys):
    page = book.page(EXTRA, root=project)
    page.appendix()
    text = capsys.readouterr().out
    assert "it computes what it shows" in text
    assert "no stored runs" in text
    assert "numpy" in text
    assert "judge" not in text


def test_a_live_page_says_that_its_runs_are_of_this_moment(page):
    page.live = True
    *_, provenance = appendix.blocks(page, ["toy"])
    assert "The runs were made just now, Python" in repr(provenance)


def test_the_experiments_that_were_read_are_taken_when_none_is_named(page, capsys):
    page.appendix()
    assert "landscape run toy --profile laptop" in capsys.readouterr().out
