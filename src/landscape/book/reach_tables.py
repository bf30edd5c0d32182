"""How far hours reach into a sweep at the works' own scale, as a table for its page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from landscape.book.tables import Note, Table
from landscape.evidence import paper_costs, sweep_reach
from landscape.evidence.measurement import format_number
from landscape.evidence.paper_costs import rounded


def table(
    root: str | Path,
    experiment: str,
    *,
    hours: float = 6.0,
    rows: str = "lr",
    columns: str = "l2",
    device: str = "cpu",
) -> Table | Note:
    r"""Which networks of a sweep so many core (or GPU) hours give, the cheapest first.

    Args:
        root: The project's folder.
        experiment: A sweep, with all its methods; the settings of the profile ``paper``.
        hours: Of one core, or one GPU.
        rows: The axis that has a row for each of its values (in formulas $\eta$).
        columns: The axis that is counted along a row ($\lambda$).
        device: ``cpu`` or ``cuda``: whose measured steps count.

    Returns:
        Folded: a row for each value of ``rows``: how many values of ``columns`` are reached, down
        to which, with how many steps, and what the rest of the row would take. A note where
        nothing was measured.
    """
    known = sweep_reach.measured(Path(root), experiment, device=device)
    if known is None:
        return Note(
            f"How far hours reach into `{experiment}` at the work's own scale has not been "
            "measured; this does it:", paper_costs.COMMAND,
        )  # fmt: skip
    step, evaluation, machine = known
    frame = sweep_reach.networks(experiment, Path(root))
    found = sweep_reach.reach(sweep_reach.with_seconds(frame, step, evaluation), hours)
    unit = "core" if device == "cpu" else "GPU"
    body = [_row(value, of, columns, unit) for value, of in found.frame.groupby(rows)]
    share = 100 * found.spent / found.whole
    return Table(
        [f"${_LETTERS.get(rows, rows)}$", f"values of ${_LETTERS.get(columns, columns)}$ reached",
         "down to", "steps there", "hours so far", "the rest of the row"],
        body, folded=True, name="reach", stack=True,
        caption=f"How far {hours:g} {unit} hours reach: {found.count} of {len(found.frame)} "
        f"networks of the work's grid, the cheapest first, of a total of "
        f"{paper_costs.hours(found.whole)} {unit} hours (so {share:.2g} %); "
        f"{1000 * step:.0f} ms a step and {format_number(rounded(evaluation))} s for a thousand "
        f"evaluated samples, measured on {machine}",
    )  # fmt: skip


_LETTERS = {"lr": r"\eta", "l2": r"\lambda"}


def _row(value: float, of: pd.DataFrame, columns: str, unit: str) -> list[str]:
    reached, rest = of[of["reached"]], of[~of["reached"]]
    seen = f"{reached[columns].nunique()} of {of[columns].nunique()}"
    if reached.empty:
        last = ["–", "–", "–"]
    else:
        least = reached[reached["steps"] == reached["steps"].max()]
        last = [f"{least[columns].iloc[0]:g}", f"{least['steps'].iloc[0]:,}",
                _hours(reached["seconds"].sum())]  # fmt: skip
    more = "nothing" if rest.empty else f"{_hours(rest['seconds'].sum())} {unit} hours"
    return [f"{value:g}", seen, *last, more]


def _hours(seconds: float) -> str:
    return paper_costs.hours(seconds / 3600)
