"""What the works' own scale would cost, and what the runs of a part did cost, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from landscape.book.tables import Note, Table
from landscape.evidence import paper_costs, provenance
from landscape.evidence.measurement import format_number
from landscape.evidence.paper_costs import rounded

if TYPE_CHECKING:
    from landscape.evidence.runs import Runs


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


def of_part(
    runs: Runs, root: str | Path, part: str, pages: Sequence[str]
) -> tuple[Note] | tuple[Note, Table]:
    """What the runs of some of a part's pages cost, in a sentence and, by page, in a table."""
    table = _by_page(runs, root, part, pages)
    if table.empty:
        return (Note("What the runs of this part cost was not counted here."),)
    total, count, counted, known, clock = (
        table[name].sum() for name in ("minutes", "runs", "counted", "known", "clock"))  # fmt: skip
    if counted == count:
        took = f"took {total:.0f} minutes of CPU time"
    else:
        took = f"took at most {total:.0f} minutes of one core"
        rest = (
            f"{count - counted} were made before CPU time was counted: their {total - known:.0f} "
            "minutes by the clock hold what else the machine did"
        )
        took += f". {rest}" if not counted else (
            f". Of {counted} the CPU time is known: {known:.0f} minutes, where the clock says "
            f"{clock:.0f}. The other {rest}"
        )  # fmt: skip
    cells = [[f"[{row.page}]({row.page}.html)", f"{row.minutes:.1f}", f"{row.runs}",
              f"{row.counted}"] for row in table.itertuples()]  # fmt: skip
    return (
        Note(f"**Cost.** The {count} runs of this part in the {runs.scale} profile {took}."),
        Table(["page", "core minutes", "runs", "CPU time counted"], cells, folded=True,
              stack=True, caption="What the runs cost, by page"),
    )  # fmt: skip


def _by_page(runs: Runs, root: str | Path, part: str, pages: Sequence[str]) -> pd.DataFrame:
    """Core minutes by page, dearest first; pages without runs are left out.

    ``counted`` are runs whose CPU time is known, ``known`` its minutes and ``clock`` theirs by the
    clock; for the others the clock's time times the workers stands in, which is more.
    """
    from landscape.experiments import catalogue

    rows = []
    for name in pages:
        of = [e.id for e in catalogue.experiments(root) if e.page == f"{part}/{name}"]
        took = [(*provenance.core_seconds(item), _clock(item))
                for one in of for item in runs.provenance(one).values()]  # fmt: skip
        if took:
            rows.append({
                "page": name, "minutes": sum(seconds for seconds, _, _ in took) / 60,
                "runs": len(took), "counted": sum(is_known for _, is_known, _ in took),
                "known": sum(seconds for seconds, is_known, _ in took if is_known) / 60,
                "clock": sum(wall for _, is_known, wall in took if is_known) / 60,
            })  # fmt: skip
    columns = ["page", "minutes", "runs", "counted", "known", "clock"]
    return pd.DataFrame(rows, columns=columns).sort_values("minutes", ascending=False)


def _clock(item: dict[str, Any]) -> float:
    """Seconds by the clock times the workers."""
    return provenance.core_seconds({**item, "cpu_seconds": None})[0]
