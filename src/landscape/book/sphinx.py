"""Run Sphinx on the staged book; what it keeps of earlier runs is used only when it still fits."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib.metadata
import io
import re
import shutil
import sys
import types
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from landscape.book.sources import BookError

WARNING = re.compile(r"(WARNING|ERROR|CRITICAL|SEVERE): ")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TOOLS = ("jupyter-book", "Sphinx", "myst-nb", "sphinx-book-theme", "sphinxcontrib-bibtex")


def doctrees_key(sources: Mapping[str, bytes]) -> str:
    """Settings, contents, references and tools: when one changes, every page is read again."""
    settings = ("_config.yml", "_toc.yml", "references.bib")
    digests = [hashlib.sha256(sources[name]).hexdigest() for name in settings]
    return "\n".join(digests + [f"{tool} {importlib.metadata.version(tool)}" for tool in TOOLS])


def forget_doctrees(work: Path) -> None:
    """Remove what Sphinx keeps in the folder ``work`` to save reading pages again."""
    for name in (".doctrees", "jupyter_execute"):
        shutil.rmtree(work / name, ignore_errors=True)


def run(source: Path, target: Path, doctrees: Path, log: Path, root: Path) -> None:
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
                # Sphinx opens this one from the working folder, wherever that is.
                "html_search_scorer": str(source / "_static" / "scorer.js"),
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
