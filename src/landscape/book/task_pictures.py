"""Two optimizers on several tasks, one line a task (table 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.book.style import GREY, INK, PAPER, look, panel

#: Place beside the task's line, marker and name by source.
MARKS = {"work": (-0.22, "D", "printed in the work"), "record": (0.0, "o", "record"),
         "build": (0.22, "v", "this build")}  # fmt: skip


def lines(
    table: pd.DataFrame, tasks: Sequence[str], column: str, neutral: float, label: str, method: str
) -> tuple[Figure, Axes]:
    """One quantity of all tasks, with intervals, and the line of no difference.

    Args:
        table: ``task``, ``source`` (a key of MARKS), the column, and its ends ``_low``, ``_high``.
        tasks: From top to bottom.
        column: The quantity; what has none is left out.
        neutral: Where there is no difference.
        label: The axis' name.
        method: Whose colour ours have; the work's is the ink's.
    """
    figure, ax = panel(height=3.1)
    for source, (shift, marker, name) in MARKS.items():
        part = table[table["source"] == source].dropna(subset=[column])
        if part.empty:
            continue
        color = INK if source == "work" else look(method).color
        at = [list(tasks).index(task) + shift for task in part["task"]]
        bounds = [f"{column}_{end}" for end in ("low", "high")]
        spans = None
        if set(bounds) <= set(part):
            low, high = (part[end].fillna(part[column]) for end in bounds)
            spans = [part[column] - low, high - part[column]]
        ax.errorbar(part[column], at, xerr=spans, fmt=marker, color=color, label=name, elinewidth=1,
                    markerfacecolor=PAPER if source == "record" else color)  # fmt: skip
    ax.axvline(neutral, color=GREY, linewidth=1)
    ax.set(yticks=range(len(tasks)), yticklabels=list(tasks), xlabel=label,
           ylim=(len(tasks) - 0.4, -0.6))  # fmt: skip
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9,
              columnspacing=0.9, handletextpad=0.2)  # fmt: skip
    return figure, ax
