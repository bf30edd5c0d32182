"""Small tables with an HTML and a plain-text form, the same bytes every time.

The HTML carries CSS classes only (``wv-...``): colours belong to the book's style sheet, so a
table is legible in light and dark mode and, unstyled, in JupyterLab.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_TEXT_WIDTH = 44


@dataclass(frozen=True)
class Cell:
    """Text of a cell, with CSS classes; ``badge`` wraps the text in a span that has the classes.

    A cell may ``span`` several columns.
    """

    text: str
    classes: tuple[str, ...] = ()
    badge: bool = False
    details: str = ""  # a second, smaller line
    span: int = 1

    def html(self) -> str:
        text = escape(self.text).replace("\n", "<br>")
        names = " ".join(self.classes)
        if self.badge:
            text = f'<span class="{names}">{text}</span>'
        if self.details:
            text += f'<div class="wv-details">{escape(self.details)}</div>'
        return text

    def plain(self) -> str:
        return f"{self.text}\n({self.details})" if self.details else self.text


class Table:
    """Columns and rows; cells are strings or Cell.

    ``name`` gives the table its class ``wv-<name>``; a ``folded`` one shows its caption until it is
    opened. Raises ValueError for ragged rows.
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
    ) -> None:
        self.columns = list(columns)
        self.rows = [
            [cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in row] for row in rows
        ]
        if any(sum(cell.span for cell in row) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row needs {len(self.columns)} cells")
        self.name, self.caption, self.folded = name, caption, folded
        self.row_classes = list(row_classes) if row_classes else [""] * len(self.rows)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in self.columns)
        body = []
        for row, row_class in zip(self.rows, self.row_classes, strict=True):
            attribute = f' class="{row_class}"' if row_class else ""
            cells = []
            for index, cell in enumerate(row):
                tag = 'th scope="row"' if index == 0 else "td"
                classes = "" if cell.badge else " ".join(cell.classes)
                names = f' class="{classes}"' if classes else ""
                if cell.span > 1:
                    names += f' colspan="{cell.span}"'
                cells.append(f"<{tag}{names}>{cell.html()}</{tag.split()[0]}>")
            body.append(f"<tr{attribute}>{''.join(cells)}</tr>")
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        before = after = ""
        if self.folded:
            before = f'<details class="wv-folded"><summary>{escape(self.caption)}</summary>'
            caption, after = "", "</details>"
        # overflow-x in the element: JupyterLab does not read the book's style sheet.
        return (
            f'{before}<div class="wv-scroll" style="overflow-x:auto" tabindex="0">'
            f'<table class="table wv-table wv-{self.name}">{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>{after}"
        )

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


class Note:
    """A paragraph with an HTML and a plain form; ``code`` is shown as a command block."""

    def __init__(self, text: str, code: str = "", name: str = "note") -> None:
        self.text, self.code, self.name = text, code, name

    def _repr_html_(self) -> str:
        block = f"<pre><code>{escape(self.code)}</code></pre>" if self.code else ""
        return f'<div class="wv-{self.name}"><p>{escape(self.text)}</p>{block}</div>'

    def __repr__(self) -> str:
        return self.text + (f"\n\n{textwrap.indent(self.code, '    ')}" if self.code else "")


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


def verdict_cell(verdict: str, reason: str = "") -> Cell:
    """A verdict as a badge with classes ``wv-verdict wv-<verdict, hyphenated>``."""
    classes = ("wv-verdict", f"wv-{verdict.replace(' ', '-')}")
    return Cell(verdict, classes, badge=True, details=reason)


def _wrap(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(line, _TEXT_WIDTH, break_long_words=False) or [""]
    return lines
