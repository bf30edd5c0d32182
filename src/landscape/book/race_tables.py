"""Tables of races: when each method reaches an error, seed by seed or as medians."""

from collections.abc import Sequence

import pandas as pd

from landscape.book.tables import Cell, Table
from landscape.evidence import statistics
from landscape.evidence.methods import label
from landscape.evidence.races import ERROR


def times_table(
    frame: pd.DataFrame, methods: Sequence[str], levels: Sequence[float], caption: str
) -> Table:
    """Median epochs to each error of the runs that get there, and how many do; folded.

    Methods that the frame does not have are left out.
    """
    present = [method for method in methods if (frame["method"] == method).any()]
    rows = []
    for level in levels:
        cells = [f"{level:g} %"]
        for method in present:
            times = statistics.time_to_threshold(frame[frame["method"] == method], ERROR, level)
            got = times.dropna()
            middle = f"{got.median():.3g}" if len(got) else "never"
            cells.append(Cell(middle, details=f"{len(got)} of {len(times)} runs"))
        rows.append(cells)
    names = [label(method) for method in present]
    return Table(["error", *names], rows, caption=caption, folded=True)


def seeds_table(
    frame: pd.DataFrame, methods: Sequence[str], level: float, caption: str, folded: bool = False
) -> Table:
    """Every seed's final validation error, the first method's subtracted, and epochs to ``level``.

    Methods that the frame does not have are left out; a run that diverged says so.
    """
    present = [method for method in methods if (frame["method"] == method).any()]
    ends, times = {}, {}
    for method in present:
        rows = frame[frame["method"] == method]
        ends[method] = statistics.per_seed(rows, ERROR)
        times[method] = statistics.time_to_threshold(rows, ERROR, level)
    table = []
    for seed in sorted(frame["seed"].unique()):
        cells = [str(seed)]
        for method in present:
            if seed not in ends[method]:
                ran = ((frame["method"] == method) & (frame["seed"] == seed)).any()
                cells.append("diverged" if ran else "–")
                continue
            text = f"{ends[method][seed]:.2f} %"
            if method != present[0] and seed in ends[present[0]]:
                text += f" ({ends[method][seed] - ends[present[0]][seed]:+.2f})"
            time = times[method][seed]
            reached = f"epoch {time:.3g}" if time == time else "never"
            cells.append(Cell(text, details=f"{level:.3g} %: {reached}"))
        table.append(cells)
    names = [label(method) for method in present]
    return Table(["seed", *names], table, caption=caption, folded=folded)
