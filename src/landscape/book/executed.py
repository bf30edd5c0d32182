"""Where pages lie: what is written, what was executed, and what that was made from."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from landscape import documents, project, schema
from landscape.book.parameters import NotebookError


def find(item: str, root: str | Path) -> Path:
    """The text notebook of a page.

    Args:
        item: Its id, ``<part>/<name>``; the name alone will do.
        root: The project's folder.

    Raises:
        NotebookError: There is none, or it is prose without a kernel.
    """
    known = {page.item: Path(page.path) for page in project.pages(Path(root))}
    by_name = {name.split("/")[-1]: name for name in known if not name.endswith("/part")}
    path = known.get(item) or known.get(by_name.get(item, ""))
    if path is None:
        raise NotebookError(
            f"There is no page {item!r} in book/; {schema.nearest(item, [*known, *by_name])}"
        )
    path = path if path.is_absolute() else Path(root) / path
    if not has_kernel(path):
        raise NotebookError(
            f"{path.relative_to(root)} is prose: it has no kernelspec and is not executed."
        )
    return path


def has_kernel(path: Path) -> bool:
    """Whether a Markdown file is a notebook: its header names a kernel."""
    head = re.match(r"---\n(.*?)\n---\n", documents.text(path), re.DOTALL)
    return bool(head and re.search(r"^kernelspec:", head[1], re.MULTILINE))


def item_of(path: Path, root: str | Path) -> str:
    """``<part>/<name>``, ``<part>/part`` or ``index`` of a page's file."""
    inside = path.relative_to(Path(root) / "book")
    return (inside.parent if inside.name == "page.md" else inside.with_suffix("")).as_posix()


def executed_path(item: str, profile: str, root: str | Path) -> Path:
    """Where the executed page is kept; ``<item>`` with its part."""
    return Path(root) / "book" / "executed" / profile / f"{item}.ipynb"


def manifest_path(item: str, profile: str, root: str | Path) -> Path:
    """The list of what a page is made from (written by the pipeline)."""
    return Path(root) / "inputs" / "pages" / profile / f"{item}.txt"


def is_fresh(item: str, profile: str, root: str | Path) -> bool:
    """Whether the executed page was made from exactly what the manifest lists now."""
    page, manifest = executed_path(item, profile, root), manifest_path(item, profile, root)
    if not (page.is_file() and manifest.is_file()):
        return False
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    return f'"inputs": "{digest}"' in page.read_text(encoding="utf-8")
