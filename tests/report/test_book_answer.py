"""The box under a page's title."""

import xml.etree.ElementTree as ET

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from landscape.book.answer import BY_RECORD, answer, with_answer

ENTRY = {
    "id": "thesis-fig-2-1",
    "verdict": "partly",
    "claims": [
        {"id": "c1", "text": "E_0 < 2 & so on", "verdict": "reproduced", "evidence": "build"},
        {"id": "c2", "text": "lower error", "verdict": "contradicted", "evidence": "record"},
    ],
}


@pytest.fixture
def notebook():
    cells = [new_code_cell("# no title"), new_markdown_cell("(page-x)=\n# A title\n\nText.\n")]
    return new_notebook(cells=[*cells, new_markdown_cell("# Another\n")])


def test_the_box_stands_between_title_and_text_once(notebook):
    before = nbformat.writes(notebook)
    done = with_answer(notebook, ENTRY, "laptop")
    assert nbformat.writes(notebook) == before
    assert done.cells[0].source == "# no title"
    assert done.cells[2].source == "# Another\n"
    head, box, text = done.cells[1].source.split("``````")
    assert head == "(page-x)=\n# A title\n\n"
    assert box == "{raw} html\n" + answer(ENTRY, "laptop") + "\n"
    assert text == "\n\n\nText.\n"
    nbformat.validate(done)


def test_every_claim_is_told_with_its_verdict_and_the_record_that_decides():
    root = ET.fromstring(answer(ENTRY, "laptop").replace("<br>", "<br/>"))
    assert [span.text for span in root.iter("span") if "wv-verdict" in span.get("class", "")] == [
        "partly", "reproduced", "contradicted",
    ]  # fmt: skip
    first, second = ("".join(item.itertext()) for item in root.iter("li"))
    assert first.endswith("E_0 < 2 & so on")
    assert second.endswith(f"lower error ({BY_RECORD})")
    assert root.find(".//a").get("href") == "#claims"


@pytest.mark.parametrize("entry", [None, ENTRY | {"claims": []}])
def test_without_claims_the_page_stays_as_it_is(notebook, entry):
    assert with_answer(notebook, entry, "laptop") is notebook


def test_every_page_with_claims_has_the_section_that_the_box_points_to():
    from pathlib import Path

    pages = Path(__file__).resolve().parents[2].glob("book/notebooks/*/*.md")
    texts = [text for path in pages if "page.judge(" in (text := path.read_text())]
    assert texts
    assert all("\n## Claims\n" in text for text in texts)
