"""What a page of the book must have: labelled figures words for them, nothing from afar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError

TABLE_NAME = re.compile(r"^:::\{table\}.*\n:name: (\S+)$", re.MULTILINE)
BARE_IMAGE = re.compile(r"!\[\s*\]\([^)]*\)")
LOADED = {  # element -> attributes whose address a browser fetches by itself
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
    "use": ("href", "xlink:href"),
}
UNFETCHED_LINKS = {"canonical", "license", "author", "next", "prev", "search", "index"}
STYLE_ADDRESS = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s;]+)")
SCRIPT_IMPORT = re.compile(r"\bimport\b[^;'\"\n]{0,200}['\"]((?:https?:)?//[^'\"]+)['\"]")


class PageError(LandscapeError):
    """A page that lacks a label, a caption or a text for its picture, or that loads from afar."""


def check_figures(pages: Iterable[Any]) -> None:
    """Every picture of an executed page has a name, a caption and words for who cannot see it.

    ``pages`` are ``sources.ExecutedPage``. A figure's or table's page gives its id to a picture or
    a numbered table, and no picture's name may be used twice. Raises ``PageError``.
    """
    used: dict[str, str] = {}
    for page in pages:
        names = []
        for number, cell in enumerate(page.notebook.cells, start=1):
            figure = cell.get("metadata", {}).get("mystnb", {}).get("figure", {})
            outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
            shown = [data["text/html"] for data in outputs if "<svg " in data.get("text/html", "")]
            for data in outputs:
                names += TABLE_NAME.findall(data.get("text/markdown", ""))
            if not shown and not figure:
                continue
            where = f"page {page.item}, cell {number}"
            for key in ("name", "caption"):
                if not str(figure.get(key) or "").strip():
                    raise PageError(
                        f"{where}: the figure has no {key}; write :::{{caption}} <name>, the words "
                        "and ::: below its cell."
                    )
            if len(outputs) > 1:
                raise PageError(
                    f"{where}: the cell of a picture shows {len(outputs)} things, and its caption "
                    "would stand below each; give the others a cell of their own."
                )
            if any('aria-label=""' in text or "aria-label=" not in text for text in shown):
                raise PageError(
                    f"{where}: the picture has no text for readers who cannot see it; give "
                    "page.picture(..., alt=...)."
                )
            name = figure["name"]
            if name in used:
                raise PageError(f"{where}: the figure name {name} is used by {used[name]} already.")
            used[name] = where
            names.append(name)
        if page.is_artifact and page.name not in names:
            raise PageError(
                f"page {page.item}: no figure or numbered table is named {page.name}; give the "
                "artifact's own picture or table that name."
            )


def check_prose(sources: Mapping[str, bytes]) -> None:
    """Images in prose pages have an alternative text. Raises ``PageError``."""
    for name, content in sources.items():
        if name.endswith(".md") and BARE_IMAGE.search(content.decode()):
            raise PageError(f"book/{name}: an image has no text between its brackets ![...].")


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.style = tag == "style"
        self.found += STYLE_ADDRESS.findall(values.get("style", ""))
        if tag == "link" and set(values.get("rel", "").split()) & UNFETCHED_LINKS:
            return
        for key in LOADED.get(tag, ()):
            self.found += re.findall(r"(?:^|[\s,])((?:https?:)?//\S+)", values.get(key, ""))

    def handle_endtag(self, tag: str) -> None:
        self.style = False

    def handle_data(self, data: str) -> None:
        if self.style:
            self.found += STYLE_ADDRESS.findall(data)


def external_requests(folder: Path) -> dict[str, list[str]]:
    """Addresses outside the book that a browser would load, by the file that names them.

    Looks at elements that load by themselves (scripts, styles, pictures, frames) and at addresses
    in style sheets and script imports; ordinary links are the reader's own choice.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            parser = _Addresses()
            parser.feed(path.read_text(encoding="utf-8"))
            addresses = parser.found + SCRIPT_IMPORT.findall(path.read_text(encoding="utf-8"))
        elif path.suffix == ".css":
            addresses = STYLE_ADDRESS.findall(path.read_text(encoding="utf-8"))
        elif path.suffix == ".js":
            addresses = SCRIPT_IMPORT.findall(path.read_text(encoding="utf-8", errors="replace"))
        else:
            continue
        if addresses:
            found[path.relative_to(folder).as_posix()] = addresses
    return found


def check_offline(folder: Path) -> None:
    """No page of the built book loads anything from another place. Raises ``PageError``."""
    for name, addresses in external_requests(folder).items():
        raise PageError(f"the built page {name} would load {addresses[0]} from the net.")
