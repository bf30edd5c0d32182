"""The 46 figures and tables, read from ``references/artifacts.yaml``."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from landscape.errors import LandscapeError

WORKS = ("thesis", "anneal", "lewkowycz", "richemond")
KINDS = ("theory", "simulation", "training", "analysis", "schematic", "table")
PARTS = (
    "1-spin-glass",
    "2-local-entropy",
    "3-pde",
    "4-parle",
    "5-sgd-dynamics",
    "6-l2-dynamics",
    "7-complexity",
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
