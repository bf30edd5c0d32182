"""What a reader meets on each page of a built book, in pixels: ``python tests/browser/measure.py BOOK``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

try:
    from served_book import browser, server, settled
except ImportError:  # as part of the tests
    from tests.browser.served_book import browser, server, settled

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
#: Runs in the page; heights are of the page as delivered, with everything folded.
SCRIPT = """() => {
  const y = e => e.getBoundingClientRect().top + window.scrollY;
  const shown = e => e && e.getClientRects().length > 0;
  const picture = [...document.querySelectorAll(
    'article .wv-svg, article .wv-cards img, article img')].find(shown);
  const answer = [...document.querySelectorAll('article .wv-finding')].find(shown);
  const luminance = c => {
    const v = c.match(/[\\d.]+/g).slice(0, 3).map(Number).map(x => x / 255)
      .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(c)) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = e => {
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(ground(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const summaries = [...document.querySelectorAll('article summary, article .admonition.dropdown > .admonition-title')]
    .filter(shown);
  const cut = [...document.querySelectorAll('article mjx-container[display="true"]')].filter(shown)
    .filter(m => { const box = m.closest('.math') || m.parentElement;
      return m.scrollWidth > box.clientWidth + 2 || box.scrollWidth > box.clientWidth + 2; });
  const text = (document.querySelector('article') || document.body).innerText;
  return {
    answer: answer ? Math.round(y(answer)) : null,
    top: picture ? Math.round(y(picture)) : null,
    middle: picture ? Math.round(y(picture) + picture.getBoundingClientRect().height / 2) : null,
    length: document.documentElement.scrollHeight,
    bars: [...document.querySelectorAll('article details.hide, article .tag_hide-input, article .tag_hide-cell')]
      .filter(shown).length,
    contrast: summaries.length ? Math.min(...summaries.map(contrast)) : null,
    cut: cut.length,
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
    backticks: (text.match(/`/g) || []).length,
  };
}"""


def measured(page: Any, address: str, name: str) -> dict[str, Any]:
    """One page at 1280 x 900 and at 400 px wide, light, and the contrast in the dark."""
    found: dict[str, Any] = {}
    for key, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.goto(f"{address}/{name}")
        settled(page)
        found[key] = page.evaluate(SCRIPT)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    found["dark"] = page.evaluate(SCRIPT)
    return found


def measure(book: Path) -> dict[str, dict[str, Any]]:
    """Every page of a book that is no page of the library."""
    names = json.loads((book / "manifest.json").read_text(encoding="utf-8"))["pages"]
    with server(book) as address, browser() as program:
        page = program.new_page()
        return {n: measured(page, address, n) for n in names if not n.startswith("api/")}


def table(found: dict[str, dict[str, Any]]) -> str:
    """The measures as lines of text."""
    head = ("page", "answer", "picture", "its middle", "length", "bars", "phone: picture", "length",
            "cut", "sideways", "contrast in the dark")  # fmt: skip
    lines = [" | ".join(head)]
    for name, m in found.items():
        wide, phone, dark = m["wide"], m["phone"], m["dark"]
        contrast = "-" if dark["contrast"] is None else f"{dark['contrast']:.2f}"
        cells = (name.removesuffix(".html"), wide["answer"], wide["top"], wide["middle"],
                 wide["length"], wide["bars"], phone["top"], phone["length"], phone["cut"],
                 phone["sideways"], contrast)  # fmt: skip
        lines.append(" | ".join("-" if c is None else str(c) for c in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure(Path(sys.argv[1]))))
