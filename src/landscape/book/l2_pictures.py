"""Panels in the form of figure 2 of Lewkowycz & Gur-Ari (2020): sweeps over eta and lambda.

Every function draws one panel, one series a learning rate, from the tables of
``landscape.evidence.l2_times``. Marks are means over seeds with 95 % intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from landscape.book.style import CYCLE, GREY, curve, errorbars, log_axis, panel
from landscape.evidence.l2_times import mean_peak_time, within_budget
from landscape.evidence.measurement import Measurement, format_number
from landscape.evidence.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vPX<>p"


def draw_times(times: pd.DataFrame, epoch: float = 1.0) -> Figure:
    """t_* against lambda, logarithmic, with a line of slope -1 and the t_* without L2.

    Args:
        times: Rows of ``peak_times`` by ``lr`` and ``l2``, in steps.
        epoch: Steps an epoch.
    """
    figure, ax = panel(height=3.1)
    none, rates = times[times["l2"] == 0], _rates(times)
    for lr, found in _means(none, lambda part: mean_peak_time(part, 1 / epoch), "lr").items():
        if found.finite:
            color = CYCLE[rates.index(lr) % len(CYCLE)]
            ax.axhline(found.value, color=color, linewidth=1, linestyle="--", zorder=0)
    _against(ax, times[times["l2"] > 0], rates, "l2", epoch, r"\lambda")
    ax.set(xlabel=r"$\lambda$", ylabel="epochs to the best accuracy")
    return figure


def draw_best(times: pd.DataFrame) -> Figure:
    """The largest test accuracy against lambda; dashed, the best of all rates without L2."""
    figure, ax = panel(height=3.1)
    for i, lr in enumerate(_rates(times)):
        rows = times[(times["lr"] == lr) & (times["l2"] > 0)]
        series(ax, _means(rows, _accuracy), i, rf"$\eta$ = {lr:.3g}")
    none = times[(times["l2"] == 0) & times["best_accuracy"].notna()]
    if len(none):
        best = none.groupby("lr")["best_accuracy"].mean().max()
        ax.axhline(best, color=GREY, linestyle="--", linewidth=1.2, label=r"$\lambda$ = 0")
    decades(ax)
    ax.set(xlabel=r"$\lambda$", ylabel="maximum test accuracy [%]")
    ax.legend(fontsize=9)
    return figure


def draw_budgets(
    frame: pd.DataFrame, times: pd.DataFrame, budgets: Sequence[int], epoch: float = 1.0
) -> Figure:
    """The largest test accuracy until fixed budgets, and at each run's own horizon.

    Args:
        frame: The sweep's table, of one learning rate.
        times: Rows of ``peak_times`` of the same rate, of runs that reached their horizon.
        budgets: Steps.
        epoch: Steps an epoch.
    """
    figure, ax = panel(height=3.1)
    for i, budget in enumerate(budgets):
        found = within_budget(frame, ["lr", "l2"], budget, times)
        series(ax, _means(found[found["l2"] > 0], _accuracy), i,
                f"{format_number(budget / epoch, digits=3)} epochs")  # fmt: skip
    rows = times[times["l2"] > 0]
    series(ax, _means(rows, _accuracy), len(budgets), r"$\propto 1/\lambda$")
    decades(ax)
    low, high = ax.get_ylim()  # room below the curves, for the legend
    ax.set_ylim(low - 0.25 * (high - low), high)
    ax.set(xlabel=r"$\lambda$", ylabel="maximum test accuracy [%]")
    ax.legend(fontsize=9, ncols=2, loc="lower left", columnspacing=1)
    return figure


def draw_collapse(times: pd.DataFrame, epoch: float = 1.0) -> Figure:
    """t_* against the product of learning rate and lambda, with the line c / (eta lambda)."""
    figure, ax = panel(height=3.1)
    times = times[(times["l2"] > 0) & (times["t_star"] > 0)].assign(
        product=lambda rows: rows["lr"] * rows["l2"]
    )
    _against(ax, times, _rates(times), "product", epoch, r"(\eta\lambda)")
    ax.set(xlabel=r"$\eta\lambda$", ylabel="epochs to the best accuracy")
    return figure


def _against(
    ax: Axes, times: pd.DataFrame, rates: Sequence[float], x: str, epoch: float, of: str
) -> None:
    """t_* in epochs against a column, one series a rate, and the line c / ``of``."""
    for i, lr in enumerate(rates):
        rows = times[times["lr"] == lr]
        marks = _means(rows, lambda part: mean_peak_time(part, 1 / epoch), x)
        series(ax, marks, i, rf"$\eta$ = {lr:.3g}")
    peaked = times[times["t_star"] > 0]
    inverse(ax, peaked[x], peaked["t_star"] / epoch, of)
    decades(ax, "xy")
    ax.legend(fontsize=9)


def draw_constant(times: pd.DataFrame) -> Figure:
    """``t_* eta lambda`` in steps against lambda: flat where the law holds."""
    figure, ax = panel(height=3.1)
    times = times[times["l2"] > 0]
    for i, lr in enumerate(_rates(times)):
        rows = times[times["lr"] == lr]
        found = {l2: mean_peak_time(part, lr * l2) for l2, part in rows.groupby("l2")}
        series(ax, found, i, rf"$\eta$ = {lr:.3g}")
    decades(ax)
    log_axis(ax)
    ax.set(xlabel=r"$\lambda$", ylabel=r"$t_*\,\eta\,\lambda$ (steps)")
    ax.legend(fontsize=9)
    return figure


def colours(number: int) -> list[str]:
    """So many colours from blue over grey to orange, all legible on both grounds."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    scale = LinearSegmentedColormap.from_list("l2", [CYCLE[0], GREY, CYCLE[1]])
    return [to_hex(scale(place)) for place in np.linspace(0, 1, number)]


def draw_course(rows: pd.DataFrame, column: str, epoch: float) -> Figure:
    """One quantity against epochs, a curve a lambda; the legend has least, median and largest.

    Args:
        rows: Of a sweep at one learning rate.
        column: ``training_loss`` (geometric means, a mark at the least), ``training_error`` or
            ``test_error`` (as accuracies).
        epoch: Steps an epoch.
    """
    figure, ax = panel(height=2.8)
    values = sorted(rows["l2"].unique())
    named = {values[0], values[(len(values) - 1) // 2], values[-1]}
    kept = rows[rows["diverged"] == 0]
    for l2, colour in zip(values, colours(len(values)), strict=True):
        part = kept[(kept["l2"] == l2) & (kept["step"] > 0)]
        if column == "training_loss":
            means = np.exp(np.log(part[column].clip(lower=1e-12)).groupby(part["step"]).mean())
        else:
            means = 100 - part[column].groupby(part["step"]).mean()
        ax.plot(means.index / epoch, means, color=colour, linewidth=1.4,
                label=rf"$\lambda$ = {l2:g}" if l2 in named else None)  # fmt: skip
        if column == "training_loss" and len(means):
            ax.plot(means.idxmin() / epoch, means.min(), "o", color=colour, markersize=4)
    words = {"training_loss": "training loss without L2", "training_error": "training accuracy [%]",
             "test_error": "test accuracy [%]"}  # fmt: skip
    ax.set(xscale="log", xlabel="epochs", ylabel=words[column])
    if column == "training_loss":
        ax.set_yscale("log")
    ax.legend(fontsize=8)
    return figure


def draw_accuracies(rows: pd.DataFrame) -> Figure:
    """Test accuracy against the product of steps, rate and lambda, a curve a lambda.

    Args:
        rows: Columns ``l2``, ``seed``, ``time`` (the product, in steps), ``accuracy`` (percent) and
            ``diverged``, of a sweep at one learning rate.
    """
    figure, ax = panel(height=3.1)
    for i, (l2, part) in enumerate(rows.groupby("l2")):
        curve(
            ax, part.drop(columns="method", errors="ignore"), "time", "accuracy", "",
            color=CYCLE[i % len(CYCLE)], marker=MARKERS[i % len(MARKERS)],
            label=rf"$\lambda$ = {l2:g}",
        )  # fmt: skip
    ax.set(xscale="log", xlabel=r"$t\,\eta\,\lambda$ (steps)", ylabel="test accuracy [%]")
    ax.legend(fontsize=8)
    return figure


def plain_ticks(figure: Figure) -> Figure:
    """Plain numbers on axes of less than two decades, which may show no more than one power."""
    ax = figure.axes[0]
    for axis, (low, high), scale in (("x", ax.get_xlim(), ax.get_xscale()),
                                     ("y", ax.get_ylim(), ax.get_yscale())):  # fmt: skip
        if scale == "log" and high < 100 * low:
            log_axis(ax, axis)
    return figure


def decades(ax: Axes, which: str = "x") -> None:
    """Logarithmic axes (``x``, ``y``) with numbers at powers of ten only."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for name in which:
        (ax.set_xscale if name == "x" else ax.set_yscale)("log")
        axis = ax.xaxis if name == "x" else ax.yaxis
        axis.set_major_locator(LogLocator())
        axis.set_minor_formatter(NullFormatter())


def series(ax: Axes, marks: Mapping[float, Measurement], number: int, label: str) -> None:
    """Marks by their x joined by a line, with intervals where they have some."""
    errorbars(ax, marks, color=CYCLE[number % len(CYCLE)], marker=MARKERS[number % len(MARKERS)],
              linewidth=1.2, elinewidth=0.9, capsize=2, label=label)  # fmt: skip


def inverse(ax: Axes, x: pd.Series, y: pd.Series, of: str) -> None:
    """A dotted line of slope -1 through the geometric mean of the points, called 1/``of``."""
    if len(x) == 0:
        return
    ends = np.array([x.min(), x.max()])
    c = np.exp(np.log(x.to_numpy() * y.to_numpy()).mean())
    ax.plot(ends, c / ends, ":", color=GREY, linewidth=1.5, zorder=0, label=rf"$\propto 1/{of}$")


def _rates(times: pd.DataFrame) -> list[float]:
    return sorted(times["lr"].unique())


def _accuracy(rows: pd.DataFrame) -> Measurement:
    values = rows["best_accuracy"].dropna()
    return mean_interval(values) if len(values) else Measurement(None)


def _means(
    rows: pd.DataFrame, how: Callable[[pd.DataFrame], Measurement], x: str = "l2"
) -> dict[float, Measurement]:
    return {at: how(part) for at, part in rows.groupby(x)}
