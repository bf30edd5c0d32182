"""The project on disk: where its folder is, which profile is chosen, which pages the book has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import landscape
from landscape import documents, schema
from landscape.errors import LandscapeError

PROFILES = ("smoke", "laptop", "paper")

_MARKS = ("dvc.yaml", "book/parts.yaml")  # what a folder has if it is the project
_ROOT_VARIABLE = "LANDSCAPE_ROOT"
_PART_KEYS = ("id", "title", "source", "about")


@dataclass(frozen=True)
class Part:
    """A part of the book: its folder, its title, the works it follows, and one line about it."""

    id: str
    title: str
    source: str
    about: str


@dataclass(frozen=True)
class PageSource:
    """A page of the book as it is written.

    Attributes:
        item: Its id: ``<part>/<name>``, ``<part>/part`` for a part's introduction, ``index`` and
            other names without a part for what stands before and after the parts.
        part: The part's folder, "" for pages outside the parts.
        name: ``<name>``, ``part`` or ``index``.
        path: The Markdown file.
        is_artifact: Whether it shows a figure or table of a work, and so has claims.
    """

    item: str
    part: str
    name: str
    path: Path
    is_artifact: bool


def find_root(start: Path | str | None = None) -> Path:
    """The project's folder: LANDSCAPE_ROOT, else the nearest upwards of ``start`` that is one.

    Args:
        start: Where to begin; by default the working folder.

    Raises:
        LandscapeError: There is none, LANDSCAPE_ROOT names another folder, or the program that
            runs is the code of another checkout (a copied tree brings an environment along whose
            programs name the folder it was copied from).
    """
    root = enclosing(start)
    if root is None:
        here = Path(start or Path.cwd()).resolve()
        raise LandscapeError(
            f"{here} is not inside the project; change to its folder or set {_ROOT_VARIABLE} to it."
        )
    _refuse_other_code(root)
    return root


def enclosing(start: Path | str | None = None) -> Path | None:
    """Like ``find_root``, but None outside of any project, and whatever code runs."""
    if given := os.environ.get(_ROOT_VARIABLE):
        root = Path(given).expanduser().absolute()
        if not _is_project(root):
            raise LandscapeError(
                f"{_ROOT_VARIABLE} is {given}, which is not the project (it has no "
                f"{' and '.join(_MARKS)}); unset it or set it to the project's folder."
            )
        return root
    here = Path(start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if _is_project(folder)), None)


def _is_project(folder: Path) -> bool:
    return all((folder / mark).is_file() for mark in _MARKS)


def _refuse_other_code(root: Path) -> None:
    code = Path(landscape.__file__).resolve().parent  # <checkout>/src/landscape
    own = root / "src" / "landscape"
    home = code.parents[1]
    if own.is_dir() and own.resolve() != code and _is_project(home):
        raise LandscapeError(
            f"The program runs the code of {home}, not that of {root}: this folder's environment "
            "was copied from there, or is that folder's; run `make environment` here."
        )


def current_profile(root: Path) -> str:
    """The profile that params.yaml names; raises LandscapeError where it names none."""
    path = root / "params.yaml"
    content = documents.read(path)
    if not isinstance(content, dict) or "profile" not in content:
        raise LandscapeError(f"{path} names no profile; write `profile: laptop` into it.")
    return check_profile(content["profile"])


def check_profile(profile: str) -> str:
    """The profile itself when it exists, else LandscapeError with the nearest name."""
    if profile not in PROFILES:
        hint = schema.nearest(profile, list(PROFILES))
        raise LandscapeError(f"There is no profile {profile!r}; {hint}")
    return profile


def parts(root: Path) -> list[Part]:
    """The book's parts in order, from ``book/parts.yaml``; raises LandscapeError if malformed."""
    path = root / "book" / "parts.yaml"
    found = []
    for entry in _entries(path):
        if not isinstance(entry, dict) or tuple(entry) != _PART_KEYS:
            raise LandscapeError(f"{path}: each part has {', '.join(_PART_KEYS)}, in this order.")
        found.append(Part(**entry))
    return found


def __getattr__(name: str) -> Any:
    if name == "PARTS":  # folder -> title, of the project that the working folder lies in
        return {part.id: part.title for part in parts(find_root())}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pages(root: Path) -> list[PageSource]:
    """Every page of the book, found by walking ``book/``, in the book's order.

    First ``index``; then part by part its introduction, its figures and tables in the order of
    ``references/artifacts.yaml`` and its other pages by name, the one that is called as the part is
    (``0-optimizers/optimizers``) first; then what else lies in ``book/``.

    Raises:
        LandscapeError: Two pages have the same name.
    """
    book = root / "book"
    outside = sorted(book.glob("*.md"), key=lambda path: (path.stem != "index", path.stem))
    plain = [PageSource(path.stem, "", path.stem, path, False) for path in outside]
    order = {name: number for number, name in enumerate(_artifact_ids(root))}
    inside: list[PageSource] = []
    for part in parts(root):
        introduction = book / part.id / "part.md"
        if introduction.is_file():
            item = f"{part.id}/part"
            inside.append(PageSource(item, part.id, "part", introduction, False))
        folders = [path.parent for path in (book / part.id).glob("*/page.md")]
        overview = part.id.partition("-")[2]
        ranks = [(order.get(f.name, len(order)), f.name != overview, f.name, f) for f in folders]
        for *_, folder in sorted(ranks):
            inside.append(
                PageSource(
                    f"{part.id}/{folder.name}", part.id, folder.name, folder / "page.md",
                    (folder / "claims.yaml").is_file(),
                )
            )  # fmt: skip
    seen: dict[str, PageSource] = {}
    for page in inside:
        if page.name != "part" and (twin := seen.setdefault(page.name, page)) is not page:
            raise LandscapeError(
                f"Two pages are called {page.name!r}: book/{twin.item} and book/{page.item}; "
                "rename one."
            )
    return [*plain[:1], *inside, *plain[1:]]


def _artifact_ids(root: Path) -> list[str]:
    path = root / "references" / "artifacts.yaml"
    if not path.is_file():
        return []
    return [entry["id"] for entry in _entries(path) if isinstance(entry, dict) and "id" in entry]


def _entries(path: Path) -> list[Any]:
    return _parsed(documents.text(path), path)


@lru_cache(maxsize=16)  # asked for with every page and every experiment
def _parsed(text: str, path: Path) -> list[Any]:
    content = documents.parse(text, path)
    if not isinstance(content, list | None):
        raise LandscapeError(f"{path} must hold a list; restore it from git.")
    return content or []
