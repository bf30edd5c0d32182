"""All verdicts of a profile in one file: ``verdicts/scorecard-<profile>.json``.

A merge of the verdict files with the list of all artifacts; the same inputs give the same bytes::

    {"profile", "summary": "8 of 46 figures and tables have a page",
     "artifacts": [{"id", "work", "number", "also", "kind", "part", "title",
                    "page": "<part>/<id>" or null, "finding", "verdict": {word, scale, label},
                    "reason", "claims": [{"id", "text", "role", "verdict", "reason", "evidence"}]}],
     "kinds": [{"kind", "listed", "pages", "artifacts": {label: n}, "claims": {label: n}}],
     "scales": [{"scale", "artifacts": {word: n}, "claims": {word: n}}],
     "counts": {"listed": 46, "pages": 8, "artifacts": {label: n}, "claims": {label: n}}}

``counts`` holds the only numbers outside lists, so that ``dvc metrics show`` prints just them.
They count figures and tables that have a page, and claims that are no controls. The same numbers
of claims are in ``claims-<profile>.csv``, for ``dvc plots show``.
"""

import json
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, verdicts
from landscape.evidence.files import write_json
from landscape.files import write_text


def write(profile: str, root: str | Path = ".") -> Path:
    """Merge and write; returns the file's path. Raises LandscapeError for unusable inputs."""
    folder, card = Path(root) / "verdicts", build(profile, root)
    lines = [f"{label},{number}" for label, number in card["counts"]["claims"].items()]
    write_text(folder / f"claims-{profile}.csv", "\n".join(["verdict,claims", *lines]) + "\n")
    write_json(folder / f"scorecard-{profile}.json", card)
    return folder / f"scorecard-{profile}.json"


def build(profile: str, root: str | Path = ".") -> dict:
    """The scorecard: every artifact with its verdict and why, and counts."""
    root = Path(root)
    listed = artifacts.load(root)
    found = {
        f"{path.parent.name}/{path.stem}": path
        for path in root.glob(f"verdicts/{profile}/*/*.json")
        if not path.name.startswith(".")
    }
    stray = sorted(set(found) - {artifact.item for artifact in listed})
    if stray:
        raise LandscapeError(
            f"verdicts/{profile}/{stray[0]}.json belongs to no artifact of "
            "references/artifacts.yaml: correct the artifact's id or part, or delete the file."
        )
    rows = [_row(artifact, found.get(artifact.item), profile, root) for artifact in listed]
    pages = sum(row["page"] is not None for row in rows)
    return {
        "profile": profile,
        "summary": f"{pages} of {len(rows)} figures and tables have a page",
        "artifacts": rows,
        "kinds": [_of_kind(kind, rows) for kind in artifacts.KINDS],
        "scales": [_of_scale(scale, rows) for scale in verdicts.SCALES],
        "counts": {"listed": len(rows), "pages": pages,
                   **_tally([row for row in rows if row["page"]])},
    }  # fmt: skip


def _row(artifact: artifacts.Artifact, path: Path | None, profile: str, root: Path) -> dict:
    row = {
        "id": artifact.id,
        "work": artifact.work,
        "number": artifact.number,
        "also": list(artifact.also),
        "kind": artifact.kind,
        "part": artifact.part,
        "title": artifact.title,
        "page": artifact.item if artifact.has_page(root) else None,
        "finding": "",
        "claims": [],
    }
    if path is None:
        why = (
            f"not judged in this profile: run `landscape judge {artifact.id} --profile {profile}`"
            if row["page"]
            else "its page is not written yet"
        )
        return row | {"verdict": verdicts.Verdict(verdicts.NOT_RUN).as_dict(), "reason": why}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        row |= {
            "finding": content["finding"],
            "verdict": {key: content["verdict"][key] for key in ("word", "scale", "label")},
            "claims": [
                {key: claim[key] for key in ("id", "text", "role", "verdict", "reason", "evidence")}
                for claim in content["claims"]
            ],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise LandscapeError(
            f"{path.relative_to(root)} cannot be read ({error!r}): run "
            f"`landscape judge {artifact.id} --profile {profile}` again."
        ) from error
    words = ", ".join(f"{n} {label}" for label, n in _tally([row])["claims"].items())
    return row | {"reason": f"claims: {words}"}


def _of_kind(kind: str, rows: list[dict]) -> dict:
    chosen = [row for row in rows if row["kind"] == kind]
    pages = sum(row["page"] is not None for row in chosen)
    written = [row for row in chosen if row["page"]]
    return {"kind": kind, "listed": len(chosen), "pages": pages, **_tally(written)}


def _of_scale(scale: str, rows: list[dict]) -> dict:
    def words(found: list[dict]) -> dict[str, int]:
        return _count([v["word"] for v in found if v["scale"] == scale], verdicts.WORDS)

    return {
        "scale": scale,
        "artifacts": words([row["verdict"] for row in rows]),
        "claims": words([claim["verdict"] for row in rows for claim in _main(row)]),
    }


def _tally(rows: list[dict]) -> dict[str, dict[str, int]]:
    claims = [claim["verdict"]["label"] for row in rows for claim in _main(row)]
    return {
        "artifacts": _count([row["verdict"]["label"] for row in rows if "verdict" in row],
                            verdicts.LABELS),
        "claims": _count(claims, verdicts.LABELS),
    }  # fmt: skip


def _main(row: dict) -> list[dict]:
    return [claim for claim in row["claims"] if claim["role"] == "main"]


def _count(names: list[str], order: tuple[str, ...]) -> dict[str, int]:
    return {name: names.count(name) for name in order if name in names}
