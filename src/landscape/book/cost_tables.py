"""What the works' own scale would cost, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape.book.tables import Note, Table
from landscape.evidence import paper_costs
from landscape.evidence.measurement import format_number
from landscape.evidence.paper_costs import rounded


def cost_at_paper_scale(
    root: str | Path, experiments: Sequence[str], methods: Sequence[str] | None = None
) -> Table | Note:
    """One row a method: runs, steps, seconds a step, hours a run and core or GPU hours together.

    Hours are those of the steps and of the evaluations, whose part has a column of its own.
    ``methods`` leaves out the others. A note says how to measure where nothing is known.
    """
    rows, found = [], paper_costs.of(root, experiments, methods)
    for costs in found:
        rows += [_row(row, costs.unit) for row in costs.rows]
        if len(costs.rows) > 1:
            total = f"{paper_costs.hours(costs.hours)} {costs.unit}"
            rows.append(["all", "", "", "", "", "", total])
    if not rows:
        return Note(
            "What the works' own scale would cost has not been measured; this does it:",
            paper_costs.COMMAND,
        )
    return Table(
        ["runs", "number", "steps of each", "seconds a step", "hours of each", "of it evaluations",
         "together"],
        rows, name="paper-cost",
        caption="What the works' own scale costs, from a few measured steps and evaluations "
        f"(median [quartiles]); {'; '.join(costs.machine for costs in found)}",
    )  # fmt: skip


def _row(row: dict[str, Any], unit: str) -> list[str]:
    low, high = row["step_quartiles"]
    middle, low, high = (format_number(rounded(x, 3)) for x in (row["step_seconds"], low, high))
    hours = row["hours"]
    return [
        f"{row['experiment']} / {row['method']}", str(row["runs"]), f"{row['steps']:,}",
        f"{middle} [{low}, {high}]", paper_costs.hours(hours),
        paper_costs.hours(paper_costs.evaluating(row)),
        f"{paper_costs.hours(row['runs'] * hours)} {unit}",
    ]  # fmt: skip
