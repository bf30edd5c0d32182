"""The cards of the front page: one a page of the book, with its picture and its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from landscape.book import thumbnails
from landscape.evidence import verdicts
from landscape.book.pages import PARTS, Page, badge, label


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
            f'width="{thumbnails.WIDTH // 2}" height="{thumbnails.HEIGHT // 2}">'
            if thumbnails.first_image(page.notebook)
            else thumbnails.text_card(page.notebook)
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
