"""What a reader meets on each page of a built book: ``python tests/browser/measure.py [BOOK]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

try:
    from browser.served_book import browser, guarded, location, server, settled
except ImportError:  # as a program
    from served_book import browser, guarded, location, server, settled

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
SCRIPT = Path(__file__).with_name("measure.js").read_text(encoding="utf-8")
COLUMNS = ("page", "answer", "picture", "its middle", "length", "bars", "phone: picture",
           "its middle", "length", "cut", "sideways", "raw", "contrast in the dark")  # fmt: skip


def measured(page: Any, url: str) -> dict[str, Any]:
    """A page at 1280 x 900 and 400 x 800, and there in the dark, too."""
    page.set_viewport_size(WIDE)
    page.goto(url)
    settled(page)
    found = {"wide": page.evaluate(SCRIPT)}
    page.set_viewport_size(PHONE)
    drawn = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(drawn)
    found["phone"] = page.evaluate(SCRIPT)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    page.add_style_tag(content="* { transition: none !important }")
    page.evaluate(drawn)
    found["dark"] = page.evaluate(SCRIPT)
    return found


def measure(book: Path, program: Any, address: str) -> dict[str, dict[str, Any]]:
    """Every page of a book by its address; ``complaints`` are the browser's own."""
    names = json.loads((book / "manifest.json").read_text(encoding="utf-8"))["pages"]
    context = program.new_context(viewport=WIDE)
    page, complaints = guarded(context)
    found = {}
    for name in names:
        found[name] = measured(page, f"{address}/{name}") | {"complaints": list(complaints)}
        complaints.clear()
    context.close()
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The measures as lines of text, without the library's pages."""
    lines = [" | ".join(COLUMNS)]
    for name, page in found.items():
        if name.startswith("api/"):
            continue
        wide, phone, contrast = page["wide"], page["phone"], page["dark"]["contrast"]
        cells = (name.removesuffix(".html"), wide["answer"], wide["top"], wide["middle"],
                 wide["length"], wide["bars"], phone["top"], phone["middle"], phone["length"],
                 len(phone["cut"]), bool(phone["wide"]), len(wide["raw"]),
                 None if contrast is None else f"{contrast:.2f}")  # fmt: skip
        lines.append(" | ".join("-" if cell is None else str(cell) for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else location()
    with server(folder) as where, browser() as chromium:
        print(table(measure(folder, chromium, where)))
