"""What the page on a fading random field shows beside its curves.

Errors of many fields, the least gradient, and which networks never learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import PAPER, look, panel
from landscape.book.tables import Cell, Table
from landscape.evidence.methods import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from landscape.evidence.field_sweep import Cells


def sweep(cells: Cells) -> Figure:
    """Final validation error of every field, coloured by its difference from Adam."""
    from matplotlib.colors import SymLogNorm

    strengths, times = (sorted({point[i] for point in cells}) for i in (0, 1))
    colours = np.array([[cells[J, t][1].value if (J, t) in cells else np.nan for J in strengths]
                        for t in times])  # fmt: skip
    figure, ax = panel(width=4.6, height=2.5)
    image = ax.imshow(colours, cmap="RdBu_r", norm=SymLogNorm(linthresh=1, vmin=-100, vmax=100),
                      origin="lower", aspect="auto")  # fmt: skip
    for (J, t), (mean, gap) in cells.items():
        text = f"{mean:.1f}" + ("*" if gap.apart() else "")
        # Dark and light numbers on the picture's own colours, the same in both modes.
        red, green, blue, _ = image.cmap(image.norm(gap.value))
        color = "#1b1b1b" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "#fafafa"
        ax.text(strengths.index(J), times.index(t), text, ha="center", va="center", color=color)
    ax.set(xticks=range(len(strengths)), xticklabels=[f"{J:g}" for J in strengths],
           yticks=range(len(times)), yticklabels=[f"{t:g}" for t in times],
           xlabel="strength $J$", ylabel=r"decay time $\tau_0$")  # fmt: skip
    ax.grid(False)
    figure.colorbar(image, ax=ax, label="minus Adam's [points]", ticks=[-100, -10, 0, 10, 100])
    return figure


def least_gradient(
    frame: pd.DataFrame, record: pd.DataFrame | None, methods: Sequence[str], column: str
) -> Figure:
    """Median over seeds, with their range, of the smallest gradient; the record's dashed."""
    figure, ax = panel(height=2.75)
    for rows, line in ((frame, "-"), (record, "--")):
        for method in methods if rows is not None else ():
            own = rows[rows["method"] == method].dropna(subset=[column])
            seeds = own.groupby("effective_epoch")[column].agg(["median", "min", "max"])
            seen = look(method)
            ax.plot(
                seeds.index, seeds["median"], line, color=seen.color, marker=seen.marker,
                markevery=max(1, len(seeds) // 8),
                markerfacecolor=seen.color if line == "-" else PAPER,
                label=seen.label + ("" if line == "-" else ", record"),
            )  # fmt: skip
            ax.fill_between(seeds.index, seeds["min"], seeds["max"], color=seen.color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    # Linear below 1e-12, so that a gradient of exactly zero (silent units) has a place.
    ax.set_yscale("symlog", linthresh=1e-12)
    ax.set(ylim=(-2e-13, 10), yticks=[0, 1e-12, 1e-9, 1e-6, 1e-3, 1], xlabel="epochs",
           ylabel="smallest |gradient|")  # fmt: skip
    ax.legend(fontsize=9)
    return figure


def dead_table(
    networks: Mapping[str, Sequence[pd.DataFrame | None]], methods: Sequence[str], above: float,
    scale: str, name: str,
) -> Table:  # fmt: skip
    """How many runs end above a validation error, and in how many of them a layer is silent.

    Args:
        networks: A record's frame and this build's, by what they are called.
        methods: A row each for every network.
        above: Percent.
        scale: Of this build.
        name: The table's label.
    """
    rows = [
        [title, label(method), *(_dead(frame, method, above) for frame in pair)]
        for title, pair in networks.items() for method in methods
    ]  # fmt: skip
    return Table(
        ["network", "optimizer", "record", f"this build ({scale})"], rows, label=name,
        caption=f"Runs that end above {above:g} % validation error",
    )  # fmt: skip


def _dead(frame: pd.DataFrame | None, method: str, above: float) -> Cell:
    if frame is None or not (frame["method"] == method).any():
        return Cell("–")
    last = frame[frame["method"] == method].groupby("seed").last()
    silent = (last["gradient_layer_min_raw"] == 0).sum()
    number = (last["validation_error"] > above).sum()
    return Cell(f"{number} of {len(last)}", details=f"{silent} with a silent layer")
