"""What the book is made of: its documents as Sphinx will see them.

Executed pages are staged under their items (``<part>/<name>.ipynb``), prose as it is written, the
pages of the library from the modules that exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape import project
from landscape.book import api, contents, thumbnails
from landscape.book.notebook import executed_path, has_kernel, run_many
from landscape.errors import LandscapeError


class BookError(LandscapeError):
    """A book that cannot be built, with the page and the remedy."""


@dataclass(frozen=True)
class ExecutedPage:
    """An executed page: its item, part, name, title and notebook node."""

    item: str
    part: str
    name: str
    title: str
    notebook: Any
    is_artifact: bool


def executed_pages(profile: str, root: Path) -> list[ExecutedPage]:
    """The executed notebooks of all pages; one that is missing or unreadable is executed now."""
    written = [page for page in project.pages(root) if has_kernel(page.path)]
    paths = {page.item: executed_path(page.item, profile, root) for page in written}
    notebooks = {item: _notebook(path) for item, path in paths.items()}
    if wanting := [item for item, notebook in notebooks.items() if notebook is None]:
        for item in wanting:
            paths[item].unlink(missing_ok=True)
        run_many(wanting, profile, root)
        notebooks |= {item: _notebook(paths[item]) for item in wanting}
    return [
        ExecutedPage(page.item, page.part, page.name, title_of(notebooks[page.item], page.item),
                     notebooks[page.item], page.is_artifact)
        for page in written
    ]  # fmt: skip


def _notebook(path: Path) -> Any:
    """A notebook, or None where there is none that can be read."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError):
        return None


def title_of(notebook: Any, item: str) -> str:
    """A page's first heading without its markup; raises BookError where there is none."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return re.sub(r"[$`*]", "", found[1]).strip()
    raise BookError(f"the page {item} has no title: begin it with a line '# Title'.")


def staged_sources(profile: str, root: Path, pages: list[ExecutedPage]) -> dict[str, bytes]:
    """Every file Sphinx will see, by its path relative to the source folder."""
    book = root / "book"
    sources = {name: (book / name).read_bytes() for name in ("_config.yml", "references.bib")}
    sources["_toc.yml"] = contents.toc(root)
    for path in sorted((book / "_static").rglob("*")):
        if path.is_file():
            sources[path.relative_to(book).as_posix()] = path.read_bytes()
    for page in pages:
        sources[f"{page.item}.ipynb"] = executed_path(page.item, profile, root).read_bytes()
        for shade, picture in zip(("light", "dark"), thumbnails.of(page.notebook), strict=True):
            sources[f"_static/thumbnails/{page.item}-{shade}.svg"] = picture.encode()
    for page in project.pages(root):
        if not has_kernel(page.path):
            sources[f"{page.item}.md"] = page.path.read_bytes()
    names = contents.packages(root / "src")
    sources["api/index.md"] = api.overview(names, root / "src").encode()
    for name in names:
        sources[f"api/{name}.md"] = api.page(name, root / "src").encode()
    return sources


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
