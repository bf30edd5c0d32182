"""Pictures of a page: every panel an inline SVG that takes the reader's colours, data beside it.

Text stays text (DejaVu Sans or Verdana, which have the same widths), formulas become outlines,
because their signs are in fonts that few readers have. What was drawn in style.INK
gets the colour of the text around it, style.PAPER that of the ground, so that one SVG serves light
and dark. Clouds of many points become bitmaps inside it. The same figure gives the same bytes.
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from landscape.book import text as markdown
from landscape.book.style import GREY, INK, PAPER
from landscape.book.tables import Html
from landscape.errors import LandscapeError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MANY_POINTS = 600  # of one artist; more are drawn as a bitmap
BITMAP_DPI = 210  # two pixels a CSS pixel where a panel of 3.9 inches is 410 pixels wide
PIXELS_PER_INCH = 125  # a panel is shown no larger
LARGEST_DATA = 400_000  # bytes of a CSV that is put into a page
#: Ink and ground of thumbnails, for light and for dark.
THUMBNAIL_COLOURS = (("#1f2328", "#ffffff"), ("#e6edf3", "#121212"))
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_FONTS = "'DejaVu Sans', 'Verdana', sans-serif"
_STYLE = (
    "width:100%;height:auto;display:block;stroke-linejoin:round;stroke-linecap:butt;"
    "font-family:'DejaVu Sans',Verdana,sans-serif"
)
_GROUND = "var(--wv-paper, var(--jp-layout-color0, white))"
_ID = re.compile(r'\bid="([^"]+)"')
_USED = re.compile(r'(?:url\(#|href="#)([^")]+)')
_FIRST = re.compile(r'<svg class="wv-svg".*?</svg>', re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """What a ``figure.py`` hands to its page: panels, and what belongs to them.

    Attributes:
        panels: Figures by letter, or one figure.
        alt: What they show, for readers who cannot see it.
        titles: Markdown beside the letters.
        data: What was drawn, offered as CSV: one table, or several by name.
    """

    panels: Mapping[str, Figure] | Figure
    alt: str
    titles: Mapping[str, str] | None = None
    data: Mapping[str, pd.DataFrame] | pd.DataFrame | None = None


def picture(
    name: str,
    panels: Mapping[str, Figure] | Figure,
    alt: str,
    data: Mapping[str, pd.DataFrame] | pd.DataFrame | None = None,
    titles: Mapping[str, str] | None = None,
) -> Html:
    """Panels in a grid, side by side where there is room, with links to their data.

    Args:
        name: Unique on its page; in ids and file names.
        panels: Figures by letter, or one figure.
        alt: What they show, for readers who cannot see it.
        data: What was drawn, offered as CSV with six significant digits.
        titles: Markdown beside the letters.

    Raises:
        LandscapeError: No panel, no ``alt``, or data too large for a page.
    """
    alone = not isinstance(panels, Mapping)
    figures = {"": panels} if alone else dict(panels)
    if not figures or not alt.strip():
        raise LandscapeError(f"The picture {name} needs a panel and a text `alt` that says it.")
    titles = titles or {}
    unknown = sorted(set(titles) - set(figures))
    if unknown:
        raise LandscapeError(f"The picture {name} has a title for {unknown[0]!r}, but no panel.")
    blocks = []
    for letter, figure in figures.items():
        single = len(figures) == 1
        said = alt if single else f"Panel {letter} of {len(figures)}: {alt}"
        key = re.sub(r"\W+", "-", f"{name}-{letter}".strip("-"))
        head = "" if single and not titles else f"<b>{escape(letter)}</b> "
        head += markdown.html(titles.get(letter, ""))
        head = f'<div class="wv-panel-head">{head.strip()}</div>' if head else ""
        widest = f"{figure.get_size_inches()[0] * PIXELS_PER_INCH:.0f}px"
        blocks.append(
            f'<div class="wv-panel" style="width:100%;max-width:{widest};margin:0 auto">'
            f"{head}{svg(figure, key, said)}</div>"
        )
    # The grid needs no style sheet: JupyterLab does not read the book's.
    grid = (
        '<div class="wv-panels" style="display:grid;gap:0.6rem 1rem;'
        'grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr))">'
    )
    html = f"{grid}{''.join(blocks)}</div>{_links(name, data)}"
    return Html(html, f"[picture {name}: {alt}]")


def svg(figure: Figure, key: str, alt: str) -> str:
    """A figure as inline SVG.

    Args:
        figure: A matplotlib figure.
        key: Put before every id in it, so that two panels can stand on one page.
        alt: Its label for readers who cannot see it.
    """
    import matplotlib

    _use_bitmaps(figure)
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "landscape"}), _outlined_formulas():
        figure.savefig(buffer, format="svg", dpi=BITMAP_DPI, metadata=_NO_METADATA)
    if "matplotlib.pyplot" in sys.modules:  # or Jupyter would show it once more
        sys.modules["matplotlib.pyplot"].close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # What matplotlib says in a style sheet would hold for the whole page: say it on the element.
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, flags=re.DOTALL)
    text = re.sub(rf" *font-family: {_FONTS};", "", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    box = re.search(r'viewBox="([^"]+)"', text)[1]
    used = set(_USED.findall(text))
    text = _ID.sub(lambda m: f'id="{key}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{key}-", text)
    text = text.replace(INK, "currentColor").replace(PAPER, _GROUND)
    text = re.sub(r"<g +>", "<g>", text)
    text = re.sub(r"\n\s*", "\n", text)
    start = text.index(">") + 1
    return (
        f'<svg class="wv-svg" viewBox="{box}" role="img" aria-label="{escape(alt, quote=True)}" '
        f'style="{_STYLE}">{text[start:].strip()}'
    )


def thumbnail(notebook: Any) -> tuple[str, str] | None:
    """The first panel of an executed notebook as two SVG files, for light and for dark ground.

    Args:
        notebook: An nbformat node.

    Returns:
        Both files' text, or None for a page without a picture.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            found = _FIRST.search(html if isinstance(html, str) else "".join(html))
            if found:
                return tuple(_alone(found[0], *colours) for colours in THUMBNAIL_COLOURS)
    return None


def _alone(text: str, ink: str, paper: str) -> str:
    """An inline SVG as a file of its own, in fixed colours."""
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()
    text = text.replace("currentColor", ink).replace(_GROUND, paper)
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" '
    )
    return text.replace("<svg ", head, 1)


@contextlib.contextmanager
def _outlined_formulas() -> Iterator[None]:
    """Let matplotlib write plain text as text and formulas as outlines."""
    import matplotlib
    from matplotlib.backends.backend_svg import RendererSVG

    original = RendererSVG.draw_text

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        with matplotlib.rc_context({"svg.fonttype": "path" if ismath else "none"}):
            original(self, gc, x, y, s, prop, angle, ismath, mtext)

    RendererSVG.draw_text = draw_text
    try:
        yield
    finally:
        RendererSVG.draw_text = original


def _use_bitmaps(figure: Figure) -> None:
    """Draw clouds of very many points as bitmaps, in a colour for both grounds."""
    for ax in figure.axes:
        for artist in ax.get_children():
            if _points(artist) > MANY_POINTS:
                artist.set_rasterized(True)
                _replace_ink(artist)


def _points(artist: Any) -> int:
    """How many marks a scatter, a mesh or a line of markers alone draws."""
    from matplotlib.collections import PathCollection, QuadMesh
    from matplotlib.lines import Line2D

    if isinstance(artist, PathCollection):
        return len(artist.get_offsets())
    if isinstance(artist, QuadMesh):
        return artist.get_array().size
    if isinstance(artist, Line2D) and artist.get_linestyle() == "None":
        return len(artist.get_xdata())
    return 0


def _replace_ink(artist: Any) -> None:
    """A bitmap cannot take the reader's colour: what is drawn in INK becomes grey."""
    from matplotlib.colors import to_rgba
    from matplotlib.lines import Line2D

    ink, grey = to_rgba(INK)[:3], to_rgba(GREY)[:3]
    if isinstance(artist, Line2D):
        if to_rgba(artist.get_markerfacecolor())[:3] == ink:
            artist.set_color(GREY)
        return
    for get, put in (
        (artist.get_facecolor, artist.set_facecolor),
        (artist.get_edgecolor, artist.set_edgecolor),
    ):
        colours = get()
        if len(colours) == 1 and tuple(colours[0][:3]) == ink:
            put((*grey, colours[0][3]))


def _links(name: str, data: Mapping[str, pd.DataFrame] | pd.DataFrame | None) -> str:
    if data is None:
        return ""
    frames = data if isinstance(data, Mapping) else {"": data}
    links = []
    for part, frame in frames.items():
        content = csv(frame)
        file = f"{name}{f'-{part}' if part else ''}.csv"
        if len(content) > LARGEST_DATA:
            raise LandscapeError(
                f"The data {file} have {len(content):,} bytes, too many for a page: give fewer "
                f"rows or columns (at most {LARGEST_DATA:,} bytes)."
            )
        address = base64.b64encode(content).decode("ascii")
        links.append(
            f'<a download="{escape(file)}" href="data:text/csv;base64,{address}">'
            f"{escape(part or 'CSV')}</a>"
        )
    text = f"Data of this picture: {', '.join(links)}"
    return f'<p class="wv-data" style="font-size:0.85em">{text}</p>'


def csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV, numbers with six significant digits."""
    return frame.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode()
