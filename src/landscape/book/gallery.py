"""The front page's gallery: a card for every page, with its picture, its verdict and its part."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from landscape import project
from landscape.book import tables
from landscape.book.tables import Html
from landscape.book.text import html as markdown
from landscape.evidence import artifacts, verdicts

APART = ("8-evidence",)  # its pages are lists, which have no cards


def gallery(card: dict[str, Any], root: str | Path) -> Html:
    """Cards of all figures and tables and of the pages beside them, with filters.

    Without a script all cards are shown and no filters; ``_static/gallery.js`` shows the filters
    and hides what they leave out.

    Args:
        card: The scorecard.
        root: The project's folder.
    """
    known = {row["id"]: row for row in card["artifacts"]}
    titles = {part.id: part.title for part in project.parts(Path(root))}
    shown = [
        page
        for page in project.pages(Path(root))
        if page.part and page.part not in APART and page.name != "part"
    ]
    shown.sort(key=lambda page: page.name not in known)  # figures and tables first
    cards = [_card(page, titles[page.part], known.get(page.name)) for page in shown]
    labels = {known[page.name]["verdict"]["label"] for page in shown if page.name in known}
    parts = {page.part: titles[page.part] for page in shown}
    filters = _select("part", "all parts", parts) + _select(
        "verdict", "all verdicts", {name: name for name in verdicts.LABELS if name in labels}
    )
    return Html(
        f'<div class="wv-gallery"><div class="wv-filters" hidden>{filters}</div>'
        f'<ul class="wv-cards">{"".join(cards)}</ul></div>',
        f"gallery of {len(cards)} pages",
    )


def cited(row: dict[str, Any]) -> str:
    """How a reader names a figure or table of the scorecard: ``Chaudhari (2018), figure 2.3``."""
    return f"{artifacts.WORKS[row['work']]}, {row['number'][0].lower()}{row['number'][1:]}"


def _select(name: str, every: str, options: dict[str, str]) -> str:
    listed = "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>'
        for value, text in options.items()
    )
    return (
        f'<label>{name} <select data-filter="{name}"><option value="">{every}</option>{listed}'
        "</select></label>"
    )


def _card(page: project.PageSource, part: str, row: dict[str, Any] | None) -> str:
    label = row["verdict"]["label"] if row else ""
    about = cited(row) if row else "beside the works"
    pictures = "".join(
        f'<img class="wv-{shade}" src="_static/thumbnails/{page.item}-{shade}.svg" alt="" '
        'loading="lazy">'
        for shade in ("light", "dark")
    )
    return (
        f'<li data-part="{page.part}" data-verdict="{escape(label)}">'
        f'<a class="wv-card" href="{page.item}.html"><span class="wv-thumb">{pictures}</span>'
        f'<span class="wv-card-part">{escape(part)}</span>'
        f'<span class="wv-card-title">{_title(page.path)}</span>'
        f'<span class="wv-card-foot">{tables.badge(label) if label else ""}'
        f'<span class="wv-card-id">{escape(about)}</span></span></a></li>'
    )


def _title(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return markdown(next((line[2:] for line in lines if line.startswith("# ")), path.parent.name))
