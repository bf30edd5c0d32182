"""The answer first: what became of a page's claims, under its title.

A page computes its verdicts near its end. The book knows them when it is put together, so it says
them where a reader looks first; the text notebooks know nothing of it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from landscape.book.pages import badge

TITLE = re.compile(r"^# +.+$", re.MULTILINE)
BY_RECORD = "decided by a record at the work's own scale"


def with_answer(notebook: Any, entry: Mapping[str, Any] | None, profile: str) -> Any:
    """A copy of the executed notebook with a box under its title.

    ``notebook`` is an nbformat node; ``entry`` is the scorecard's row of the artifact. Without one
    (an extra page, or no scorecard yet) the notebook comes back as it is.
    """
    if not entry or not entry["claims"]:
        return notebook
    done = copy.deepcopy(notebook)
    for cell in done.cells:
        found = TITLE.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            box = f"\n\n``````{{raw}} html\n{answer(entry, profile)}\n``````\n"
            cell.source = cell.source[: found.end()] + box + cell.source[found.end() :]
            return done
    return done


def answer(entry: Mapping[str, Any], profile: str) -> str:
    """The box: the verdict of the whole, then each claim with its own."""
    claims = "".join(
        f"<li>{badge(claim['verdict'])} <span>{escape(claim['text'])}"
        f"{_evidence(claim)}</span></li>"
        for claim in entry["claims"]
    )
    return (
        f'<div class="wv-answer"><p>In short, {badge(entry["verdict"])} '
        f'<span class="wv-details">as of the {escape(profile)} profile and the published records; '
        '<a href="#claims">the numbers are below</a></span></p>'
        f"<ul>{claims}</ul></div>"
    )


def _evidence(claim: Mapping[str, Any]) -> str:
    if claim.get("evidence") != "record":
        return ""
    return f' <span class="wv-details">({BY_RECORD})</span>'
