"""Judge one artifact: ``verdicts/<profile>/<part>/<artifact>.json`` from its page's folder.

The file holds all that a page and the scorecard show::

    {"artifact", "profile", "finding": "one sentence", "verdict": {"word", "scale", "label"},
     "records": {experiment: date},
     "claims": [{"id": "c1", "text", "measured", "stated", "rule", "threshold", "target",
                 "tolerance", "role", "scale_free", "chosen", "unstated", "stochastic",
                 "paper": [{"key", "what", "value", "err", "unit", "where"}],
                 "build": {"verdict": word, "reason", "value", "low", "high", "n", "unit", "note",
                           "diverged"},
                 "record": the same or null,
                 "verdict": {"word", "scale", "label"}, "reason",
                 "evidence": "build" | "record" | "both", "parts": [the same, ids are keys]}]}

Numbers have six significant digits and there are no times, so that the same results give the same
bytes on any machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, claims, figures, verdicts
from landscape.evidence.files import write_json
from landscape.evidence.measurement import Measurement, significant
from landscape.evidence.runs import Runs
from landscape.experiments import catalogue


def path_of(artifact: str, profile: str, root: str | Path) -> Path:
    """Where an artifact's verdict file lies in a profile."""
    found = artifacts.get(artifact, root)
    return Path(root) / "verdicts" / profile / found.part / f"{artifact}.json"


def read(path: Path) -> dict:
    """The content of a verdict file.

    Raises:
        FileNotFoundError: It has not been made.
        LandscapeError: It is damaged; the sentence names it and the command that makes it again.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["finding"], content["claims"], content["verdict"]["label"]
    except (ValueError, KeyError, TypeError) as error:
        raise LandscapeError(
            f"{'/'.join(path.parts[-4:])} cannot be read ({error!r}): restore it from git or run "
            f"`landscape judge {path.stem} --profile {path.parts[-3]}`."
        ) from error
    return content


def judge(artifact: str, profile: str, root: str | Path = ".") -> Path:
    """Measure, judge and write the artifact's verdict file.

    Args:
        artifact: Its id, e.g. ``thesis-fig-2-3``.
        profile: smoke, laptop or paper: whose results are measured.
        root: The project's folder.

    Returns:
        The file's path. It is written whole or not at all.

    Raises:
        LandscapeError: Results are missing or their provenance was changed by hand, or
            ``claims.yaml`` or ``figure.py`` is not usable.
    """
    path = path_of(artifact, profile, root)
    runs = Runs.build(profile, root)
    content = in_memory(artifact, runs)
    for experiment in runs.read:
        runs.provenance(experiment)  # refuses what was changed by hand
    write_json(path, content)
    return path


def in_memory(
    artifact: str, runs: Runs, recorded: Runs | None = None, figure: ModuleType | None = None
) -> dict:
    """The content of a verdict file for the given runs; nothing is written.

    Args:
        artifact: Its id.
        runs: ``Runs.build(...)``, or ``Runs.live(...)`` for a live page.
        recorded: The records to set beside them; by default all of the project.
        figure: The page's ``figure.py`` where it is loaded already.
    """
    root = runs.root
    declared = claims.load(artifact, root)
    folder = artifacts.page_folder(artifact, root)
    where = f"book/{folder.parent.name}/{folder.name}/figure.py"
    figure = figure or figures.load(artifact, root)
    recorded = recorded or Runs.recorded(root)
    build = figures.measure(figure, runs, declared, where)
    # Without a record of anything that was read, or that the pipeline leaves to others, there is
    # nothing else to measure.
    record = None
    if any(recorded.info(name) for name in (*runs.read, *_by_name(folder, root))):
        record = figures.measure(figure, recorded, declared, where)
    judged = [
        verdicts.judge(claim, build.get(claim.id), record and record.get(claim.id), runs.scale)
        for claim in declared
    ]
    whole = verdicts.combine(item.verdict for item in verdicts.voting(judged))
    return {
        "artifact": artifact,
        "profile": runs.scale,
        "finding": figures.finding(figure, figures.Found(judged, whole), where),
        "verdict": whole.as_dict(),
        "records": {name: recorded.info(name)["date"] for name in recorded.read},
        "claims": [_claim(item) for item in judged],
    }


def _by_name(folder: Path, root: Path) -> list[str]:
    """The experiments of a page's folder that only records can have."""
    if not (folder / "settings.yaml").is_file():
        return []
    item = f"{folder.parent.name}/{folder.name}"
    return [e.id for e in catalogue.experiments(root) if e.page == item and e.by_name]


def _claim(item: verdicts.Judged) -> dict:
    claim = item.claim
    content = {
        key: getattr(claim, key)
        for key in ("id", "text", "measured", "stated", "rule", "threshold", "target", "tolerance",
                    "role", "scale_free", "chosen", "unstated", "stochastic")
    }  # fmt: skip
    content |= {
        "paper": [
            {"key": v.key, "what": v.what, "value": v.value, "err": significant(v.err),
             "unit": v.unit, "where": v.where}
            for v in claim.paper
        ],
        "build": _outcome(item.build, claim),
        "record": None if item.record is None else _outcome(item.record, claim),
        "verdict": item.verdict.as_dict(), "reason": item.reason, "evidence": item.evidence,
        "parts": [_claim(part) for part in item.parts],
    }  # fmt: skip
    return content


def _outcome(outcome: verdicts.Outcome, claim: claims.Claim) -> dict:
    m = outcome.measurement or Measurement(None)
    if claim.rule == "holds" and m.finite and 0 <= m.value < claim.tolerance / 1000:
        # Rounding noise: its digits differ from one processor to the next and say nothing.
        m = Measurement(claim.tolerance / 1000, n=m.n, unit=m.unit, diverged=m.diverged,
                        note="; ".join(text for text in ("at most", m.note) if text))  # fmt: skip
    return {
        "verdict": outcome.verdict.word, "reason": outcome.reason,
        "value": significant(m.value), "low": significant(m.low), "high": significant(m.high),
        "n": m.n, "unit": m.unit, "note": m.note, "diverged": list(m.diverged),
    }  # fmt: skip
