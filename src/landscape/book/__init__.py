"""What the pages of the book call; importing it loads neither torch, matplotlib nor Sphinx.

A notebook writes::

    from landscape import book

    page = book.page("thesis-fig-2-3", profile=profile, live=live)
    page.answer()
"""

from __future__ import annotations

import importlib
from typing import Any

#: Public name -> the module that has it; loaded when it is first asked for.
_WHERE = {
    "Page": "book.calls",
    "page": "book.calls",
    "Picture": "book.pictures",
    "Cell": "book.tables",
    "Note": "book.tables",
    "Table": "book.tables",
    "show": "book.tables",
    "verdict_cell": "book.tables",
    "CYCLE": "book.style",
    "GREY": "book.style",
    "INK": "book.style",
    "PAPER": "book.style",
    "curve": "book.style",
    "curves": "book.style",
    "errorbars": "book.style",
    "interval": "book.style",
    "log_axis": "book.style",
    "look": "book.style",
    "panel": "book.style",
    "ticks_at": "book.style",
    "number": "book.text",
    "format_brief": "evidence.measurement",
    "format_measurement": "evidence.measurement",
    "format_number": "evidence.measurement",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"landscape.book has no {name!r}; it has {', '.join(__all__)}.")
    found = getattr(importlib.import_module(f"landscape.{_WHERE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
