"""Small tables and notes, the same bytes every time.

Texts are Markdown with formulas (landscape.book.text). The HTML carries CSS classes only
(``wv-...``): colours belong to the book's style sheet, so that a table is legible in light and dark
mode and, unstyled, in JupyterLab. Without a notebook the plain text is printed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from landscape.book import text as markdown
from landscape.errors import LandscapeError

_TEXT_WIDTH = 44
#: What stands for a formula's letters where nothing sets mathematics.
LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "eta": "η", "lambda": "λ", "kappa": "κ"}


class Html:
    """A piece of HTML with its plain form; what everything shown here is at last."""

    def __init__(self, html: str, plain: str = "") -> None:
        self.html, self.plain = html, plain

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        html = self._repr_html_()
        bundle = {"text/html": html, "text/plain": repr(self)}
        return bundle | (markdown.LOADS_MATHJAX if markdown.has_formula(html) else {})

    def __repr__(self) -> str:
        return self.plain


@dataclass(frozen=True)
class Cell:
    """Text of a cell.

    Attributes:
        text: Markdown; a line break stays one.
        classes: CSS classes of the cell, of the badge where it is one.
        badge: Wrap the text in a span that has the classes.
        details: A second, smaller line.
        span: How many columns it takes.
        raw: HTML that follows the text.
    """

    text: str
    classes: tuple[str, ...] = ()
    badge: bool = False
    details: str = ""
    span: int = 1
    raw: str = field(default="", repr=False)

    def html(self) -> str:
        """What stands between the cell's tags."""
        content = markdown.html(self.text)
        if self.badge:
            content = f'<span class="{" ".join(self.classes)}">{content}</span>'
        if self.details:
            content += f'<div class="wv-details">{markdown.html(self.details)}</div>'
        return content + self.raw

    def myst(self) -> str:
        """The same inside a MyST table."""
        content = self.text
        if self.badge:
            content = f'<span class="{" ".join(self.classes)}">{content}</span>'
        if self.details:
            content += f'<br><span class="wv-details">{self.details}</span>'
        return content.replace("\n", "<br>").replace("|", r"\|")

    def plain(self) -> str:
        """The same without HTML."""
        return f"{self.text}\n({self.details})" if self.details else self.text


class Table(Html):
    """Columns and rows; cells are strings or Cell.

    Its cells carry their column's name as ``data-label``, for tables whose rows become blocks on a
    phone.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str | Cell]],
        *,
        name: str = "plain",
        caption: str = "",
        row_classes: Sequence[str] | None = None,
        folded: bool = False,
        label: str = "",
        stack: bool = False,
    ) -> None:
        """Make a table.

        Args:
            columns: Their heads, Markdown.
            rows: Cells or strings (Markdown).
            name: Gives the table its class ``wv-<name>``.
            caption: Markdown above it.
            row_classes: A class for each row, or none.
            folded: Show the caption until it is opened.
            label: The name by which pages refer to it; it is then numbered by the book.
            stack: On a phone, show each row as a block instead of scrolling sideways.

        Raises:
            ValueError: Ragged rows.
            LandscapeError: A numbered table without a caption, folded, or with spanning cells.
        """
        self.columns = list(columns)
        self.rows = [
            [cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in row] for row in rows
        ]
        if any(sum(cell.span for cell in row) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row needs {len(self.columns)} cells")
        self.caption, self.folded, self.label = caption, folded, label
        self.classes = f"wv-table wv-{name}{' wv-stack' if stack else ''}"
        self.row_classes = list(row_classes) if row_classes else [""] * len(self.rows)
        spans = any(cell.span > 1 or cell.raw for row in self.rows for cell in row)
        if label and (folded or spans or not caption):
            raise LandscapeError(
                f"The numbered table {label} needs a caption and plain cells, and cannot be folded."
            )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if not self.label:
            return super()._repr_mimebundle_(include, exclude)
        # The book takes the Markdown, so that Sphinx numbers it; JupyterLab takes the HTML.
        return {"text/markdown": self.myst(), "text/html": self._repr_html_(),
                "text/plain": repr(self)}  # fmt: skip

    def myst(self) -> str:
        """The numbered, referable form: a table directive of MyST."""
        lines = [[Cell(column).myst() for column in self.columns], ["---"] * len(self.columns)]
        lines += [[cell.myst() for cell in row] for row in self.rows]
        body = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        caption = " ".join(self.caption.split())
        return (f":::{{table}} {caption}\n:name: {self.label}\n"
                f":class: {self.classes}\n\n{body}\n:::\n")  # fmt: skip

    def _repr_html_(self) -> str:
        heads = [markdown.html(column) for column in self.columns]
        labels = [_words(head) for head in heads]
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        body = []
        for row, row_class in zip(self.rows, self.row_classes, strict=True):
            attribute = f' class="{row_class}"' if row_class else ""
            cells, column = [], 0
            for cell in row:
                tag, names = ("th", ' scope="row"') if column == 0 and not cell.raw else ("td", "")
                if cell.classes and not cell.badge:
                    names += f' class="{" ".join(cell.classes)}"'
                if cell.span > 1:
                    names += f' colspan="{cell.span}"'
                elif column:
                    names += f' data-label="{labels[column]}"'
                cells.append(f"<{tag}{names}>{cell.html()}</{tag}>")
                column += cell.span
            body.append(f"<tr{attribute}>{''.join(cells)}</tr>")
        caption = f"<caption>{markdown.html(self.caption)}</caption>" if self.caption else ""
        if self.folded:
            caption = ""
        # overflow-x in the element: JupyterLab does not read the book's style sheet.
        table = (
            '<div class="wv-scroll" style="overflow-x:auto" tabindex="0">'
            f'<table class="table {self.classes}">{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        )
        return folded(self.caption, table) if self.folded else table

    def __repr__(self) -> str:
        grid = [[_wrap(column) for column in self.columns]]
        for row in self.rows:
            # A cell over several columns stands in the first of them.
            texts = [[cell.plain(), *[""] * (cell.span - 1)] for cell in row]
            grid.append([_wrap(text) for part in texts for text in part])
        widths = [
            max((len(line) for row in grid for line in row[i]), default=0)
            for i in range(len(self.columns))
        ]
        lines = [self.caption] if self.caption else []
        for number, row in enumerate(grid):
            for k in range(max(len(cell) for cell in row)):
                parts = [
                    (cell[k] if k < len(cell) else "").ljust(width)
                    for cell, width in zip(row, widths, strict=True)
                ]
                lines.append("  ".join(parts).rstrip())
            if number == 0:
                lines.append("  ".join("-" * width for width in widths))
        return "\n".join(lines)


class Note(Html):
    """A paragraph of Markdown; ``code`` is shown as a command block below it."""

    def __init__(self, text: str, code: str = "", name: str = "note") -> None:
        self.text, self.code, self.name = text, code, name

    def _repr_html_(self) -> str:
        block = f"<pre><code>{escape(self.code)}</code></pre>" if self.code else ""
        return f'<div class="wv-{self.name}"><p>{markdown.html(self.text)}</p>{block}</div>'

    def __repr__(self) -> str:
        return self.text + (f"\n\n{textwrap.indent(self.code, '    ')}" if self.code else "")


def folded(summary: str, content: str, name: str = "table-fold") -> str:
    """HTML that unfolds; ``summary`` is Markdown, ``content`` HTML."""
    return (
        f'<details class="wv-folded wv-{name}"><summary>{markdown.html(summary)}</summary>'
        f"{content}</details>"
    )


def show(*things: object) -> None:
    """Display in a notebook; print the plain form elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        for thing in things:
            print(repr(thing))
    else:
        display(*things)


def _words(head: str) -> str:
    """A column's name as an attribute, in which nothing sets mathematics: letters instead."""
    text = re.sub(r"<[^>]+>|\\[()]", "", head)
    return re.sub(r"\\([a-z]+)", lambda found: LETTERS.get(found[1], found[0]), text)


def verdict_classes(label: str) -> tuple[str, str]:
    """``wv-verdict`` and ``wv-<label, hyphenated>``, e.g. ``wv-partly-at-small-scale``."""
    return "wv-verdict", f"wv-{label.replace(' ', '-')}"


def badge(label: str) -> str:
    """A verdict's label as HTML; the words stand in it, so colour is never the only sign."""
    return f'<span class="{" ".join(verdict_classes(label))}">{escape(label)}</span>'


def verdict_cell(label: str, reason: str = "") -> Cell:
    """The same as a cell, with the reason below it."""
    return Cell(label, verdict_classes(label), badge=True, details=reason)


def _wrap(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(line, _TEXT_WIDTH, break_long_words=False) or [""]
    return lines
