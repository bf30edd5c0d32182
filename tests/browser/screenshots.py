"""Save pictures of book pages for human eyes: wide and narrow, light and dark.

    python tests/browser/screenshots.py OUTPUT_FOLDER [PAGE ...]

Pages are addresses inside the book, such as ``index.html``; without any, a few telling ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import served_book

PAGES = (
    "index.html",
    "status.html",
    "artifacts/8-evidence/errata.html",
    "notation.html",
    "api/theory.html",
)
WIDTHS = (1280, 390)
THEMES = ("light", "dark")


def screenshots(target: Path, pages: tuple[str, ...] = PAGES) -> list[Path]:
    """One PNG a page, width and theme in ``target``; returns their paths."""
    target.mkdir(parents=True, exist_ok=True)
    saved = []
    with (
        served_book.server(served_book.location()) as address,
        served_book.browser() as browser,
    ):
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
    return saved


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in screenshots(Path(sys.argv[1]), tuple(sys.argv[2:]) or PAGES):
        print(path)
