"""What the front page, the status page and the parts' introductions compute."""

import json
import re

import pytest

from landscape.book import front
from landscape.errors import LandscapeError

from .conftest import PART


def row(name, number, part, page, label, finding=""):
    return {
        "id": name, "work": "thesis", "number": number, "part": part, "kind": "theory",
        "title": f"About ${number[-1]}$", "page": f"{part}/{name}" if page else None,
        "verdict": {"label": label}, "finding": finding, "reason": "its page is not written yet",
    }  # fmt: skip


@pytest.fixture
def card(project):
    claims = {
        "reproduced": 2, "reproduced at small scale": 1, "contradicted": 1,
        "contradicted under our reading": 2, "not seen at small scale": 3, "undecided": 1,
    }  # fmt: skip
    kinds = [
        {"kind": "theory", "listed": 2, "pages": 1, "claims": claims},
        {"kind": "table", "listed": 1, "pages": 0, "claims": {}},
    ]
    content = {
        "summary": "1 of 3 figures and tables have a page",
        "artifacts": [
            row("thesis-fig-2-3", "Figure 2.3", PART, True, "contradicted", "It falls."),
            row("thesis-fig-2-4", "Figure 2.4", PART, False, "not run"),
        ],
        "kinds": kinds,
        "counts": {"listed": 3, "pages": 1, "claims": claims},
    }
    folder = project / "verdicts"
    folder.mkdir()
    (folder / "scorecard-laptop.json").write_text(json.dumps(content), encoding="utf-8")
    return front.scorecard("laptop", project)


def test_the_sentence_counts_pages_and_claims(card):
    assert front.summary(card) == (
        "1 of 3 figures and tables have a page, with 10 claims: 2 reproduced, 1 reproduced at "
        "small scale, 1 contradicted, 2 contradicted under our reading, 1 undecided, 3 not seen at "
        "small scale."
    )


def test_the_table_has_a_row_a_verdict_and_a_column_a_kind_that_occurs(card):
    table = front.kinds(card)
    assert table.columns == ["", "theory", "others", "all"]
    rows = [[cell.text for cell in line] for line in table.rows]
    assert rows[0] == ["pages, of figures and tables", "1 of 2", "0 of 1", "1 of 3"]
    assert ["reproduced at small scale", "1", "–", "1"] in rows
    assert not any(line[0] == "not run" for line in rows)


def test_the_legend_explains_every_verdict(card):
    assert len(front.legend().rows) == 9


def test_the_status_page_links_what_has_a_page_and_says_what_was_found(project, card):
    (table,) = front.status(card, project)
    html = table._repr_html_()
    assert f'href="../{PART}/thesis-fig-2-3.html"' in html
    assert "It falls." in html
    assert "Chaudhari (2018), figure 2.4 (theory)" in html
    assert html.count("<a ") == 1
    assert "its page is not written yet" in html


def test_a_part_says_what_was_found_in_it(project, card):
    assert front.part_sentence(PART, "laptop", project) == "It falls."
    assert "none of this part's 0" in front.part_sentence("3-pde", "laptop", project)
    html = front.part_findings(PART, "laptop", project)._repr_html_()
    assert "What was found in this part: 1 of 2 figures and tables have a page" in html
    assert 'href="thesis-fig-2-3.html"' in html
    assert "not written yet" in html


def test_a_missing_or_broken_scorecard_names_the_command(project, card):
    path = project / "verdicts" / "scorecard-laptop.json"
    for profile, content in (("laptop", "{"), ("laptop", "null"), ("laptop", "{}"), ("smoke", "")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(LandscapeError, match=f"run `landscape scorecard --profile {profile}`"):
            front.scorecard(profile, project)


def test_records_are_counted_from_their_files(project, monkeypatch):
    record = {
        "experiment": "thesis-x", "title": "A run", "differs": ["fewer epochs"],
        "methods": {"adam": {"seeds": [0, 1, 2]}, "sgd": {"seeds": [0, 1]}},
    }  # fmt: skip

    class Record:
        info, date, scale = record, "2026-01-02", "paper"

    monkeypatch.setattr(front.records, "all_records", lambda root: [Record, Record])
    assert front.records_sentence(project).startswith("2 records of 1 experiments hold runs")
    assert "nothing" not in front.records_sentence(project)
    monkeypatch.setattr(Record, "scale", "reduced")
    assert ", 2 of them only a part, which judges nothing; " in front.records_sentence(project)
    line, _ = front.records_table(project).rows
    assert [cell.text for cell in line] == ["`thesis-x`", "A run", "2/3"]
    assert re.search("fewer epochs", line[1].details)
