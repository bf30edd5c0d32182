"""The 46 figures and tables of the four works: ``references/artifacts.yaml``.

An artifact's page is the folder ``book/<part>/<id>/``; it may not exist yet. Other pages of the
book repeat nothing that a work shows, so they have no claims and no verdict.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from landscape import documents, schema
from landscape.errors import LandscapeError

WORKS = {
    "thesis": "Chaudhari (2018)",
    "anneal": "Chaudhari & Soatto (2015)",
    "lewkowycz": "Lewkowycz & Gur-Ari (2020)",
    "richemond": "Richemond & Guo (2019)",
}
KINDS = ("theory", "simulation", "training", "analysis", "schematic", "table")

_FILE = "references/artifacts.yaml"
_TEXT = {"type": "string", "pattern": r"\S", "description": "a text that is not empty"}
_ENTRY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "work", "number", "kind", "part", "title"],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+-(fig|tab)-[0-9A-Z-]+$",
               "description": "an id like thesis-fig-2-3"},
        "work": {"enum": list(WORKS)},
        "number": _TEXT,
        "kind": {"enum": list(KINDS)},
        "part": {"type": "string", "pattern": "^[0-9]-[a-z0-9-]+$",
                 "description": "a folder of book/, like 1-spin-glass"},
        "title": _TEXT,
        "also": {"type": "array", "items": _TEXT, "description": "a list of ids"},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Artifact:
    """A figure or table: ``number`` as printed, ``also`` the ids it has in other works."""

    id: str
    work: str
    number: str
    kind: str
    part: str
    title: str
    also: tuple[str, ...] = ()

    @property
    def item(self) -> str:
        """The id of its page, ``<part>/<id>`` (the page may not exist yet)."""
        return f"{self.part}/{self.id}"

    @property
    def cited(self) -> str:
        """As a reader says it, e.g. ``Chaudhari (2018), figure 2.3``."""
        return f"{WORKS[self.work]}, {self.number[0].lower()}{self.number[1:]}"

    def has_page(self, root: str | Path = ".") -> bool:
        """Whether its page is written."""
        return (Path(root) / "book" / self.item / "page.md").is_file()


def load(root: str | Path = ".") -> list[Artifact]:
    """All artifacts in the book's order; raises LandscapeError for a malformed file."""
    path = Path(root) / _FILE
    if not path.is_file():
        raise LandscapeError(f"{_FILE} is missing: restore it from git.")
    entries = documents.read(path)
    if not isinstance(entries, list):
        raise LandscapeError(f"{_FILE} must hold a list of figures and tables.")
    artifacts = []
    for number, entry in enumerate(entries, start=1):
        here = entry.get("id", f"entry {number}") if isinstance(entry, dict) else f"entry {number}"
        for problem in schema.problems(entry, _ENTRY):
            raise LandscapeError(f"{_FILE}, {here}: {problem}.".replace("?.", "?"))
        artifacts.append(Artifact(**entry | {"also": tuple(entry.get("also", ()))}))
    ids = [artifact.id for artifact in artifacts]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise LandscapeError(f"{_FILE} uses the id {twice} twice.")
    return artifacts


def get(identifier: str, root: str | Path = ".") -> Artifact:
    """One artifact by id; raises LandscapeError with the nearest id when there is none."""
    listed = load(root)
    for artifact in listed:
        if artifact.id == identifier:
            return artifact
    raise LandscapeError(
        f"There is no artifact {identifier!r} in {_FILE}; "
        f"{schema.nearest(identifier, [artifact.id for artifact in listed])}"
    )


def page_folder(name: str, root: str | Path = ".") -> Path | None:
    """``book/<part>/<name>``, of an artifact or of another page; None when there is none.

    ``<part>`` names the folder of a part's introduction, ``index`` that of the front page.
    """
    if name == "index":
        return Path(root) / "book"
    if re.fullmatch(r"[0-9]-[\w-]+", name) and (Path(root) / "book" / name).is_dir():
        return Path(root) / "book" / name
    found = sorted(path for path in Path(root).glob(f"book/[0-9]-*/{name}") if path.is_dir())
    if len(found) > 1:
        raise LandscapeError(
            f"Two pages are called {name!r}: {', '.join(str(path) for path in found)}; rename one."
        )
    return found[0] if found else None
