"""The book's table of contents, derived from its folders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from landscape import project

ROOT_DOCUMENT = "index"
FIRST, LAST = ("reproduce", "notation"), ("bibliography",)


@dataclass(frozen=True)
class Chapter:
    """One heading of the sidebar with its documents; ``sections`` hang below a document."""

    caption: str
    documents: list[str]
    sections: dict[str, list[str]] = field(default_factory=dict)


def chapters(root: Path) -> list[Chapter]:
    """Everything after the front page, in reading order."""
    pages = project.pages(root)
    outside = [page.item for page in pages if not page.part and page.item != ROOT_DOCUMENT]
    between = [item for item in outside if item not in (*FIRST, *LAST)]
    first = [item for item in FIRST if item in outside] + between
    found = [Chapter("Before you read", first)] if first else []
    for part in project.parts(root):
        inside = [page.item for page in pages if page.part == part.id]
        if inside:
            found.append(Chapter(part.title, inside))
    names = packages(root / "src")
    found.append(Chapter("The library", ["api/index"], {"api/index": [f"api/{n}" for n in names]}))
    if last := [item for item in LAST if item in outside]:
        found.append(Chapter("Sources", last))
    return found


def packages(source: Path) -> list[str]:
    """The packages of the library that have modules, by name."""
    folders = sorted((source / "landscape").glob("*/__init__.py"))
    return [path.parent.name for path in folders if len(list(path.parent.glob("*.py"))) > 1]


def documents(root: Path) -> list[str]:
    """All documents in reading order, the front page first."""
    listed = [ROOT_DOCUMENT]
    for chapter in chapters(root):
        for document in chapter.documents:
            listed += [document, *chapter.sections.get(document, [])]
    return listed


def toc(root: Path) -> bytes:
    """The file that sphinx-external-toc reads."""
    parts: list[dict[str, Any]] = []
    for chapter in chapters(root):
        entries = []
        for document in chapter.documents:
            entry: dict[str, Any] = {"file": document}
            if chapter.sections.get(document):
                entry["sections"] = [{"file": name} for name in chapter.sections[document]]
            entries.append(entry)
        parts.append({"caption": chapter.caption, "chapters": entries})
    content = {"format": "jb-book", "root": ROOT_DOCUMENT, "parts": parts}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()
