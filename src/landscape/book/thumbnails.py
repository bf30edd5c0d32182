"""The picture on a page's card: its first panel, or the name of what it shows."""

from __future__ import annotations

from html import escape
from typing import Any

from landscape.book import pictures

#: Ink and paper of a card without a picture, for light and for dark ground.
SHADES = (("#3b3b3b", "#f3f4f5"), ("#d0d0d0", "#22262b"))


def of(notebook: Any) -> tuple[str, str]:
    """Two SVG files, for light and for dark ground."""
    return pictures.thumbnail(notebook) or tuple(_card(*shade) for shade in SHADES)


def _card(ink: str, paper: str, text: str = "table") -> str:
    lines = "".join(
        f'<rect x="30" y="{y}" width="{w}" height="9" rx="3" fill="{ink}" opacity="0.35"/>'
        for y, w in ((40, 200), (70, 260), (100, 230), (130, 250), (160, 180))
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200">'
        f'<rect width="320" height="200" fill="{paper}"/>{lines}<title>{escape(text)}</title></svg>'
    )
