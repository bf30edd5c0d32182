"""The tables of the page of errata: a line for each entry, and the evidence of one."""

from collections.abc import Sequence
from html import escape

from landscape.book.tables import Cell, Note, Table
from landscape.errata.registry import Entry

WORDS = {True: "yes", False: "no", None: "no number"}


class LinkedCell(Cell):
    """A cell whose text leads to the section of its entry; ``classes[0]`` is the anchor."""

    def html(self) -> str:
        link = f'<a href="#{escape(self.classes[0])}">{escape(self.text)}</a>'
        return f'{link}<div class="wv-details">{escape(self.details)}</div>'


def number(value: float | None) -> str:
    """Six digits, or a dash for a number that the print does not give."""
    return "–" if value is None else f"{value:.6g}"


def judgement(entry: Entry, separator: str = "\n") -> str:
    """Whether the checks contradict the print and confirm the corrected form, computed."""
    return (
        f"print wrong: {WORDS[entry.print_wrong]}{separator}"
        f"right confirmed: {WORDS[entry.confirmed]}"
    )


def summary(entries: Sequence[Entry], caption: str = "", name: str = "errata") -> Table:
    """A quantity of every entry with its numbers, and the judgement on all of them."""
    rows = []
    for entry in entries:
        head = f"{entry.key}. {entry.subject}" if entry.key.isdigit() else entry.subject
        row = next((row for row in entry.rows if row.printed is not None), entry.rows[0])
        numbers = (
            f"printed {number(row.printed)}, right {number(row.corrected)}, "
            f"check {number(row.check)}"
        )
        rows.append([
            LinkedCell(head, (entry.anchor,), details=entry.where),
            row.quantity,
            Cell(judgement(entry), details=numbers),
        ])  # fmt: skip
    return Table(["entry", "for example", "checked"], rows, name=name, caption=caption)


def evidence(entry: Entry) -> Table:
    """Every quantity of an entry: from the print, corrected, and by a check that uses neither."""
    rows = [
        [row.quantity, number(row.printed), number(row.corrected),
         Cell(number(row.check), details=row.how)]
        for row in entry.rows
    ]  # fmt: skip
    caption = f"Computed now; {judgement(entry, ', ')}"
    return Table(["quantity", "printed", "right", "check"], rows, name="evidence", caption=caption)


def totals(entries: Sequence[Entry]) -> Note:
    """How many quantities there are and how many checks speak for and against."""
    rows = [row for entry in entries for row in entry.rows]
    stated = [row for row in rows if row.printed is not None]
    return Note(
        f"{len(entries)} entries with {len(rows)} quantities. The check contradicts "
        f"{sum(not row.printed_agrees for row in stated)} of the {len(stated)} that the print "
        f"gives and confirms {sum(row.corrected_agrees for row in rows)} of the corrected ones."
    )
