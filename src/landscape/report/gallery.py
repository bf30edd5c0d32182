"""The parts of the front page and the status page that are computed: cards, badges, tables.

Everything here is HTML text made from the executed pages, the scorecard and the list of all
artifacts, without dates or random ids, so the same inputs give the same page.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.report import artifacts, records, verdicts

MEANINGS = {
    verdicts.REPRODUCED: "the measurement agrees with the claim",
    verdicts.PARTLY: "some of it agrees, or the interval reaches beyond what was claimed",
    verdicts.NOT_REPRODUCED: "the measurement neither confirms nor excludes the claim",
    verdicts.CONTRADICTED: "the measurement excludes the claim",
    verdicts.NEEDS_PAPER_SCALE: "only a run as large as the work's can decide",
    verdicts.NOT_RUN: "there is no measurement yet; the page or the table says why",
}
WORKS = {
    "thesis": "Chaudhari (2018)",
    "anneal": "Chaudhari & Soatto (2015)",
    "lewkowycz": "Lewkowycz & Gur-Ari (2020)",
    "richemond": "Richemond & Guo (2019)",
}
PARTS = {
    "0-optimizers": "The methods",
    "1-spin-glass": "I. Spin glass and AnnealSGD",
    "2-local-entropy": "II. Local entropy and Entropy-SGD",
    "3-pde": "III. Smoothing by PDEs",
    "4-parle": "IV. Elastic-SGD and Parle",
    "5-sgd-dynamics": "V. What SGD does at the end",
    "6-l2-dynamics": "VI. L2 dynamics",
    "7-complexity": "VII. Complexity gradient descent",
}
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 480, 300  # pixels; shown at half that size or less


class GalleryError(LandscapeError):
    """A scorecard or a list of artifacts that cannot be read."""


@dataclass(frozen=True)
class Page:
    """An executed page of the book: artifact id, part folder, title and notebook node.

    An ``extra`` page is no figure or table of a work and has no verdict.
    """

    artifact: str
    part: str
    title: str
    notebook: Any
    extra: bool = False

    @property
    def link(self) -> str:
        """Address of the page relative to the front page."""
        return f"artifacts/{self.part}/{self.artifact}.html"


def read_scorecard(path: Path) -> dict[str, Any] | None:
    """The scorecard of a profile, or None when it has not been made."""
    if not path.exists():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return {**card, "artifacts": {entry["id"]: entry for entry in card["artifacts"]}}
    except (ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"{path} is not a scorecard ({error}); make it again.") from error


def badge(verdict: str) -> str:
    """A verdict as a coloured label; the word stands in it, so colour is never the only sign."""
    name = verdict if verdict in MEANINGS else verdicts.NOT_RUN
    return f'<span class="wv-verdict wv-{name.replace(" ", "-")}">{escape(verdict)}</span>'


def legend() -> str:
    """What each verdict means, as a table."""
    rows = "".join(
        f'<tr><th scope="row">{badge(name)}</th><td>{escape(meaning)}</td></tr>'
        for name, meaning in MEANINGS.items()
    )
    return _table("legend", ("Verdict", "Meaning"), rows)


def gallery(pages: Iterable[Page], scorecard: Mapping[str, Any] | None, images: str) -> str:
    """One card a page, grouped by part; ``images`` is the folder of the thumbnails."""
    known = scorecard["artifacts"] if scorecard else {}
    groups: dict[str, list[str]] = {}
    for page in pages:
        about = "beside the works: no claims, no verdict"
        if not page.extra:
            verdict = known.get(page.artifact, {}).get("verdict", verdicts.NOT_RUN)
            about = label(page.artifact)
        picture = (
            f'<img src="{images}/{page.artifact}.png" alt="" loading="lazy" '
            f'width="{THUMBNAIL_WIDTH // 2}" height="{THUMBNAIL_HEIGHT // 2}">'
            if first_image(page.notebook)
            else text_card(page.notebook)
        )
        groups.setdefault(page.part, []).append(
            f'<li><a class="wv-card" href="{page.link}">'
            f'<span class="wv-thumb">{picture}</span>'
            f'<span class="wv-card-title">{escape(page.title)}</span>'
            f'<span class="wv-card-foot">{"" if page.extra else badge(verdict)}'
            f'<span class="wv-card-id">{escape(about)}</span></span></a></li>'
        )
    sections = "\n".join(
        f'<section class="wv-group wv-span-{min(len(cards), 3)}" aria-label="{name}">'
        f'<p class="wv-part-name">{name}</p><ul class="wv-cards">{"".join(cards)}</ul></section>'
        for name, cards in ((escape(PARTS.get(part, part)), c) for part, c in groups.items())
    )
    return f'<div class="wv-gallery">\n{sections}\n</div>'


def label(artifact: str) -> str:
    """``thesis-fig-2-3`` as a reader says it: Chaudhari (2018), figure 2.3."""
    work, kind, *number = artifact.split("-")
    kinds = {"fig": "figure", "tab": "table"}
    return f"{WORKS.get(work, work)}, {kinds.get(kind, kind)} {'.'.join(number)}"


NO_SCORECARD = '<p class="wv-missing">No scorecard has been made for this profile yet.</p>'


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


def first_image(notebook: Any) -> bytes | None:
    """PNG bytes of the first picture a notebook shows, or None."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture:
                return base64.b64decode(picture)
    return None


def thumbnail(picture: bytes) -> bytes:
    """The picture, scaled to the card and centred on white, as PNG bytes.

    Of a figure with panels above each other only the upper part is shown: whole, it would be too
    small to tell what it is.
    """
    from PIL import Image  # comes with matplotlib

    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGBA")
    if image.height > image.width:
        image = image.crop((0, 0, image.width, image.width * THUMBNAIL_HEIGHT // THUMBNAIL_WIDTH))
    image.thumbnail((THUMBNAIL_WIDTH - 16, THUMBNAIL_HEIGHT - 16), Image.Resampling.LANCZOS)
    card = Image.new("RGB", (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), "white")
    corner = ((THUMBNAIL_WIDTH - image.width) // 2, (THUMBNAIL_HEIGHT - image.height) // 2)
    card.paste(image, corner, image)
    buffer = io.BytesIO()
    card.quantize(128).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


class _Rows(HTMLParser):
    """Text of the cells of the first table in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.done = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if self.done:
            return
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.inside = True
        elif tag in ("div", "br") and self.inside and self.rows[-1][-1]:
            self.inside = False  # the second, smaller line of a cell

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False
        self.done = self.done or tag == "table"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def text_card(notebook: Any, rows: int = 5, columns: int = 3) -> str:
    """The corner of a table page's own table, as HTML: what stands in for its thumbnail."""
    for cell in notebook.cells:
        if not cell.get("metadata", {}).get("mystnb", {}).get("figure"):
            continue  # settings and claims are tables too; the artifact's own is the labelled one
        for output in cell.get("outputs", []):
            parser = _Rows()
            parser.feed(output.get("data", {}).get("text/html", ""))
            table = [row[:columns] for row in parser.rows if any(row)][:rows]
            if table:
                body = "".join(
                    "<span>" + "".join(f"<i>{escape(text.strip())}</i>" for text in row) + "</span>"
                    for row in table
                )
                return f'<span class="wv-text-card" aria-hidden="true">{body}</span>'
    return '<span class="wv-text-card" aria-hidden="true"><span><i>Table</i></span></span>'
