"""All verdicts of a profile in one file: ``results/<profile>/scorecard.json``.

A merge of the ``claims.json`` that each page wrote with the list of all artifacts. The same inputs
give the same bytes.
"""

import json
import os
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, verdicts


def write(profile: str, root: str | Path = ".") -> Path:
    """Merge and write; returns the file's path. Raises LandscapeError for unusable inputs."""
    root = Path(root)
    path = root / "results" / profile / "scorecard.json"
    write_json(path, build(profile, root))
    return path


def build(profile: str, root: str | Path = ".") -> dict:
    """The scorecard: every artifact with its verdict and why, and counts per verdict."""
    root = Path(root)
    listed = artifacts.load(root)
    found = {path.parent.name: path for path in root.glob(f"results/{profile}/*/claims.json")}
    stray = sorted(set(found) - {artifact.id for artifact in listed})
    if stray:
        raise LandscapeError(
            f"results/{profile}/{stray[0]}/claims.json belongs to no artifact of "
            "references/artifacts.yaml: correct the artifact's id or delete the file."
        )
    rows = [_row(artifact, found.get(artifact.id), profile, root) for artifact in listed]
    claims = [claim["verdict"] for row in rows for claim in row["claims"]]
    return {
        "profile": profile,
        "artifacts": rows,
        "artifact_counts": _counts([row["verdict"] for row in rows]),
        "claim_counts": _counts(claims),
    }


def _row(artifact: artifacts.Artifact, path: Path | None, profile: str, root: Path) -> dict:
    row = {
        "id": artifact.id,
        "work": artifact.work,
        "number": artifact.number,
        "also": list(artifact.also),
        "kind": artifact.kind,
        "part": artifact.part,
        "title": artifact.title,
        "notebook": artifact.notebook if (root / artifact.notebook).is_file() else None,
        "claims": [],
    }
    if path is None:
        why = (
            f"no results in this profile: run `landscape notebook {artifact.id} "
            f"--profile {profile}`"
            if row["notebook"]
            else "its page is not written yet"
        )
        return row | {"verdict": verdicts.NOT_RUN, "reason": why}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        row["claims"] = [
            {key: claim[key] for key in ("id", "text", "verdict", "reason", "evidence")}
            for claim in content["claims"]
        ]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise LandscapeError(
            f"{path.relative_to(root)} cannot be read ({error}): run "
            f"`landscape notebook {artifact.id} --profile {profile}` again."
        ) from error
    counts = _counts([claim["verdict"] for claim in row["claims"]])
    words = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    verdict = verdicts.combine([claim["verdict"] for claim in row["claims"]])
    return row | {"verdict": verdict, "reason": f"claims: {words}"}


def _counts(words: list[str]) -> dict[str, int]:
    return {verdict: words.count(verdict) for verdict in verdicts.VERDICTS}


def write_json(path: Path, content: object) -> None:
    """Write JSON with sorted keys, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(
        json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n",
        encoding="utf-8",
    )
    os.replace(temporary, path)
