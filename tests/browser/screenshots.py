"""Save pictures of book pages for human eyes, and print what they measure.

    python tests/browser/screenshots.py OUTPUT_FOLDER [PAGE ...]

Pages are addresses inside the book, such as ``index.html``; without any, all but the library's.
"""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path

import measure
import served_book

WIDTHS = (1280, 400)
THEMES = ("light", "dark")


def screenshots(target: Path, book: Path, pages: list[str]) -> list[Path]:
    """One PNG a page, width and theme in ``target``; returns their paths."""
    target.mkdir(parents=True, exist_ok=True)
    saved = []
    with served_book.server(book) as address, served_book.browser() as browser:
        for theme in THEMES:
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.add_init_script(
                    f"localStorage.setItem('mode', '{theme}');"
                    f"localStorage.setItem('theme', '{theme}')"
                )
                for name in pages:
                    page.goto(f"{address}/{name}")
                    served_book.settled(page)
                    stem = name.removesuffix(".html").replace("/", "-")
                    saved.append(target / f"{stem}-{width}-{theme}.png")
                    page.screenshot(path=saved[-1], full_page=True)
                page.close()
        print(measure.table(measure.measure(book, browser, address)))
    return saved


def chosen(book: Path, names: list[str]) -> list[str]:
    """The pages asked for, or all but the library's; ends with one sentence where one is not there.

    A browser would show the server's own page of what is not there, which makes a fine picture.
    """
    try:
        listed = json.loads((book / "manifest.json").read_text(encoding="utf-8"))["pages"]
    except FileNotFoundError:
        sys.exit(f"There is no book in {book}: `make book` builds it.")
    for name in names:
        if name not in listed:
            near = difflib.get_close_matches(name, listed, 1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else "pages are named like index.html."
            sys.exit(f"The book has no page {name!r}; {hint}")
    return names or [name for name in listed if not name.startswith("api/")]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = served_book.location()
    wanted = chosen(folder, sys.argv[2:])
    print(f"{len(screenshots(Path(sys.argv[1]), folder, wanted))} pictures in {sys.argv[1]}")
