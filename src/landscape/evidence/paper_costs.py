"""What the works' own scale would cost, from the newest ``records/paper-scale-costs/<date>.json``.

``benchmarks/paper_scale.py`` measures it and describes the file. As a table:
``landscape.book.cost_tables``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.evidence.measurement import format_number

FOLDER = "records/paper-scale-costs"
#: What measures the costs where nothing is known.
COMMAND = "python benchmarks/paper_scale.py --record"


@dataclass(frozen=True)
class Costs:
    """The measured rows of one machine; ``device`` is cpu or cuda.

    A row's ``hours`` are those of one run: its steps and its evaluations.
    """

    device: str
    machine: str
    rows: tuple[dict[str, Any], ...]

    @property
    def hours(self) -> float:
        """All runs together."""
        return sum(row["runs"] * row["hours"] for row in self.rows)

    @property
    def evaluating(self) -> float:
        """The hours of them that evaluations take."""
        return sum(row["runs"] * evaluating(row) for row in self.rows)

    @property
    def unit(self) -> str:
        """``core hours`` or ``GPU hours``."""
        return "core hours" if self.device == "cpu" else "GPU hours"


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


def of(
    root: str | Path, experiments: Sequence[str], methods: Sequence[str] | None = None
) -> list[Costs]:
    """What is known about some experiments, a machine at a time; ``methods`` leaves out others."""
    found = []
    for content in newest(root):
        machine = content["machine"]
        rows = tuple(
            row for row in content["rows"]
            if row["experiment"] in experiments and row["method"] in (methods or [row["method"]])
        )  # fmt: skip
        if rows:
            name = f"{machine['name']}, torch {machine['torch']}, {content['date']}"
            found.append(Costs(machine["device"], name, rows))
    return found


def sentence(
    root: str | Path, experiments: Sequence[str], methods: Sequence[str] | None = None
) -> str:
    """What the works' own scale would cost, in one sentence with the machine it was measured on."""
    found = of(root, experiments, methods)
    if not found:
        return (
            f"What the work's own scale would cost has not been measured; `{COMMAND}` measures it."
        )
    texts = []
    for costs in found:
        share = 100 * costs.evaluating / costs.hours if costs.hours else 0
        texts.append(
            f"{format_number(rounded(costs.hours))} {costs.unit} ({costs.machine}; "
            f"{'less than 1' if share < 1 else format_number(rounded(share))} % of it evaluations)"
        )
    runs = sum(row["runs"] for row in found[0].rows)
    return (
        f"At the work's own scale its {runs} run{'s' if runs > 1 else ''} would take "
        f"{' or '.join(texts)}, from a few measured steps."
    )


def evaluating(row: dict[str, Any]) -> float:
    """The hours that the evaluations of one run take."""
    return row["rows"] * row["evaluated"] / 1000 * row["evaluation_seconds"] / 3600


def rounded(value: float, digits: int = 2) -> float:
    """To a few significant digits, as costs deserve."""
    return float(f"{value:.{digits}g}")
