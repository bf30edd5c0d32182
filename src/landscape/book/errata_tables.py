"""Errata on pages: what was found, the table of all, and the evidence of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from landscape.book.tables import Cell, Table
from landscape.book.text import number
from landscape.errata import registry
from landscape.errata.entry import WORKS, Entry, Row

_HEADS = ["quantity", "printed", "right", "check"]
_SHORT = {"thesis": "thesis", "anneal": "AnnealSGD paper"}  # one author has both
_DIGITS = 6
_WORDS = {True: "yes", False: "no", None: "no number"}


def finding(work: str | None = None) -> str:
    """What the checks say about all entries, or those shown with a work, in one sentence."""
    entries = registry.of_work(work) if work else registry.ENTRIES
    rows = [row for entry in entries for row in entry.rows]
    stated = [row for row in rows if row.printed is not None]
    wrong = sum(not row.printed_agrees for row in stated)
    right = sum(row.corrected_agrees for row in rows)
    return (
        f"In {len(entries)} places the print is held to be wrong, and checks that use neither form "
        f"contradict {_share(wrong, len(stated))} printed values and confirm "
        f"{_share(right, len(rows))} corrected ones."
    )


def judgement(entry: Entry) -> str:
    """What the checks of an entry say about the print and the corrected form, in words."""
    said = {
        True: "print contradicted",
        False: "print not contradicted",
        None: "print without a number",
    }[entry.print_wrong]
    return f"{said}, right form {'' if entry.confirmed else 'not '}confirmed"


def index(*, label: str, caption: str) -> Table:
    """A line for every entry, numbered and referable, that leads to the evidence."""
    rows = [
        [entry.name, f"[{entry.subject}](#{entry.anchor})",
         _places(entry), _WORDS[entry.print_wrong], _WORDS[entry.confirmed]]
        for entry in registry.ENTRIES
    ]  # fmt: skip
    heads = ["entry", "about", "where", "print wrong?", "right form confirmed?"]
    return Table(heads, rows, name="errata", label=label, caption=caption)


def evidence(*keys: str | int, **options: Any) -> Table:
    """Every quantity of some entries: from the print, corrected, and by an independent check.

    Args:
        *keys: numbers or words of entries. One alone is folded below a line that says what its
            checks found, with the first quantity as an example.
        **options: of `Table`.
    """
    entries = [registry.get(key) for key in keys]
    if len(entries) == 1:
        options = {"folded": True, "caption": _line(entries[0])} | options
        return quantities(entries[0].rows, **options)
    rows = [[entry.name, *cells] for entry in entries for cells in _cells(entry.rows)]
    return Table(["entry", *_HEADS], rows, **{"name": "evidence"} | options)


def quantities(rows: Sequence[Row], **options: Any) -> Table:
    """The same for rows that no entry has."""
    return Table(_HEADS, _cells(rows), **{"name": "evidence"} | options)


def _cells(rows: Sequence[Row]) -> list[list[str | Cell]]:
    return [
        [row.quantity, _value(row.printed), _value(row.corrected),
         Cell(_value(row.check), details=row.how)]
        for row in rows
    ]  # fmt: skip


def _line(entry: Entry) -> str:
    row = next((row for row in entry.rows if row.printed is not None), entry.rows[0])
    printed = "" if row.printed is None else f"printed {_value(row.printed)}, "
    of = f" of {len(entry.rows)} quantities" if len(entry.rows) > 1 else ""
    return (
        f"Check{of}: {judgement(entry)}. {row.quantity}: {printed}right {_value(row.corrected)}, "
        f"check {_value(row.check)}"
    )


def _value(value: float | None) -> str:
    """Six digits as a formula, or a dash for a number that the print does not give."""
    return "–" if value is None else f"${number(value, _DIGITS)}$"


def _places(entry: Entry) -> str:
    return "; ".join(
        f"{_SHORT.get(work) or WORKS[work].split(' (')[0]}, {place}"
        for work, place in entry.where.items()
    )


def _share(part: int, whole: int) -> str:
    if part == whole:
        return "both" if whole == 2 else f"all {whole}"
    return f"{part} of {whole}"
