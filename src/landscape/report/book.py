"""Render the book of one profile: stage its sources, check them, run Sphinx, replace the old book.

The pages of every profile are staged under the same names (``artifacts/<part>/<artifact>.ipynb``),
so one table of contents serves all. A build that fails leaves the previous book as it was.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import os
import re
import shutil
import sys
import types
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError
from landscape.report import artifacts, book_checks, docstrings, gallery, records
from landscape.report.book_api import api_blocks

MATHJAX_KEPT = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")
WARNING = re.compile(r"(WARNING|ERROR|CRITICAL|SEVERE): ")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PLACEHOLDER = re.compile(r"^<!-- (\w+)(?:: *([\w.]+))? -->$", re.MULTILINE)
TOOLS = ("jupyter-book", "Sphinx", "myst-nb", "sphinx-book-theme", "sphinxcontrib-bibtex")


class BookError(LandscapeError):
    """A book that cannot be built, with the page and the remedy."""


def build(profile: str, root: Path) -> Path:
    """Render the book of ``profile`` and return the path of its ``index.html``.

    Reads ``book/`` and ``book/executed/<profile>/``; writes ``book/_build/html`` only when every
    page rendered without a warning. Raises ``BookError`` (or ``book_checks.PageError``) otherwise.
    """
    root = Path(root).resolve()
    work = root / "book" / "_build"
    pages = executed_pages(profile, root)
    book_checks.check_figures(pages)
    sources = staged_sources(profile, root, pages)
    book_checks.check_prose(sources)
    _synchronise(work / "source", sources)
    stamp, key = work / ".doctrees" / "settings.key", _doctrees_key(sources)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
        _forget_doctrees(work)
    # Sphinx shows a warning only when it reads a page, so what it keeps may be used again only
    # after a build without any: the stamp is away until this one has succeeded.
    stamp.unlink(missing_ok=True)
    fresh = work / "html.new"
    shutil.rmtree(fresh, ignore_errors=True)
    log = root / "logs" / profile / "book.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    _sphinx(work / "source", fresh, work / ".doctrees", log, root)
    _add_mathjax(fresh / "_static" / "mathjax")
    _prune(fresh)
    book_checks.check_offline(fresh)
    (fresh / "manifest.json").write_bytes(_manifest(profile, sources))
    _replace(fresh, work / "html")
    stamp.write_text(key, encoding="utf-8")
    log.unlink(missing_ok=True)
    return work / "html" / "index.html"


def contents(root: Path) -> list[str]:
    """Documents of the table of contents in reading order, without file suffixes."""
    toc = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf-8"))

    def files(entries: list[dict[str, Any]]) -> Iterator[str]:
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *files(chapters)]


def executed_pages(profile: str, root: Path) -> list[gallery.Page]:
    """The executed notebooks that the table of contents names.

    Raises ``BookError`` naming those that have not been executed for ``profile``.
    """
    import nbformat

    pages, missing = [], []
    extra = {page.id for page in artifacts.extra_pages(root)}
    for document in contents(root):
        if not document.startswith("artifacts/"):
            continue
        _, part, artifact = document.split("/")
        path = root / "book" / "executed" / profile / part / f"{artifact}.ipynb"
        if not path.exists():
            missing.append(artifact)
            continue
        notebook = nbformat.read(path, as_version=4)
        title = _title(notebook, artifact)
        pages.append(gallery.Page(artifact, part, title, notebook, artifact in extra))
    if missing:
        raise BookError(
            f"profile {profile} has no executed page of {', '.join(missing)}; "
            f"run `dvc repro`, or `landscape notebook {missing[0]} --profile {profile}`."
        )
    return pages


def _title(notebook: Any, artifact: str) -> str:
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return re.sub(r"[$`*]", "", found[1]).strip()
    raise BookError(f"the page of {artifact} has no title: begin it with a line '# Title'.")


def staged_sources(profile: str, root: Path, pages: list[gallery.Page]) -> dict[str, bytes]:
    """Every file Sphinx will see, by its path relative to the source folder."""
    book = root / "book"
    sources: dict[str, bytes] = {}
    for name in ("_config.yml", "_toc.yml", "references.bib"):
        sources[name] = (book / name).read_bytes()
    for path in sorted((book / "_static").rglob("*")):
        if path.is_file():
            sources[path.relative_to(book).as_posix()] = path.read_bytes()
    for page in pages:
        path = book / "executed" / profile / page.part / f"{page.artifact}.ipynb"
        sources[f"artifacts/{page.part}/{page.artifact}.ipynb"] = path.read_bytes()
        picture = gallery.first_image(page.notebook)
        if picture:
            name = f"_static/thumbnails/{page.artifact}.png"
            sources[name] = gallery.thumbnail(picture)
    filled = _Filled(profile, root, pages)
    for document in contents(root):
        if document.startswith("artifacts/"):
            continue
        path = book / f"{document}.md"
        if not path.exists():
            raise BookError(f"book/_toc.yml names {document}, but book/{document}.md is missing.")
        text = path.read_text(encoding="utf-8")
        sources[f"{document}.md"] = PLACEHOLDER.sub(filled, text).encode()
    return sources


class _Filled:
    """Text for the placeholders ``<!-- name -->`` of the prose pages."""

    def __init__(self, profile: str, root: Path, pages: list[gallery.Page]) -> None:
        self.profile, self.root, self.pages = profile, root, pages
        self.card = gallery.read_scorecard(root / "results" / profile / "scorecard.json")

    def __call__(self, found: re.Match[str]) -> str:
        name, argument = found[1], found[2]
        if name == "api":
            return api_blocks(argument, self.root / "src")
        if name == "profile":
            return f"This copy shows the **{self.profile}** profile."
        html = {
            "legend": gallery.legend,
            "counts": lambda: gallery.counts(self.card, argument or "claims"),
            "gallery": lambda: gallery.gallery(self.pages, self.card, "_static/thumbnails"),
            "scorecard": lambda: gallery.scorecard_table(self.pages, self.card),
            "records": lambda: gallery.records_table(records.all_records(self.root)),
            "status": lambda: gallery.status_table(
                artifacts.load(self.root), self.pages, self.card
            ),
        }
        if name not in html:
            return found[0]  # an ordinary comment
        return f"``````{{raw}} html\n{html[name]()}\n``````"


def _synchronise(folder: Path, sources: dict[str, bytes]) -> None:
    """Make ``folder`` hold exactly ``sources``, touching only what changed.

    Unchanged files keep their times, by which Sphinx knows that it need not read them again.
    """
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in sources:
            path.unlink()
    for name, content in sources.items():
        path = folder / name
        if path.exists() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _doctrees_key(sources: dict[str, bytes]) -> str:
    """Settings, contents, references and tools: when one changes, every page is read again."""
    settings = ("_config.yml", "_toc.yml", "references.bib")
    contents = [sources[name] for name in settings] + [Path(docstrings.__file__).read_bytes()]
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    return "\n".join(digests + [f"{tool} {importlib.metadata.version(tool)}" for tool in TOOLS])


def _forget_doctrees(work: Path) -> None:
    for name in (".doctrees", "jupyter_execute"):
        shutil.rmtree(work / name, ignore_errors=True)


def _sphinx(source: Path, target: Path, doctrees: Path, log: Path, root: Path) -> None:
    """Run jupyter-book's Sphinx; every warning is an error. Raises ``BookError`` with the first."""
    from jupyter_book.sphinx import build_sphinx

    said = io.StringIO()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(said),
        _importable(root / "src"),
        _living_objects(),
    ):
        status = build_sphinx(
            str(source),
            str(target),
            path_config=str(source / "_config.yml"),
            noconfig=True,
            confoverrides={
                "external_toc_path": str(source / "_toc.yml"),
                "latex_individualpages": False,
            },
            doctreedir=str(doctrees),
            force_all=True,  # written afresh, so no page of an older book stays behind
            warningiserror=True,
            keep_going=True,
        )
    text = ANSI.sub("", said.getvalue()).replace(f"{source}/", "").replace(f"{root}/", "")
    log.write_text(text, encoding="utf-8")
    if status != 0:
        lines = [line for line in text.splitlines() if WARNING.search(line)]
        first = lines[0] if lines else (text.strip().splitlines() or [repr(status)])[-1]
        raise BookError(
            f"the book has {len(lines)} warning(s), the first: {first.strip()} "
            f"(see {log.relative_to(root)}); the previous book was kept."
        )


@contextlib.contextmanager
def _importable(source: Path) -> Iterator[None]:
    """Let the API pages describe the package beside this book, installed or not."""
    before = list(sys.path)
    sys.path.insert(0, str(source))
    try:
        yield
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _living_objects() -> Iterator[None]:
    """Hide dead weak references from the contents extension, which asks every object for its class.

    Where a library has left one in this process, the extension would end the build on it.
    """
    from sphinx_external_toc import collectors

    proxies = (weakref.ProxyType, weakref.CallableProxyType)
    living = types.SimpleNamespace(
        get_objects=lambda: [thing for thing in gc.get_objects() if type(thing) not in proxies]
    )
    kept, collectors.gc = collectors.gc, living
    try:
        yield
    finally:
        collectors.gc = kept


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


def _manifest(profile: str, sources: dict[str, bytes]) -> bytes:
    """What the book was made of: the profile, its pages and the SHA-256 of every source."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sources.items()}
    pages = [name for name in sources if name.endswith((".md", ".ipynb"))]
    content = {
        "profile": profile,
        "pages": sorted(re.sub(r"\.(md|ipynb)$", ".html", name) for name in pages),
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
