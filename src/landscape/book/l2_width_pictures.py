"""Pictures of networks of many widths beside the theory of infinite width under L2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from landscape.book.style import CYCLE, GREY, INK, log_axis, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = "osD^v"


def losses(rows: pd.DataFrame, decay: float, widths: list[int]) -> Figure:
    """Training loss of one seed against lambda t, darker the wider, and the widest's theory."""
    figure, ax = panel(height=3.1)
    first = rows["seed"].min()
    rows = rows[(rows["decay"] == decay) & (rows["time"] > 0) & (rows["seed"] == first)]
    for share, width in zip(np.linspace(0.35, 1, len(widths)), widths, strict=True):
        one = rows[rows["width"] == width]
        ax.plot(decay * one["time"], one["loss"], color=CYCLE[0], alpha=share, label=f"{width:,}")
    ax.plot(decay * one["time"], one["loss_flow"], "--", color=CYCLE[1], label="theory")
    ax.axhline(one["loss_zero"].iloc[0], color=GREY, linestyle=":")
    ax.set(xscale="log", yscale="log", xlabel=r"$\lambda t$", ylabel="training loss")
    ax.legend(title="width", fontsize=8.5)
    return figure


def distances(found: pd.DataFrame) -> Figure:
    """Distance from the theory against width by lambda: a point a seed, lines through the means."""
    figure, ax = panel(height=3.1)
    for (decay, rows), color, mark in zip(found.groupby("decay"), CYCLE, MARKS, strict=False):
        ax.plot(rows["width"], rows["at_minimum"], mark, color=color, markersize=3, alpha=0.6)
        ax.plot(*_means(rows, "at_minimum"), color=color, label=rf"minimum, $\lambda = {decay:g}$")
    rows = found[found["decay"] == found["decay"].min()]
    ax.plot(*_means(rows, "at_end"), "--", color=CYCLE[0], label=r"end, smallest $\lambda$")
    width, middle = _means(found[found["decay"] == found["decay"].max()], "at_minimum")
    ax.plot(width, middle.iloc[-1] / 2 * width.max() / width, ":", color=GREY, label="$1/n$")
    ax.set(xscale="log", yscale="log", xlabel="width $n$", ylabel="distance from the theory")
    ax.set_ylim(bottom=found["at_minimum"].min() / 40)  # room for the legend
    ax.legend(fontsize=8.5, loc="lower left")
    return figure


def _means(rows: pd.DataFrame, column: str) -> tuple[pd.Index, pd.Series]:
    """Widths, and geometric means over seeds."""
    means = np.exp(np.log(rows[column]).groupby(rows["width"]).mean())
    return means.index, means


def ends(found: pd.DataFrame, edge: float | None, name: str) -> Figure:
    """Size of the function at the end against the strength, a mark a lambda."""
    figure, ax = panel(height=3.1)
    for (decay, rows), color, mark in zip(found.groupby("decay"), CYCLE, MARKS, strict=False):
        means = rows.groupby("strength")["size"].mean()
        ax.plot(rows["strength"], rows["size"], mark, color=color, markersize=3, alpha=0.6)
        ax.plot(means.index, means, mark, linestyle="-", color=color, linewidth=1,
                markerfacecolor="none", markersize=7, label=rf"$\lambda = {decay:g}$")  # fmt: skip
    if edge is not None:
        ax.axvline(edge, color=INK, linestyle=":", label="edge")
    log_axis(ax, "x")
    ax.set(xlabel=name, ylabel="size of $f$ at the end", ylim=(-0.04, 1.04))
    ax.legend(fontsize=8.5)
    return figure


def departures(found: Mapping[int, pd.DataFrame], decay: float) -> Figure:
    """lambda times the time of departure against width, with the expected slopes."""
    figure, ax = panel(height=3.1)
    for (degree, rows), color, mark in zip(found.items(), CYCLE, MARKS, strict=False):
        rows = rows[(rows["decay"] == decay) & rows["departure"].notna()]
        _with_slope(ax, rows["width"], decay * rows["departure"], 1 / (2 * degree), color, mark,
                    f"$k = {degree}$")  # fmt: skip
    ax.set(xscale="log", xlabel="width $n$", ylabel=r"$\lambda\,\times$ time of departure")
    ax.set_ylim(bottom=-0.05)
    ax.legend(fontsize=8.5)
    return figure


def _with_slope(
    ax: Axes, x: pd.Series, y: pd.Series, slope: float, color: str, mark: str, label: str
) -> None:
    ax.plot(x, y, mark, color=color, markersize=4, label=label)
    line = np.array([x.min(), x.max()])
    ax.plot(line, y.mean() + slope * (np.log(line) - np.log(x).mean()), "--", color=color,
            linewidth=1, label=rf"slope $\frac{{1}}{{2k}} = {slope:.3g}$")  # fmt: skip


def elsewhere(rows: pd.DataFrame, column: str, ylabel: str) -> Figure:
    """A test quantity against lambda t by degree: mean over subsets with its interval."""
    from landscape.book.style import interval

    figure, ax = panel(height=3.1)
    for (degree, own), color in zip(rows.groupby("degree"), CYCLE, strict=False):
        x, y, low, high = [], [], [], []
        for time, group in own.groupby("time"):
            x.append(time * group["decay"].iloc[0])
            y.append(group[column].mean())
            bounds = interval(group[column])
            low.append(bounds[0])
            high.append(bounds[1])
        ax.plot(x, y, color=color, label=f"$k = {degree}$")
        ax.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)
    ax.set(xscale="log", xlabel=r"$\lambda t$", ylabel=ylabel)
    ax.legend(fontsize=8.5)
    return figure
