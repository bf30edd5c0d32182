"""Verdicts and records as HTML tables: legend, counts, claims, all artifacts, all records.

Made from the scorecard, the executed pages and the lists of artifacts and records, without dates of
this moment or random ids: the same inputs give the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from landscape.evidence import artifacts, records, verdicts
from landscape.book.pages import MEANINGS, PARTS, Page, badge, label

NO_SCORECARD = '<p class="wv-missing">No scorecard has been made for this profile yet.</p>'


def legend() -> str:
    """What each verdict means, as a table."""
    rows = "".join(
        f'<tr><th scope="row">{badge(name)}</th><td>{escape(meaning)}</td></tr>'
        for name, meaning in MEANINGS.items()
    )
    return _table("legend", ("Verdict", "Meaning"), rows)


def counts(scorecard: Mapping[str, Any] | None, of: str) -> str:
    """How many claims or artifacts (``of``) have each verdict, as a row of badges."""
    if scorecard is None:
        return NO_SCORECARD
    tally = scorecard["claim_counts" if of == "claims" else "artifact_counts"]
    shown = "".join(
        f'<li>{badge(name)}<b class="wv-count">{tally.get(name, 0)}</b></li>' for name in MEANINGS
    )
    return f'<ul class="wv-counts" aria-label="{of} by verdict">{shown}</ul>'


def scorecard_table(pages: Iterable[Page], scorecard: Mapping[str, Any] | None) -> str:
    """Claims of the book's pages with their verdicts and reasons, one body of rows a page."""
    if scorecard is None:
        return NO_SCORECARD
    bodies = []
    for page in pages:
        entry = scorecard["artifacts"].get(page.artifact)
        if entry is None:
            continue
        head = (
            f'<tr class="wv-row-head"><th scope="rowgroup"><a href="{page.link}">'
            f"{escape(page.title)}</a></th><td>{badge(entry['verdict'])}</td></tr>"
        )
        rows = "".join(
            f"<tr><td>{escape(claim['text'])}</td>"
            f"<td>{badge(claim['verdict'])}{_details(claim.get('reason'))}</td></tr>"
            for claim in entry.get("claims", [])
        )
        bodies.append(f"<tbody>{head}{rows}</tbody>")
    return _table("scorecard", ("Claim", "Verdict and reason"), "".join(bodies), wrap=False)


def status_table(
    listed: Iterable[artifacts.Artifact],
    pages: Iterable[Page],
    scorecard: Mapping[str, Any] | None,
) -> str:
    """All artifacts of the four works with their verdict; those without a page say so."""
    known = scorecard["artifacts"] if scorecard else {}
    written = {page.artifact: page for page in pages}
    groups: dict[str, list[str]] = {}
    for entry in listed:
        page, found = written.get(entry.id), known.get(entry.id, {})
        title = escape(entry.title)
        title = f'<a href="{page.link}">{title}</a>' if page else title
        reason = found.get("reason") or ("" if page else "its page is not written yet")
        groups.setdefault(entry.part, []).append(
            f'<tr id="{entry.id}"><th scope="row">{title}'
            f"{_details(f'{label(entry.id)} ({entry.kind})')}</th>"
            f"<td>{badge(found.get('verdict', verdicts.NOT_RUN))}{_details(reason)}</td></tr>"
        )
    bodies = "".join(
        f'<tbody><tr class="wv-row-head"><th scope="rowgroup" colspan="2">'
        f"{escape(PARTS.get(part, part))}</th></tr>{''.join(rows)}</tbody>"
        for part, rows in groups.items()
    )
    return _table("status", ("Figure or table", "Verdict and reason"), bodies, wrap=False)


def records_table(found: Iterable[records.Record]) -> str:
    """Every published record: experiment and date, what was run, how it departs from the work."""
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(record.info["experiment"])}</code>'
        f"{_details(record.date)}</th><td>{escape(record.info['title'])}"
        f"{''.join(_details(text) for text in record.info['differs'])}</td></tr>"
        for record in found
    )
    return _table("records", ("Experiment", "What was run, and its departures"), rows)


def _details(text: str | None) -> str:
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text or ""))
    return f'<div class="wv-details">{shown}</div>' if text else ""


def _table(name: str, columns: Iterable[str], rows: str, *, wrap: bool = True) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = f"<tbody>{rows}</tbody>" if wrap else rows
    return (
        f'<div class="wv-scroll" tabindex="0"><table class="table wv-table wv-{name}">'
        f"<thead><tr>{head}</tr></thead>{body}</table></div>"
    )
