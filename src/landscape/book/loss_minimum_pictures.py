"""Panels of when the training loss of networks with L2 is least, and what it does afterwards.

Source: Lewkowycz & Gur-Ari (2020), section 4 and figure S6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from landscape.book.l2_pictures import inverse, series
from landscape.book.style import panel
from landscape.evidence.statistics import geometric_mean, mean_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def nothing() -> Figure:
    """A panel that says that there is nothing to draw."""
    figure, ax = panel(height=1.6)
    ax.text(0.5, 0.5, "not run", ha="center", va="center", transform=ax.transAxes)
    ax.set_axis_off()
    return figure


def laws(networks: Mapping[int, tuple[str, pd.DataFrame]]) -> dict[str, Figure]:
    """Time of the least loss, growth after it, and how far back it goes, against lambda.

    Args:
        networks: By number, which gives them their colours, name and rows of
            ``landscape.evidence.loss_minima.least_losses`` of one rate, with ``back`` in percent of
            the way to the loss of a network that answers nothing.

    Returns:
        Panels a (time), b (last loss over least) and c (the way back).
    """
    panels = {letter: panel(height=3.1) for letter in "abc"}
    axes = {letter: ax for letter, (_, ax) in panels.items()}
    ends: dict[str, list[float]] = {"a": [], "b": []}
    for number, (name, least) in networks.items():
        inside = least[~least["censored"] & (least["t_star"] > 0)]
        unit, kept = least["lr"].iloc[0], least.dropna(subset="growth").groupby("l2")
        marks = {
            "a": {l2: geometric_mean(unit * group["t_star"]) for l2, group in inside.groupby("l2")},
            "b": {l2: geometric_mean(group["growth"]) for l2, group in kept},
            "c": {l2: mean_interval(group["back"]) for l2, group in kept},
        }
        for letter, found in marks.items():
            series(axes[letter], found, number, name)
            if letter in ends:
                ends[letter] += [m.value for m in found.values()]
        inverse(axes["a"], inside["l2"], unit * inside["t_star"], "")
    labels = {"a": r"least loss at $t\,\eta$ (steps)", "b": "last over least loss",
              "c": "way back [%]"}  # fmt: skip
    for letter, label in labels.items():
        axes[letter].set(xscale="log", xlabel=r"$\lambda$", ylabel=label)
    axes["a"].set_yscale("log")
    axes["c"].set_ylim(-5, 105)
    # By the means: of two seeds that differ, the interval spans decades.
    if ends["a"]:
        axes["a"].set_ylim(min(ends["a"]) / 3, max(ends["a"]) * 3)
    if ends["b"]:
        axes["b"].set_ylim(0.95, 1.1 * max(ends["b"]))
    lines, words = axes["b"].get_legend_handles_labels()
    if lines:
        axes["b"].legend(lines, words, fontsize=8)
    return {letter: figure for letter, (figure, _) in panels.items()}
