"""Errata on pages: what was found, the table of all, and the evidence of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from landscape.book.tables import Cell, Html, Note, Table, folded
from landscape.book.text import number
from landscape.errata import registry
from landscape.errata.entry import WORKS, Entry, Row

_HEADS = ["quantity", "printed", "right", "check"]
_SHORT = {"thesis": "thesis", "anneal": "AnnealSGD paper"}  # one author has both
# In tables, the same on every machine (the sixth is not), and in the line above one.
_DIGITS, _FEW = 5, 4
_WORDS = {True: "yes", False: "no", None: "no number"}


def finding(page: str | None = None) -> str:
    """What the checks say about all entries, or those of a page, in one sentence."""
    entries = registry.of_page(page) if page else registry.ENTRIES
    rows = [row for entry in entries for row in entry.rows]
    stated = [row for row in rows if row.printed is not None]
    wrong = sum(not row.printed_agrees for row in stated)
    right = sum(row.corrected_agrees for row in rows)
    return (
        f"In {len(entries)} places the print is held to be wrong, and checks that use neither form "
        f"contradict {_share(wrong, len(stated))} printed values and confirm "
        f"{_share(right, len(rows))} corrected ones."
    )


def index(*, label: str, caption: str) -> Table:
    """A line for every entry, numbered and referable, that leads to the evidence."""
    rows = [
        [entry.name, f"[{entry.subject}](#{entry.anchor})",
         _places(entry), _WORDS[entry.print_wrong], _WORDS[entry.confirmed]]
        for entry in registry.ENTRIES
    ]  # fmt: skip
    heads = ["entry", "about", "where", "print wrong?", "right form confirmed?"]
    return Table(heads, rows, name="errata-index", label=label, caption=caption, stack=True)


def evidence(*keys: str | int, note: str = "", **options: Any) -> Html:
    """Every quantity of some entries: from the print, corrected, and by an independent check.

    A cross marks what the check contradicts, a tick what it confirms.

    Args:
        *keys: numbers or words of entries. One alone is folded below a line that has its first
            quantity with a printed number.
        note: a sentence that is unfolded with the table of one entry.
        **options: of the `Table` of several.
    """
    entries = [registry.get(key) for key in keys]
    if len(entries) == 1:
        table, said = quantities(entries[0].rows), Note(note) if note else Html("")
        content = table._repr_html_() + said._repr_html_()
        line = _line(entries[0])
        return Html(folded(line, content, "evidence"), f"{line}\n{table!r}\n{said!r}".rstrip())
    rows = [[entry.name, *cells] for entry in entries for cells in _cells(entry.rows)]
    return Table(["entry", *_HEADS], rows, **{"name": "evidence"} | options)


def quantities(rows: Sequence[Row], **options: Any) -> Table:
    """The same for rows that no entry has."""
    return Table(_HEADS, _cells(rows), **{"name": "evidence"} | options)


def _cells(rows: Sequence[Row]) -> list[list[str | Cell]]:
    return [
        [row.quantity, _printed(row, _DIGITS), _corrected(row, _DIGITS),
         Cell(_value(row.check, _DIGITS), details=row.how)]
        for row in rows
    ]  # fmt: skip


def _line(entry: Entry) -> str:
    row = next((row for row in entry.rows if row.printed is not None), entry.rows[0])
    stated = "" if row.printed is None else f"printed {_printed(row, _FEW)}, "
    more = len(entry.rows) - 1
    others = f" ({more} more)" if more else ""
    return (
        f"{row.quantity}: {stated}right {_corrected(row, _FEW)}, check {_value(row.check, _FEW)}"
        f"{others}"
    )


def _printed(row: Row, digits: int) -> str:
    """The printed value and its mark, or a dash where the print gives no number."""
    if row.printed is None:
        return "–"
    return f"{_value(row.printed, digits)} {_mark(row.printed_agrees)}"


def _corrected(row: Row, digits: int) -> str:
    return f"{_value(row.corrected, digits)} {_mark(row.corrected_agrees)}"


def _mark(agrees: bool) -> str:
    return "✓" if agrees else "✗"


def _value(value: float, digits: int) -> str:
    return f"${number(value, digits)}$"


def _places(entry: Entry) -> str:
    return "; ".join(
        f"{_SHORT.get(work) or WORKS[work].split(' (')[0]}, {place}"
        for work, place in entry.where.items()
    )


def _share(part: int, whole: int) -> str:
    if part == whole:
        return "both" if whole == 2 else f"all {whole}"
    return f"{part} of {whole}"
