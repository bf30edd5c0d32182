"""Render the book of one profile: stage its sources, check them, run Sphinx, replace the old book.

A build that fails leaves the previous book as it was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
from pathlib import Path

from landscape.book import checks as book_checks
from landscape.book import sources as book_sources
from landscape.book import sphinx as book_sphinx
from landscape.book.sources import BookError
from landscape.files import require_writable

MATHJAX_KEPT = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def build(profile: str, root: Path) -> Path:
    """Render the book of ``profile`` and return the path of its ``index.html``.

    Reads ``book/`` and ``book/executed/<profile>/``; writes ``book/_build/html`` only when every
    page rendered without a warning. Raises ``BookError`` (or ``book_checks.PageError``) otherwise.
    """
    root = Path(root).resolve()
    work, log = root / "book" / "_build", root / "logs" / profile / "book.log"
    for folder in (work, log.parent):
        require_writable(folder)
    pages = book_sources.executed_pages(profile, root)
    book_checks.check_figures(pages)
    sources = book_sources.staged_sources(profile, root, pages)
    book_checks.check_prose(sources)
    book_sources.synchronise(work / "source", sources)
    stamp, key = work / ".doctrees" / "settings.key", book_sphinx.doctrees_key(sources)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
        book_sphinx.forget_doctrees(work)
    # Sphinx shows a warning only when it reads a page, so what it keeps may be used again only
    # after a build without any: the stamp is away until this one has succeeded.
    stamp.unlink(missing_ok=True)
    fresh = work / "html.new"
    shutil.rmtree(fresh, ignore_errors=True)
    book_sphinx.run(work / "source", fresh, work / ".doctrees", log, root)
    _add_mathjax(fresh / "_static" / "mathjax")
    _prune(fresh)
    book_checks.check_offline(fresh)
    (fresh / "manifest.json").write_bytes(_manifest(profile, sources, pages))
    _replace(fresh, work / "html")
    stamp.write_text(key, encoding="utf-8")
    log.unlink(missing_ok=True)
    return work / "html" / "index.html"


def _add_mathjax(target: Path) -> None:
    """Copy the part of MathJax that the pages load: one script, TeX extensions and fonts."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise BookError("sphinx-mathjax-offline is not installed; `make environment` installs it.")
    origin = Path(package.submodule_search_locations[0]) / "static" / "mathjax"
    for name in MATHJAX_KEPT:
        if (origin / name).is_dir():
            shutil.copytree(origin / name, target / name, dirs_exist_ok=True)
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / name, target / name)


def _prune(built: Path) -> None:
    """Remove what no page loads: debugging maps of the theme, Sphinx's notes to itself."""
    for path in [*built.rglob("*.map"), built / ".buildinfo"]:
        path.unlink(missing_ok=True)


def _manifest(
    profile: str, sources: dict[str, bytes], pages: list[book_sources.ExecutedPage]
) -> bytes:
    """What the book was made of: the profile, its pages, and a digest of every source.

    An executed page counts as what it was made from, not as its bytes: pictures differ in their
    last digits between processors, and a fresh clone must arrive at the same manifest.
    """
    made_from = {f"{page.item}.ipynb": page.notebook.metadata.get("landscape", {}).get("inputs", "")
                 for page in pages}  # fmt: skip
    digests = {
        name: made_from.get(name) or hashlib.sha256(content).hexdigest()
        for name, content in sources.items()
        if not name.startswith("_static/thumbnails/")
    }
    shown = [name for name in sources if name.endswith((".md", ".ipynb"))]
    content = {
        "profile": profile,
        "pages": sorted(re.sub(r"\.(md|ipynb)$", ".html", name) for name in shown),
        "sources": dict(sorted(digests.items())),
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def _replace(fresh: Path, target: Path) -> None:
    """Put ``fresh`` in the place of ``target``; a reader never sees a half-written book."""
    old = target.with_name("html.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(fresh, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def locate(profile: str, root: Path) -> Path:
    """The built book's ``index.html``; a book that is missing or damaged is built first."""
    html = Path(root) / "book" / "_build" / "html"
    try:
        manifest = json.loads((html / "manifest.json").read_text(encoding="utf-8"))
        whole = manifest["profile"] == profile and all(
            (html / name).stat().st_size > 0 for name in [*manifest["pages"], "searchindex.js"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    return html / "index.html" if whole else build(profile, root)
