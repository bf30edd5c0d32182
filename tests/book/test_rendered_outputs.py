"""What Sphinx and MyST-NB make of a page's outputs: numbers, references, formulas."""

import io
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from landscape import book
from landscape.book import pictures

CONFIG = Path(__file__).parents[2] / "book" / "_config.yml"


def cell(thing, **metadata):
    output = v4.new_output("display_data", data=thing._repr_mimebundle_())
    return v4.new_code_cell("shown()", outputs=[output], metadata=metadata)


def build(folder, *cells):
    """The text of the page that Sphinx makes of a notebook; no warning is allowed."""
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sphinx"]["config"]
    kept = ("nb_mime_priority_overrides", "numfig", "numfig_format", "nb_render_markdown_format")
    notebook = v4.new_notebook(cells=list(cells))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    folder.mkdir()
    nbformat.write(notebook, folder / "index.ipynb")
    said = io.StringIO()
    with docutils_namespace():
        Sphinx(
            str(folder), None, str(folder / "html"), str(folder / "trees"), "html",
            {"extensions": ["myst_nb"], "nb_execution_mode": "off", "html_theme": "basic",
             "myst_enable_extensions": ["dollarmath", "colon_fence"],
             **{name: settings[name] for name in kept}},
            status=None, warning=said,
        ).build()  # fmt: skip
    assert said.getvalue() == ""
    return (folder / "html" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    figure, ax = book.panel()
    ax.plot([1, 2])
    shown = pictures.picture("fig", {"a": figure}, "a line", titles={"a": "$h$"})
    table = book.Table(["a $|x|$", "b"], [["p|q", book.verdict_cell("partly")]],
                       caption="Errors, $n = 3$", label="tab-one")  # fmt: skip
    caption = {"name": "fig-one", "caption": "Chaudhari (2018), figure $2.3$."}
    return build(
        tmp_path_factory.mktemp("book") / "source",
        v4.new_markdown_cell("# Title\n\nSee {numref}`fig-one` and {numref}`tab-one`."),
        cell(shown, mystnb={"figure": caption}, tags=["hide-input"]),
        cell(table, tags=["remove-input"]),
    )


def test_a_picture_is_a_numbered_figure_with_its_caption(page):
    (figure,) = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert 'id="fig-one"' in figure
    assert '<svg class="wv-svg"' in figure
    assert '<span class="caption-number">Figure 1 </span>' in figure
    assert r'figure <span class="math notranslate nohighlight">\(2.3\)</span>' in figure
    assert re.search(r'href="#fig-one"><span[^>]*>Figure 1</span>', page)


def test_a_labelled_table_is_numbered_by_its_own_count(page):
    (table,) = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert 'id="tab-one"' in table
    assert "wv-table wv-plain" in table
    assert '<span class="caption-number">Table 1 </span>' in table
    assert r"\(|x|\)" in table
    assert "<p>p|q</p>" in table
    assert '<span class="wv-verdict wv-partly">partly</span>' in table
    assert re.search(r'href="#tab-one"><span[^>]*>Table 1</span>', page)


def test_a_formula_that_only_an_output_has_is_set_by_mathjax(tmp_path):
    with_formula = build(tmp_path / "a", v4.new_markdown_cell("# T"), cell(book.Note("for $N$")))
    without = build(tmp_path / "b", v4.new_markdown_cell("# T"), cell(book.Note("for N")))
    assert r'<span class="math notranslate nohighlight">\(N\)</span>' in with_formula
    assert "window.MathJax" in with_formula
    assert "window.MathJax" not in without, "else this tests nothing"
    classes = re.search(r'"processHtmlClass": "([^"]+)"', with_formula)[1].split("|")
    assert "math" in classes, "MyST tells MathJax to look there and nowhere else"
