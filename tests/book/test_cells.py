"""Captions, tags and what a captioned cell shows beside its picture."""

import re
from pathlib import Path

import nbformat
import pytest

from landscape.book import cells as of_pages
from landscape.book.cells import CaptionError

ROOT = Path(__file__).parents[2]
CODE = nbformat.v4.new_code_cell("page.picture(picture)", metadata={"tags": ["hide-input"]})
#: In a shorter page the two cells that open every page are a quarter by themselves.
SHORT = 80


def notebook(*cells):
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    )


def test_a_caption_goes_to_the_cell_above_it_and_the_text_goes_on():
    text = ":::{caption} fig-1\nWhat $x$ does:\n**a**, one.\n:::\n\nWhat follows."
    before = notebook("# Title", CODE, text)
    after = of_pages.joined(before)
    assert [cell.cell_type for cell in after.cells] == ["markdown", "code", "markdown"]
    wanted = {"name": "fig-1", "caption": "What $x$ does:\n**a**, one.\n"}
    assert after.cells[1].metadata == {"tags": ["hide-input"], "mystnb": {"figure": wanted}}
    assert after.cells[2].source == "What follows."
    assert "mystnb" not in before.cells[1].metadata
    assert before.cells[2].source == text


def test_a_cell_of_text_with_a_caption_alone_is_gone():
    after = of_pages.joined(notebook(CODE, ":::{caption} fig-1\nWords.\n:::", CODE))
    assert [cell.cell_type for cell in after.cells] == ["code", "code"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((":::{caption} f\nWords.\n:::",), "f does not stand directly below a code cell"),
        ((CODE, "Text.\n\n:::{caption} f\nWords.\n:::"), "f does not stand directly below a code"),
        ((CODE, ":::{caption} f\nWords."), "or has no closing line"),
        ((CODE, ":::{caption}\nWords.\n:::"), "has no name"),
        ((CODE, ":::{caption} f\n\n:::"), "f is empty"),
        ((CODE, ":::{caption} f\nWords.\n:::", ":::{caption} g\nWords.\n:::"),
         "has one in its header already"),
        ((nbformat.v4.new_code_cell("x", metadata={"mystnb": {"figure": {"name": "g"}}}),
          ":::{caption} f\nWords.\n:::"), "has one in its header already"),
    ],
)  # fmt: skip
def test_a_caption_without_its_picture_is_refused(cells, said):
    with pytest.raises(CaptionError, match=re.escape(said)):
        of_pages.joined(notebook(*cells))


def test_a_cell_that_does_not_say_whether_its_code_is_shown_is_tagged():
    made = [nbformat.v4.new_code_cell("f()", metadata={"tags": tags} if tags else {})
            for tags in (None, None, ["parameters"], ["remove-input"], ["hide-input"])]  # fmt: skip
    after = of_pages.joined(notebook(made[0], ":::{caption} f\nWords.\n:::", *made[1:]))
    tags = [cell.metadata["tags"] for cell in after.cells]
    assert tags == [["hide-input"], ["remove-input"], ["parameters", "remove-input"],
                    ["remove-input"], ["hide-input"]]  # fmt: skip


def test_what_a_captioned_cell_shows_beside_its_picture_gets_a_cell_below():
    def shown(*texts, **metadata):
        outputs = [nbformat.v4.new_output("display_data", {"text/html": text}) for text in texts]
        return nbformat.v4.new_code_cell("f()", outputs=outputs, metadata=metadata)

    figure = {"figure": {"name": "f", "caption": "Words."}}
    before = notebook(shown("picture", "note", "table", mystnb=figure), shown("a", "b"))
    after = of_pages.parted(before)
    held = [[output.data["text/html"] for output in cell.outputs] for cell in after.cells]
    assert held == [["picture"], ["note", "table"], ["a", "b"]]
    assert after.cells[0].metadata == {"mystnb": figure}
    assert (after.cells[1].source, after.cells[1].metadata) == ("", {"tags": ["remove-input"]})
    assert len(before.cells[0].outputs) == 3


def share_of_code(text):
    """Lines of code cells, with their fences and headers, over all lines; blank ones left out."""
    lines = [line for line in text.splitlines() if line.strip()]
    code, inside = 0, False
    for line in lines:
        inside = inside or line.startswith("```{code-cell}")
        code += inside
        inside = inside and line != "```"
    return code / len(lines)


def test_what_counts_as_code():
    cell = "```{code-cell} ipython3\n:tags: [x]\n\nf()\n```"
    text = f"# T\n\n{cell}\n\nWords.\n\n```python\ng()\n```\n\n.\n"
    assert share_of_code(text) == 4 / 10


def test_at_most_a_third_of_a_page_is_code():
    pages = [*ROOT.glob("book/*/*/page.md"), *ROOT.glob("book/*/part.md")]
    texts = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in pages}
    shares = {name: share_of_code(text) for name, text in texts.items()
              if len(text.splitlines()) >= SHORT}  # fmt: skip
    assert len(shares) > 15
    over = {name: f"{share:.0%}" for name, share in shares.items() if share > 1 / 3}
    assert not over, f"more than a third of these pages' lines are code: {over}"
