"""Pictures of the page on what the published programs do (``landscape.evidence.form_rules``)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, curve, log_axis, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from landscape.evidence.measurement import Measurement

LEAST = 1e-4  # smaller effects stand here on the logarithmic axis
COLORS = (*(CYCLE[place] for place in (1, 2, 5, 4, 0)), GREY)
PAIRS = (  # runs on LeNet, name of their distance, colour, marker
    (("thesis", "pytorch"), "text – PyTorch", CYCLE[2], "^"),
    (("thesis", "lua"), "text – Lua", CYCLE[4], "D"),
    (("lua", "thesis_inner"), "Lua – text without\nmomentum outside", CYCLE[6], "o"),
    (("thesis", "other_batches"), "text – itself on\nother batches", GREY, "s"),
)


def draw_errors(frame: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test error against gradient evaluations, by method and its name in the legend."""
    figure, ax = panel(height=3.1)
    for (method, name), color, marker in zip(names.items(), COLORS, "s^vDox", strict=True):
        rows = frame[(frame["method"] == method) & (frame["step"] > 0)]
        # Runs are evaluated at most an outer step apart: the same place on the axis for all seeds.
        step = rows.groupby(rows.groupby("seed").cumcount())["step"].transform("max")
        curve(ax, rows.assign(step=step), "step", "test_error", method, label=name,
                   color=color, marker=marker, log=True)  # fmt: skip
    log_axis(ax)
    ax.set(xlabel="gradient evaluations", ylabel="test error [%]")
    ax.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def draw_drift(drifts: Mapping[tuple[str, str], Mapping[int, Measurement]]) -> Figure:
    """Distances on LeNet by outer step, in parts of the way gone, for the pairs of PAIRS."""
    figure, ax = panel(height=3.1)
    for pair, label, color, mark in PAIRS:
        found = drifts[pair]
        middle = np.array([m.value for m in found.values()])
        ax.plot(list(found), middle, marker=mark, color=color, label=label)
        if all(m.has_interval for m in found.values()):
            ax.fill_between(list(found), [max(m.low, 0) for m in found.values()],
                            [m.high for m in found.values()], color=color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    ax.set(xlabel="outer steps", ylabel="distance / way gone", ylim=(0, None))
    ax.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def draw_switches(
    effects: Mapping[float, Mapping[str, Measurement | None]],
    names: Mapping[str, str],
    recorded: Mapping[str, float],
    update: int,
) -> Figure:
    """How far each switched convention moves the weights.

    Args:
        effects: By outer rate and switch, in parts of the way gone.
        names: What the axis calls each switch, the topmost first.
        recorded: The same as once measured on the program itself, at the smallest outer rate.
        update: After how many outer steps.
    """
    figure, ax = panel(height=3.1)
    places = dict(zip(names, range(len(names))[::-1], strict=True))
    for lr, shift, color in zip(sorted(effects), (0.12, -0.12), CYCLE, strict=False):
        found = {s: m for s, m in effects[lr].items() if m is not None and m.has_interval}
        ends = np.array([(m.value, m.low, m.high) for m in found.values()]).clip(LEAST).T
        ax.errorbar(ends[0], [places[switch] + shift for switch in found],
                    xerr=(ends[0] - ends[1], ends[2] - ends[0]), fmt="o", color=color, capsize=2,
                    linewidth=1, label=rf"$\eta' = {lr:g}$")  # fmt: skip
    if recorded:
        ax.plot(list(recorded.values()), [places[switch] + 0.12 for switch in recorded], "x",
                color=INK, markersize=8, label=r"program, $\eta' = 0.1$")  # fmt: skip
    ax.set_yticks(list(places.values()),
                  [textwrap.fill(names[switch], 16) for switch in places])  # fmt: skip
    ax.set(xscale="log", xlim=(0.6 * LEAST, 20), xlabel=f"moved / way, {update} outer steps")
    ax.minorticks_off()
    ax.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.3, 1.0))
    return figure
