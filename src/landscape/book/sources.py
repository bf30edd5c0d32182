"""What the book is made of: its documents in reading order, as Sphinx will see them.

The pages of every profile are staged under the same names (``artifacts/<part>/<artifact>.ipynb``),
so one table of contents serves all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError
from landscape.book import gallery, status_tables, thumbnails
from landscape.evidence import artifacts, records
from landscape.book.answer import with_answer
from landscape.book.api import api_blocks
from landscape.book.pages import Page, read_scorecard

PLACEHOLDER = re.compile(r"^<!-- (\w+)(?:: *([\w.]+))? -->$", re.MULTILINE)


class BookError(LandscapeError):
    """A book that cannot be built, with the page and the remedy."""


def contents(root: Path) -> list[str]:
    """Documents of the table of contents in reading order, without file suffixes."""
    toc = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf-8"))

    def files(entries: list[dict[str, Any]]) -> Iterator[str]:
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *files(chapters)]


def executed_pages(profile: str, root: Path) -> list[Page]:
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
        pages.append(Page(artifact, part, title, notebook, artifact in extra))
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


def staged_sources(profile: str, root: Path, pages: list[Page]) -> dict[str, bytes]:
    """Every file Sphinx will see, by its path relative to the source folder."""
    book = root / "book"
    sources: dict[str, bytes] = {}
    for name in ("_config.yml", "_toc.yml", "references.bib"):
        sources[name] = (book / name).read_bytes()
    for path in sorted((book / "_static").rglob("*")):
        if path.is_file():
            sources[path.relative_to(book).as_posix()] = path.read_bytes()
    filled = _Filled(profile, root, pages)
    known = filled.card["artifacts"] if filled.card else {}
    for page in pages:
        path = book / "executed" / profile / page.part / f"{page.artifact}.ipynb"
        told = with_answer(page.notebook, known.get(page.artifact), profile)
        name = f"artifacts/{page.part}/{page.artifact}.ipynb"
        sources[name] = path.read_bytes() if told is page.notebook else _written(told)
        picture = thumbnails.first_image(page.notebook)
        if picture:
            name = f"_static/thumbnails/{page.artifact}.png"
            sources[name] = thumbnails.thumbnail(picture)
    for document in contents(root):
        if document.startswith("artifacts/"):
            continue
        path = book / f"{document}.md"
        if not path.exists():
            raise BookError(f"book/_toc.yml names {document}, but book/{document}.md is missing.")
        text = path.read_text(encoding="utf-8")
        sources[f"{document}.md"] = PLACEHOLDER.sub(filled, text).encode()
    return sources


def _written(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook) + "\n").encode()


class _Filled:
    """Text for the placeholders ``<!-- name -->`` of the prose pages."""

    def __init__(self, profile: str, root: Path, pages: list[Page]) -> None:
        self.profile, self.root, self.pages = profile, root, pages
        self.card = read_scorecard(root / "results" / profile / "scorecard.json")

    def __call__(self, found: re.Match[str]) -> str:
        name, argument = found[1], found[2]
        if name == "api":
            return api_blocks(argument, self.root / "src")
        if name == "profile":
            return f"This copy shows the **{self.profile}** profile."
        html = {
            "legend": status_tables.legend,
            "counts": lambda: status_tables.counts(self.card, argument or "claims"),
            "gallery": lambda: gallery.gallery(self.pages, self.card, "_static/thumbnails"),
            "scorecard": lambda: status_tables.scorecard_table(self.pages, self.card),
            "records": lambda: status_tables.records_table(records.all_records(self.root)),
            "status": lambda: status_tables.status_table(
                artifacts.load(self.root), self.pages, self.card
            ),
        }
        if name not in html:
            return found[0]  # an ordinary comment
        return f"``````{{raw}} html\n{html[name]()}\n``````"


def synchronise(folder: Path, sources: dict[str, bytes]) -> None:
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
