"""The list of errata: every entry that a module of this package has, by number.

Numbers are fixed: other pages and docstrings name them. The list has gaps, because entries come
with the parts of the book that need them. Entries without a number are statements that fail
without being a slip of the pen.
"""

from __future__ import annotations

# Importing a module puts its entries into the list.
from landscape.errata import (  # noqa: F401
    lewkowycz,
    lewkowycz_imagenet,
    richemond,
    thesis_counts,
    thesis_curvature,
    thesis_local_entropy,
    thesis_perceptron,
    thesis_recurrent,
    thesis_spin_glass,
    thesis_training,
)
from landscape.errata.entry import WORKS, Entry, registered
from landscape.errors import LandscapeError

_NUMBERED = [entry for entry in registered() if entry.numbered]
_WORDS = [entry for entry in registered() if not entry.numbered]

NUMBERED = tuple(sorted(_NUMBERED, key=lambda entry: int(entry.key)))
STATEMENTS = tuple(sorted(_WORDS, key=lambda entry: list(WORKS).index(entry.work)))
ENTRIES = (*NUMBERED, *STATEMENTS)


def get(key: str | int) -> Entry:
    """The entry with that number or word.

    Raises:
        LandscapeError: naming the keys there are.
    """
    for entry in ENTRIES:
        if entry.key == str(key):
            return entry
    known = ", ".join(entry.key for entry in ENTRIES)
    raise LandscapeError(f"there is no erratum {key}; the list has {known}.")


def of_page(page: str) -> tuple[Entry, ...]:
    """The entries that a page of the book shows, those with a number first."""
    return tuple(entry for entry in ENTRIES if entry.page == page)
