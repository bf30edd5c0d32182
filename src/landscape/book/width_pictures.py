"""Pictures of how wide solutions are: the panels of the page "Wide or not?"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from landscape.book.style import CYCLE, GREY, INK, PAPER, interval, log_axis, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landscape.evidence.measurement import Measurement

#: Colour and marker by method; the two scopes of Entropy-SGD share a hue family.
LOOKS = {
    "entropy_sgd": ("#D2608E", "v"),
    "entropy_sgd_loose": ("#B98300", "^"),
    "sgd": (INK, "D"),
    "sgd_inner": ("#009E73", "s"),
    "adam": ("#0072B2", "o"),
}


def against_loss(
    rows: pd.DataFrame, column: str, labels: Mapping[str, str], level: float, ylabel: str
) -> Figure:
    """A measure against the training loss: a mark an instant, geometric means with intervals."""
    figure, ax = panel(height=3.1)
    for method, label in labels.items():
        own = rows[(rows["method"] == method) & (rows[column] > 0)]
        x, y, bars = [], [], []
        for _, group in own.groupby("at"):
            logs = np.log(group[column])
            low, high = interval(logs)
            x.append(np.exp(np.log(group["training_loss"]).mean()))
            y.append(np.exp(logs.mean()))
            bars.append([y[-1] - np.exp(low), np.exp(high) - y[-1]])
        color, marker = LOOKS[method]
        if x:
            bars = np.nan_to_num(np.transpose(bars))
            ax.errorbar(x, y, bars, color=color, marker=marker, label=label, capsize=2,
                        elinewidth=0.9)  # fmt: skip
    ax.axvline(level, color=GREY, linestyle=":", linewidth=1.4)
    log_axis(ax, "x")
    log_axis(ax, "y")
    ax.invert_xaxis()
    ax.set(xlabel="training loss", ylabel=ylabel)
    ax.legend(fontsize=8.5, loc="best")
    return figure


def ratios(found: Mapping[str, Mapping[str, Measurement]], names: Mapping[str, str]) -> Figure:
    """Ratios with intervals: a row a measure, a mark a method that is compared with.

    Args:
        found: label of the other method -> measure -> ratio.
        names: Measure -> its name, from above.
    """
    figure, ax = panel(height=3.1)
    shifts = np.linspace(0.22, -0.22, len(found))
    looks = zip(_OTHERS, "Dos", strict=True)
    for shift, (label, of), (color, mark) in zip(shifts, found.items(), looks, strict=True):
        shown = [(i, of[m]) for i, m in enumerate(names) if of[m].has_interval]
        if not shown:
            continue
        x = np.array([one.value for _, one in shown])
        bars = np.abs(np.array([[one.low, one.high] for _, one in shown]).T - x)
        y = [-i + shift for i, _ in shown]
        ax.errorbar(x, y, xerr=bars, fmt=mark, color=color, capsize=2, label=label, elinewidth=0.9)
    ax.axvline(1, color=GREY, linewidth=1)
    ax.set_xscale("log")
    _plain_ticks(ax)
    ax.set_yticks([-i for i in range(len(names))], list(names.values()))
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(0.6 - len(names), 0.95), xlabel="wider  ←  ratio  →  narrower")
    ax.legend(fontsize=8.5, loc="upper center", ncols=3, columnspacing=0.9, handletextpad=0.2,
              bbox_to_anchor=(0.3, 1.12))  # fmt: skip
    return figure


_OTHERS = (INK, "#0072B2", "#009E73")


def _plain_ticks(ax: Axes) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    low, high = ax.get_xlim()
    ticks = [t for t in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10) if low <= t <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def rescaled(rows: pd.DataFrame, series: Mapping[str, str]) -> Figure:
    """Measures of one network whose layers are multiplied and divided, by those at factor 1."""
    figure, ax = panel(height=3.1)
    layers = rows[rows["kind"] == "layer"].sort_values("factor")
    base = layers[layers["factor"] == 1].iloc[0]
    marks = "osvD^"
    for (column, label), color, mark in zip(series.items(), CYCLE, marks, strict=False):
        dashed = {"linestyle": "--"} if column.startswith("balanced") else {}
        ax.plot(layers["factor"], layers[column] / base[column], color=color, marker=mark,
                label=label, **dashed)  # fmt: skip
    log_axis(ax, "x")
    ax.set_xticks(layers["factor"])
    log_axis(ax, "y")
    ax.set(xlabel=r"factor $\alpha$ of the first layer", ylabel="measure, by that at 1")
    ax.legend(fontsize=8.5, loc="upper center")
    return figure


def lines(rows: pd.DataFrame, labels: Mapping[str, str], xlabel: str) -> Figure:
    """The loss along a line, each method's mean over seeds with its interval as a band.

    Half of what was computed: further out the loss is many times that of the solutions.
    """
    figure, ax = panel(height=3.1)
    rows = rows[rows["step"].abs() <= rows["step"].max() / 2]
    for method, label in labels.items():
        own = rows[rows["method"] == method]
        if own.empty:
            continue
        color, marker = LOOKS[method]
        by_step = own.groupby("step")["rise"]
        mean, bands = by_step.mean(), by_step.apply(lambda v: interval(v))
        low, high = (np.array([band[i] for band in bands]) for i in (0, 1))
        ax.plot(mean.index, mean, color=color, marker=marker, markevery=2, label=label)
        if np.isfinite(low).all():
            ax.fill_between(mean.index, low, high, color=color, alpha=0.15, linewidth=0)
    ax.set(xlabel=xlabel, ylabel="rise of the training loss")
    ax.legend(fontsize=8.5, loc="upper center")
    return figure


def scatter(
    rows: pd.DataFrame, x: str, y: str, labels: Mapping[str, str], xlabel: str, ylabel: str,
    equal: bool = False,
) -> Figure:  # fmt: skip
    """One mark a solution; with ``equal`` also the line where both are the same."""
    figure, ax = panel(height=3.1)
    rows = rows.dropna(subset=[x, y])
    rows = rows[(rows[x] > 0) & (rows[y] > 0)]  # chains that are too short may err below 0
    for method, label in labels.items():
        own = rows[rows["method"] == method]
        color, marker = LOOKS[method]
        ax.plot(own[x], own[y], linestyle="none", color=color, marker=marker, label=label,
                markerfacecolor=PAPER if method.endswith("loose") else color)  # fmt: skip
    if len(rows) and equal:
        ends = [rows[[x, y]].min().min(), rows[[x, y]].max().max()]
        ax.plot(ends, ends, color=GREY, linewidth=1)
        ax.set_ylim(bottom=ends[0] - 0.7 * (ends[1] - ends[0]))  # room for the legend
    elif len(rows):
        low, high = ax.get_ylim()
        ax.set_ylim(top=high + 0.6 * (high - low))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.locator_params(axis="x", nbins=5)
    ax.legend(fontsize=8.5, loc="lower right" if equal else "upper left")
    return figure
