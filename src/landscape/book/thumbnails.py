"""The picture on a page's card: its first figure made small, or the corner of its table."""

from __future__ import annotations

import base64
import io
from html import escape
from html.parser import HTMLParser
from typing import Any

WIDTH, HEIGHT = 480, 300  # pixels; shown at half that size or less


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
        image = image.crop((0, 0, image.width, image.width * HEIGHT // WIDTH))
    image.thumbnail((WIDTH - 16, HEIGHT - 16), Image.Resampling.LANCZOS)
    card = Image.new("RGB", (WIDTH, HEIGHT), "white")
    corner = ((WIDTH - image.width) // 2, (HEIGHT - image.height) // 2)
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
