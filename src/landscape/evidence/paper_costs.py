"""What the works' own scale would cost, from the newest ``records/paper-scale-costs/<date>.json``.

``benchmarks/paper_scale.py`` measures it and describes the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.evidence.measurement import format_number
from landscape.book.tables import Note, Table

FOLDER = "records/paper-scale-costs"


def newest(root: str | Path) -> list[dict[str, Any]]:
    """The newest file of each kind of device, the CPU's first; empty when nothing was measured.

    Raises LandscapeError naming a file that cannot be read.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(root).glob(f"{FOLDER}/*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found[content["machine"]["device"]] = content
        except (ValueError, KeyError, TypeError) as error:
            raise LandscapeError(
                f"{FOLDER}/{path.name} cannot be read ({error!r}): restore it from git."
            ) from error
    return [found[device] for device in sorted(found, key=lambda device: device != "cpu")]


def cost_at_paper_scale(
    root: str | Path, experiments: Sequence[str], methods: Sequence[str] | None = None
) -> Table | Note:
    """One row a method: runs, steps, seconds a step, hours a run and core or GPU hours together.

    ``methods`` leaves out the others. A note says how to measure where nothing is known.
    """
    rows, places = [], []
    for content in newest(root):
        machine = content["machine"]
        known = [
            row for row in content["rows"]
            if row["experiment"] in experiments and row["method"] in (methods or [row["method"]])
        ]  # fmt: skip
        if not known:
            continue
        where = "core" if machine["device"] == "cpu" else "GPU"
        places.append(f"{machine['name']}, torch {machine['torch']}, {content['date']}")
        rows += [_row(row, where) for row in known]
        if len(known) > 1:
            total = sum(row["runs"] * row["hours"] for row in known)
            rows.append(["all", "", "", "", "", f"{format_number(_round(total))} {where} hours"])
    if not rows:
        return Note(
            "What the works' own scale would cost has not been measured; this does it:",
            "python benchmarks/paper_scale.py --record",
        )
    return Table(
        ["runs", "number", "steps of each", "seconds a step", "hours of each", "together"],
        rows, name="paper-cost",
        caption="What the works' own scale costs, from a few measured steps (median [quartiles]); "
        f"{'; '.join(places)}",
    )  # fmt: skip


def _row(row: dict[str, Any], where: str) -> list[str]:
    low, high = row["step_quartiles"]
    middle, low, high = (format_number(_round(x, 3)) for x in (row["step_seconds"], low, high))
    hours = row["hours"]
    return [
        f"{row['experiment']} / {row['method']}", str(row["runs"]), f"{row['steps']:,}",
        f"{middle} [{low}, {high}]", format_number(_round(hours)),
        f"{format_number(_round(row['runs'] * hours))} {where} hours",
    ]  # fmt: skip


def _round(value: float, digits: int = 2) -> float:
    return float(f"{value:.{digits}g}")
