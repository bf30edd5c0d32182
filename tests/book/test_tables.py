"""Tables in HTML and in plain text."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.book.tables import Cell, Note, Table, badge, show, verdict_cell
from landscape.errors import LandscapeError


def tree(thing):
    """Parse the HTML as XML: it must be well formed."""
    return ET.fromstring(thing._repr_html_().replace("<br>", "<br/>"))


def test_html_has_headers_scopes_classes_and_scrolls():
    table = Table(["a", "b"], [["x", Cell("y", ("wv-changed",), details="why")]],
                  name="settings", caption="C", row_classes=["wv-row"])  # fmt: skip
    root = tree(table)
    assert root.get("class") == "wv-scroll"
    assert "overflow-x:auto" in root.get("style")
    inner = root.find("table")
    assert inner.get("class") == "table wv-table wv-settings"
    assert inner.find("caption").text == "C"
    assert [th.get("scope") for th in inner.iter("th")] == ["col", "col", "row"]
    assert inner.find("tbody/tr").get("class") == "wv-row"
    cell = inner.find("tbody/tr/td")
    assert cell.get("class") == "wv-changed"
    assert cell.find("div").text == "why"


def test_html_names_no_colour_and_requests_nothing():
    html = Table(["a"], [[verdict_cell("reproduced", "r")]])._repr_html_()
    assert not re.search(r"color|#[0-9a-f]{3}|https?:|url\(|<script|<img", html, re.IGNORECASE)


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_any_text_is_escaped(rows):
    rows = [["".join(c for c in cell if " " <= c < "\x7f") for cell in row] for row in rows]
    table = Table(["<b>", "&"], rows)
    found = [th.text for th in tree(table).iter("th")][:2]
    assert found == ["<b>", "&"]
    assert len(list(tree(table).find("table/tbody"))) == len(rows)
    assert repr(table).count("\n") >= 1 + len(rows)


def test_plain_text_aligns_columns_and_wraps_long_cells():
    table = Table(["name", "text"], [["a", "word " * 30], ["bb", Cell("x", details="y")]])
    lines = repr(table).splitlines()
    assert lines[0].startswith("name  text")
    assert max(len(line) for line in lines) <= 4 + 2 + 44
    assert lines[-2:] == ["bb    x", "      (y)"]
    assert sum("word" in line for line in lines) == 4


def test_ragged_rows_are_refused():
    with pytest.raises(ValueError, match="2 cells"):
        Table(["a", "b"], [["x"]])


def test_a_cell_takes_several_columns():
    table = Table(["a", "b", "c"], [[Cell("wide", span=2), "z"], ["x", "y", "z"]])
    first = tree(table).find("table/tbody/tr")
    assert [cell.get("colspan") for cell in first] == ["2", None]
    assert repr(table).splitlines()[2:] == ["wide     z", "x     y  z"]
    with pytest.raises(ValueError, match="3 cells"):
        Table(["a", "b", "c"], [[Cell("wide", span=3), "z"]])


@pytest.mark.parametrize(
    "verdict", ["contradicted under our reading", "partly at small scale", "partly"]
)
def test_a_verdict_is_a_badge_with_its_class(verdict):
    cell = verdict_cell(verdict, "why")
    html = Table(["v", "w"], [["x", cell]])._repr_html_()
    names = f'<span class="wv-verdict wv-{verdict.replace(" ", "-")}">{verdict}</span>'
    assert names in html
    assert names == badge(verdict)
    assert '<div class="wv-details">why</div>' in html


def test_a_note_shows_its_commands(capsys):
    note = Note("Run <this>:", "landscape list\ndvc repro")
    assert "&lt;this&gt;" in note._repr_html_()
    assert tree(note).find("pre/code").text == "landscape list\ndvc repro"
    show(note)
    assert capsys.readouterr().out == "Run <this>:\n\n    landscape list\n    dvc repro\n"


def test_a_folded_table_shows_its_caption_until_opened():
    table = Table(["a"], [["1"]], caption="what <it> is", folded=True)
    html = table._repr_html_()
    assert html.startswith(
        '<details class="wv-folded wv-table-fold"><summary>what &lt;it&gt; is</summary>'
    )
    assert html.endswith("</table></div></details>")
    assert "<caption>" not in html
    assert "what <it> is" in repr(table)


def test_a_labelled_table_is_markdown_that_the_book_numbers_and_html_for_jupyterlab():
    rows = [["p|q", Cell("1\n2", details="why")], ["x", verdict_cell("partly")]]
    table = Table(["a $|x|$", "b"], rows,
                  caption="Errors,\n$n = 3$", label="thesis-tab-2-1")  # fmt: skip
    bundle = table._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/html", "text/plain"}
    assert bundle["text/markdown"].splitlines() == [
        ":::{table} Errors, $n = 3$", ":name: thesis-tab-2-1", ":class: wv-table wv-plain", "",
        r"| a $\|x\|$ | b |", "| --- | --- |",
        r'| p\|q | 1<br>2<br><span class="wv-details">why</span> |',
        '| x | <span class="wv-verdict wv-partly">partly</span> |', ":::",
    ]  # fmt: skip
    assert "<caption>Errors,<br>" in bundle["text/html"]


def test_a_labelled_table_needs_a_caption_and_plain_cells():
    with pytest.raises(LandscapeError, match="thesis-tab-2-1 needs a caption"):
        Table(["a"], [["1"]], label="thesis-tab-2-1")
    with pytest.raises(LandscapeError, match="plain cells"):
        Table(["a", "b"], [[Cell("1", span=2)]], label="x", caption="c")


def test_html_with_a_formula_makes_sphinx_load_mathjax():
    assert Note("$x$")._repr_mimebundle_()["text/latex"] == r"$\,$"
    assert "text/latex" not in Note("x")._repr_mimebundle_()


def test_cells_name_their_column_for_phones():
    html = Table(["claim", "the $W$ork"], [["x", "y"]])._repr_html_()
    assert '<td data-label="the Work">y</td>' in html
