"""What an erratum is: a place in a work, and rows of evidence that a function computes.

A row compares what follows from the print with the corrected form and with a check that knows
neither. Whether the print is wrong and the correction right follows from the rows alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from landscape.errors import LandscapeError

WORKS = {
    "thesis": "Chaudhari (2018)",
    "anneal": "Chaudhari & Soatto (2015)",
    "lewkowycz": "Lewkowycz & Gur-Ari (2020)",
    "richemond": "Richemond & Guo (2019)",
}


@dataclass(frozen=True)
class Row:
    r"""One quantity of an erratum; texts are Markdown with $\LaTeX$.

    Args:
        quantity: what is compared.
        printed: its value by the print, None where the print gives no number.
        corrected: its value by the corrected form.
        check: its value by other means.
        how: how the check was made.
        tolerance: relative distance within which the check decides: numerical error, sampling
            error (four standard errors) or the size of the terms that a limit leaves out.
    """

    quantity: str
    printed: float | None
    corrected: float
    check: float
    how: str
    tolerance: float = 1e-8

    def _agrees(self, value: float | None) -> bool:
        return value is not None and abs(value - self.check) <= self.tolerance * abs(self.check)

    @property
    def corrected_agrees(self) -> bool:
        """Whether the check confirms the corrected form."""
        return self._agrees(self.corrected)

    @property
    def printed_agrees(self) -> bool:
        """Whether the check confirms the print."""
        return self._agrees(self.printed)


@dataclass(frozen=True)
class Entry:
    """One erratum.

    Args:
        key: its number, or a word for a statement that fails without being a slip of the pen.
        subject: what it is about, a few words.
        where: work -> place in it; the first is the work that the entry is shown with.
        compute: computes the rows.
    """

    key: str
    subject: str
    where: Mapping[str, str]
    compute: Callable[[], list[Row]]

    @property
    def numbered(self) -> bool:
        """Whether it is an erratum with a number; the others are statements."""
        return self.key.isdigit()

    @property
    def name(self) -> str:
        """Its number, or its word as words."""
        return self.key.replace("-", " ")

    @property
    def anchor(self) -> str:
        """Label of its section in the book."""
        return f"{'erratum' if self.numbered else 'statement'}-{self.key}"

    @property
    def work(self) -> str:
        """The work that it is shown with, a key of `WORKS`."""
        return next(iter(self.where))

    @property
    def page(self) -> str:
        """The page of the book that shows it; the thesis has one more from its chapter 3 on."""
        place = re.search(r"\d", self.where[self.work])
        later = self.work == "thesis" and place is not None and int(place[0]) > 2
        return f"errata-{self.work}{'-training' if later else ''}"

    @property
    def source(self) -> str:
        """All places where it is printed, in words."""
        return "; ".join(f"{WORKS[work]}, {place}" for work, place in self.where.items())

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Its evidence, computed on first use."""
        return tuple(self.compute())

    @property
    def print_wrong(self) -> bool | None:
        """Whether every check contradicts the print; None where the print gives no number."""
        stated = [row for row in self.rows if row.printed is not None]
        return not any(row.printed_agrees for row in stated) if stated else None

    @property
    def confirmed(self) -> bool:
        """Whether every check agrees with the corrected form."""
        return all(row.corrected_agrees for row in self.rows)


_ENTRIES: dict[str, Entry] = {}


def erratum(
    key: str, subject: str, where: Mapping[str, str]
) -> Callable[[Callable[[], list[Row]]], Callable[[], list[Row]]]:
    """Decorator that makes a function the evidence of an entry; the function stays as it is.

    Args:
        key: number as text, or a word for a statement; numbers are fixed, whatever is added.
        subject: what it is about.
        where: work -> place in it, the work that the entry is shown with first.

    Raises:
        LandscapeError: for a key that is taken and for a work that the book does not repeat.
    """
    unknown = [work for work in where if work not in WORKS]
    if unknown or not where:
        raise LandscapeError(
            f"erratum {key} is said to be in {', '.join(unknown) or 'no work'}; "
            f"works are {', '.join(WORKS)}."
        )

    def register(compute: Callable[[], list[Row]]) -> Callable[[], list[Row]]:
        taken = _ENTRIES.get(key)
        # The same function again: its module was reloaded in a notebook.
        if taken and _name(taken.compute) != _name(compute):
            raise LandscapeError(
                f"erratum {key} is {_name(taken.compute)} already; give {_name(compute)} another "
                "number."
            )
        _ENTRIES[key] = Entry(key, subject, where, compute)
        return compute

    return register


def _name(function: Callable) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def registered() -> tuple[Entry, ...]:
    """The entries of the modules imported so far; `registry` has them all."""
    return tuple(_ENTRIES.values())


def thousands(number: int) -> str:
    """A whole number inside a formula, with commas that TeX does not space: 10{,}000."""
    return f"{number:,}".replace(",", "{,}")
