"""What the works' own scale would cost, from ``records/paper-scale-costs/<date>.json``.

Of every experiment and method the newest file that has it counts.
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
    """The measured rows of one kind of device, cpu or cuda; ``machine`` names where, and when.

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
    """The files with the rows that no newer one of the same kind of device has.

    The CPU's come first, then newest first; empty when nothing was measured. A file of which no row
    is left is not among them.

    Raises LandscapeError naming a file that cannot be read.
    """
    found: list[dict[str, Any]] = []
    taken: set[tuple[str, str, str]] = set()
    for path in sorted(Path(root).glob(f"{FOLDER}/*.json"), reverse=True):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            device = content["machine"]["device"]
            keys = [(device, row["experiment"], row["method"]) for row in content["rows"]]
        except (ValueError, KeyError, TypeError) as error:
            raise LandscapeError(
                f"{FOLDER}/{path.name} cannot be read ({error!r}): restore it from git."
            ) from error
        rows = [row for key, row in zip(keys, content["rows"], strict=True) if key not in taken]
        taken.update(keys)
        if rows:
            found.append({**content, "rows": rows})
    return sorted(found, key=lambda content: content["machine"]["device"] != "cpu")


def of(
    root: str | Path, experiments: Sequence[str], methods: Sequence[str] | None = None
) -> list[Costs]:
    """What is known about some experiments, by kind of device; ``methods`` leaves out others."""
    rows: dict[str, list[dict[str, Any]]] = {}
    names: dict[str, list[str]] = {}
    for content in newest(root):
        machine = content["machine"]
        chosen = [
            row for row in content["rows"]
            if row["experiment"] in experiments and row["method"] in (methods or [row["method"]])
        ]  # fmt: skip
        if chosen:
            rows.setdefault(machine["device"], []).extend(chosen)
            name = f"{machine['name']}, torch {machine['torch']}, {content['date']}"
            known = names.setdefault(machine["device"], [])
            known += [] if name in known else [name]  # two files of one day and machine
    return [Costs(device, " and ".join(names[device]), tuple(rows[device])) for device in rows]


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
            f"{hours(costs.hours)} {costs.unit} ({costs.machine}; "
            f"{'less than 1' if share < 1 else format_number(rounded(share))} % of it evaluations)"
        )
    runs = sum(row["runs"] for row in found[0].rows)
    return (
        f"At the work's own scale its {runs} run{'s cost' if runs > 1 else ' costs'} "
        f"{' or '.join(texts)}, from a few measured steps."
    )


def evaluating(row: dict[str, Any]) -> float:
    """The hours that the evaluations of one run take."""
    return row["rows"] * row["evaluated"] / 1000 * row["evaluation_seconds"] / 3600


def rounded(value: float, digits: int = 2) -> float:
    """To a few significant digits, as costs deserve."""
    return float(f"{value:.{digits}g}")


def hours(value: float) -> str:
    """Hours in words, to two digits: 13,000 and not 1.3e4."""
    value = rounded(value)
    return f"{value:,.0f}" if value >= 1000 else format_number(value)
