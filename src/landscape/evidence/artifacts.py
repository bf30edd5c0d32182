"""The 46 figures and tables (``references/artifacts.yaml``) and the book's other pages.

The others are listed in ``references/extra-pages.yaml``: they repeat nothing that a work shows, so
they have no claims and no verdict.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from landscape.errors import LandscapeError

WORKS = ("thesis", "anneal", "lewkowycz", "richemond")
KINDS = ("theory", "simulation", "training", "analysis", "schematic", "table")
PARTS = (
    "0-optimizers",
    "1-spin-glass",
    "2-local-entropy",
    "3-pde",
    "4-parle",
    "5-sgd-dynamics",
    "6-l2-dynamics",
    "7-complexity",
    "8-evidence",
)


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
    def notebook(self) -> str:
        """Path of its page's notebook, relative to the root (it may not exist yet)."""
        return f"book/notebooks/{self.part}/{self.id}.md"


@dataclass(frozen=True)
class ExtraPage:
    """A page of the book that is no figure or table of a work; ``title`` is its first heading."""

    id: str
    part: str
    title: str

    @property
    def notebook(self) -> str:
        """Path of its notebook, relative to the root."""
        return f"book/notebooks/{self.part}/{self.id}.md"


def load(root: str | Path = ".") -> list[Artifact]:
    """All artifacts in the book's order; raises LandscapeError for a malformed file."""
    path = Path(root) / "references" / "artifacts.yaml"
    if not path.is_file():
        raise LandscapeError("references/artifacts.yaml is missing: restore it from git.")
    artifacts = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        artifact = Artifact(**entry | {"also": tuple(entry.get("also", ()))})
        for name, allowed in (("work", WORKS), ("kind", KINDS), ("part", PARTS)):
            if getattr(artifact, name) not in allowed:
                raise LandscapeError(
                    f"references/artifacts.yaml: {artifact.id} has {name} "
                    f"{getattr(artifact, name)!r}; choose one of {', '.join(allowed)}."
                )
        artifacts.append(artifact)
    if len({artifact.id for artifact in artifacts}) < len(artifacts):
        raise LandscapeError("references/artifacts.yaml uses an id twice.")
    return artifacts


def get(identifier: str, root: str | Path = ".") -> Artifact:
    """One artifact by id; raises LandscapeError when there is none."""
    for artifact in load(root):
        if artifact.id == identifier:
            return artifact
    raise LandscapeError(f"There is no artifact {identifier!r} in references/artifacts.yaml.")


def extra_pages(root: str | Path = ".") -> list[ExtraPage]:
    """The pages beside the figures and tables; none without ``references/extra-pages.yaml``.

    Raises LandscapeError for a malformed entry and for an id that an artifact has.
    """
    path = Path(root) / "references" / "extra-pages.yaml"
    if not path.is_file():
        return []
    try:
        pages = [ExtraPage(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    except (TypeError, yaml.YAMLError) as error:
        raise LandscapeError(
            f"references/extra-pages.yaml: every entry needs id, part and title only ({error})."
        ) from error
    taken = {artifact.id for artifact in load(root)}
    for page in pages:
        if page.part not in PARTS:
            raise LandscapeError(
                f"references/extra-pages.yaml: {page.id} has part {page.part!r}; choose one of "
                f"{', '.join(PARTS)}."
            )
        if page.id in taken:
            raise LandscapeError(f"references/extra-pages.yaml: the id {page.id} is taken.")
        taken.add(page.id)
    return pages
