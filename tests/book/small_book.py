"""A small book on disk: two parts, one of them unwritten, with executed pages as they are kept."""

import json
import shutil
from pathlib import Path

import nbformat
from nbformat import v4

from landscape import book as page_calls
from landscape.book import normalise, pictures

REPOSITORY = Path(__file__).resolve().parents[2]
KERNEL = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"
ARTIFACT, TABLE = "1-spin-glass/thesis-fig-2-1", "1-spin-glass/thesis-tab-2-1"
PARTS = """\
- {id: 1-spin-glass, title: I. Spin glass, source: the thesis, about: spins}
- {id: 3-pde, title: III. Equations, source: the thesis, about: smoothing}
"""
ARTIFACTS = "".join(
    f"- {{id: {name}, work: thesis, number: {number}, kind: theory, part: {part}, "
    f"title: {title}}}\n"
    for name, number, part, title in (
        ("thesis-tab-2-1", "Table 2.1", "1-spin-glass", "Errors"),
        ("thesis-fig-2-1", "Figure 2.1", "1-spin-glass", "Minima"),
        ("thesis-fig-4-1", "Figure 4.1", "3-pde", "Smoothing"),
    )
)


def picture_cell(name="thesis-fig-2-1", caption="Chaudhari (2018), figure 2.1.", alt="A line"):
    """An executed cell that shows a picture."""
    figure, ax = page_calls.panel()
    ax.plot([0, 1, 2])
    data = pictures.picture(name, figure, alt)._repr_mimebundle_()
    cell = v4.new_code_cell("draw()", outputs=[v4.new_output("display_data", data=data)])
    cell.metadata = {
        "mystnb": {"figure": {"name": name, "caption": caption}},
        "tags": ["hide-input"],
    }
    return cell


def table_cell(label="thesis-tab-2-1"):
    """An executed cell that shows a numbered table."""
    table = page_calls.Table(["a", "b"], [["1", "2"]], caption="Errors", label=label)
    output = v4.new_output("display_data", data=table._repr_mimebundle_())
    return v4.new_code_cell("tell()", outputs=[output], metadata={"tags": ["remove-input"]})


def notebook(text, *cells, inputs=""):
    """An executed page as it is kept; ``inputs`` is the digest of what it was made from."""
    made = v4.new_notebook(cells=[v4.new_markdown_cell(text), *cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = normalise.normalised(made, Path("/nowhere"))
    if inputs:
        made.metadata["landscape"] = {"inputs": inputs}
    return made


def keep(root, item, made, profile="smoke"):
    """Write an executed page."""
    path = root / "book" / "executed" / profile / f"{item}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def write(root, item, text):
    """Write a page's text."""
    inside = f"{item}/page.md" if "/thesis" in item else f"{item}.md"
    path = root / "book" / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def make(root):
    """The book, with its settings and styles those of the repository."""
    source = root / "book"
    shutil.copytree(REPOSITORY / "book" / "_static", source / "_static")
    for name in ("_config.yml", "references.bib"):
        shutil.copy(REPOSITORY / "book" / name, source / name)
    (source / "parts.yaml").write_text(PARTS, encoding="utf-8")
    (root / "references").mkdir()
    (root / "references" / "artifacts.yaml").write_text(ARTIFACTS, encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (root / "params.yaml").write_text("profile: smoke\n", encoding="utf-8")
    card = '<a class="wv-card" href="1-spin-glass/thesis-fig-2-1.html">{}</a>'.format(
        '<img class="wv-light" src="_static/thumbnails/1-spin-glass/thesis-fig-2-1-light.svg">'
    )
    shown = v4.new_output("display_data", data={"text/html": card, "text/plain": "a card"})
    front = v4.new_code_cell("show()", outputs=[shown], metadata={"tags": ["remove-input"]})
    pages = {
        "index": ("# Small book\n\n{ref}`a page <page-thesis-fig-2-1>`", front),
        ARTIFACT: ("(page-thesis-fig-2-1)=\n# A *falling* curve\n\nSee {numref}`thesis-fig-2-1`, "
                   "{eq}`eq-one` and {cite}`chaudhari2018`.\n\n$$\nx = 1\n$$ (eq-one)\n",
                   picture_cell()),
        TABLE: ("# Errors\n\n{numref}`thesis-tab-2-1`", table_cell()),
        "3-pde/part": ("# III. Equations: not written yet",),
    }  # fmt: skip
    for item, (text, *cells) in pages.items():
        write(root, item, KERNEL + text)
        keep(root, item, notebook(text, *cells, inputs=f"digest of {item}"))
        if "thesis" in item:
            (source / item / "claims.yaml").write_text("claims: []\n", encoding="utf-8")
    write(root, "bibliography", "# Bibliography\n\n```{bibliography}\n```\n")
    write(root, "notation", "# Notation\n\nLetters.\n")
    write(root, "another", "# Another page\n\nWords.\n")
    return root


def manifest(html):
    """What a built book says it was made of."""
    return json.loads((html / "manifest.json").read_text(encoding="utf-8"))
