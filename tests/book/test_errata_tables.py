"""The sentence, the index and the evidence of errata."""

import pytest

from landscape.book import errata_tables
from landscape.errata import registry
from landscape.errata.entry import Entry, Row
from landscape.errors import LandscapeError

GOOD = Row("$x$", 2.0, 1.0, 1.0, "by hand")
NO_PRINT = Row("$y$", None, 0.5, 0.5, "by hand")
PLACE = {"anneal": "eq. (2)", "lewkowycz": "section 5"}


def entry(*rows, key="99"):
    return Entry(key, "a sign", PLACE, lambda: list(rows))


@pytest.fixture
def listed(monkeypatch):
    """Makes some entries the whole list."""

    def put(*entries):
        monkeypatch.setattr(registry, "ENTRIES", entries)

    return put


def test_the_sentence_counts_what_the_checks_say(listed):
    listed(entry(NO_PRINT, GOOD), entry(Row("z", 1.0, 3.0, 1.0, "by hand"), key="word"))
    assert errata_tables.finding() == (
        "In 2 places the print is held to be wrong, and checks that use neither form contradict "
        "1 of 2 printed values and confirm 2 of 3 corrected ones."
    )
    listed(entry(GOOD), entry(GOOD, key="98"))
    assert "contradict both printed values and confirm both" in errata_tables.finding()


def test_a_line_of_the_index_leads_to_the_entry(listed):
    listed(entry(NO_PRINT, GOOD), entry(NO_PRINT, key="a-word"))
    table = errata_tables.index(label="errata-index", caption="All")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["99", "[a sign](#erratum-99)", "AnnealSGD paper, eq. (2); Lewkowycz & Gur-Ari, section 5",
         "yes", "yes"],
        ["a word", "[a sign](#statement-a-word)",
         "AnnealSGD paper, eq. (2); Lewkowycz & Gur-Ari, section 5", "no number", "yes"],
    ]  # fmt: skip


def test_evidence_of_one_entry_is_folded_below_an_example(listed):
    listed(entry(NO_PRINT, GOOD))
    shown = errata_tables.evidence(99, note="Both are *small*.")
    line = "$x$: printed $2$ ✗, right $1$ ✓, check $1$ (1 more)"
    assert repr(shown).startswith(line + "\n")
    assert repr(shown).endswith("Both are *small*.")
    html = shown._repr_html_()
    summary, _, below = html.partition("</summary>")
    assert "(1 more)" in summary
    assert "by hand" in below
    assert "<em>small</em>" in below
    table = errata_tables.quantities([NO_PRINT, GOOD])
    assert table._repr_html_() in html
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["$y$", "–", "$0.5$ ✓", "$0.5$"], ["$x$", "$2$ ✗", "$1$ ✓", "$1$"],
    ]  # fmt: skip
    assert table.rows[0][3].details == "by hand"


def test_marks_follow_each_check():
    row = Row("z", 1.0, 3.0, 1.0, "by hand")
    assert [cell.text for cell in errata_tables.quantities([row]).rows[0]][1:3] == [
        "$1$ ✓", "$3$ ✗",
    ]  # fmt: skip


def test_the_line_of_an_entry_without_a_printed_number(listed):
    listed(entry(NO_PRINT))
    assert repr(errata_tables.evidence(99)).startswith("$y$: right $0.5$ ✓, check $0.5$\n")


def test_evidence_of_several_entries_names_them(listed):
    listed(entry(GOOD), entry(NO_PRINT, key="a-word"))
    table = errata_tables.evidence(99, "a-word", caption="Both")
    assert not table.folded
    assert [row[0].text for row in table.rows] == ["99", "a word"]
    with pytest.raises(LandscapeError, match="no erratum 7"):
        errata_tables.evidence(7)


def test_long_numbers_become_formulas():
    row = Row("$x$", 5.520628942836147e55, -1 / 3, 0.0, "by hand")
    texts = [cell.text for cell in errata_tables.quantities([row]).rows[0]]
    assert texts[1:3] == [r"$5.5206 \times 10^{55}$ ✗", "$-0.33333$ ✗"]
