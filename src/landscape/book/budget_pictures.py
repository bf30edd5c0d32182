"""Panels of what L2 coefficients reach within budgets of epochs (Lewkowycz & Gur-Ari 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from landscape.book.style import CYCLE, GREY, INK, interval, panel, ticks_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landscape.evidence.l2_budgets import Tuning

LAMBDA = r"L2 coefficient $\lambda$"


def against_budget(tuning: Tuning, factors: Mapping[float, str], height: float = 3.1) -> Figure:
    """Tuned coefficients with the work's bars, and predictions, against the budget.

    Args:
        tuning: What is drawn; small marks are coefficients that cannot be told from the best.
        factors: Labels of the predictions, by what c is multiplied with.
        height: Inches.
    """
    figure, ax = panel(height=height)
    budgets = np.array(tuning.budgets)
    for budget, kept in tuning.alike().items():
        ax.plot(np.full(len(kept), budget), kept, "_", color=GREY, markersize=9, zorder=1)
    ax.plot([], [], "_", color=GREY, markersize=9, label="cannot be told from the best")
    best, bars = tuning.best_of_mean(), tuning.mean_bars()
    ax.errorbar(
        budgets, best, yerr=[best - bars["low"], bars["high"] - best], fmt="o", color=CYCLE[0],
        capsize=3, label="best, and within 0.1 points",
    )  # fmt: skip
    for (factor, label), color in zip(factors.items(), (CYCLE[1], CYCLE[2]), strict=False):
        draw_prediction(ax, tuning, factor, label, color)
    ax.set(xscale="log", yscale="log", xlabel="budget $T$ [epochs]", ylabel=LAMBDA)
    ticks_at(ax, budgets)
    # Room for the legend above the falling lines.
    ax.set_ylim(top=8 * tuning.predicted(max(factors)).max().max())
    ax.legend(loc="upper right")
    return figure


def draw_prediction(ax: Axes, tuning: Tuning, factor: float, label: str, color: str) -> None:
    """``factor`` c / T against T: geometric mean over seeds, band over all of them."""
    wanted = tuning.predicted(factor)
    ax.plot(wanted.index, np.exp(np.log(wanted).mean(axis=1)), color=color, label=label)
    ax.fill_between(wanted.index, wanted.min(axis=1), wanted.max(axis=1), color=color, alpha=0.15)


def draw_accuracies(ax: Axes, table: pd.DataFrame, color: str, label: str = "") -> None:
    """Means over seeds with 95 % intervals against the coefficient.

    Args:
        ax: Where to.
        table: Percent, coefficients by seeds.
        color: Of the line.
        label: The legend's text.
    """
    mean = table.mean(axis=1)
    ends = np.array([interval(row) for row in table.to_numpy()])
    ax.plot(table.index, mean, "o-", color=color, label=label or None, markersize=4)
    if np.isfinite(ends).all():
        ax.fill_between(table.index, ends[:, 0], ends[:, 1], color=color, alpha=0.15, linewidth=0)
    ax.set_xscale("log")


def draw_peaks(ax: Axes, times: pd.DataFrame, color: str) -> None:
    """t_* against the coefficient, a mark a run, open where it was still rising at its end.

    Args:
        ax: Where to.
        times: Rows of ``landscape.evidence.l2_times.peak_times`` by ``l2``.
        color: Of the marks.
    """
    found = times[times["t_star"] > 0]
    cut = found["censored"].astype(bool)
    ax.plot(found["l2"][~cut], found["t_star"][~cut], "o", color=color, label="one seed")
    if cut.any():
        ax.plot(found["l2"][cut], found["t_star"][cut], "o", color=color, fillstyle="none",
                label="still rising at the end")  # fmt: skip
    if len(found):
        ax.set(xscale="log", yscale="log")


def draw_slope(ax: Axes, ends: tuple[float, float], last: pd.Series) -> None:
    """A dashed line of slope -1 between two x, through the geometric mean of the y at the last."""
    x = np.array(ends)
    y = np.exp(np.log(last).mean()) * x[1] / x
    ax.plot(x, y, "--", color=INK, linewidth=1, label=r"slope $-1$")


def against_rate(times: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """t_* times rate and coefficient against the rate, a series a method and coefficient.

    Args:
        times: Columns ``method``, ``l2``, ``rate`` (with momentum eta / (1 - m)) and ``product``; a
            row a run.
        names: Of the methods, two coefficients each.
    """
    figure, ax = panel(height=3.1)
    for place, (method, name) in enumerate(names.items()):
        found = times[times["method"] == method].groupby("l2")
        for number, (strength, rows) in enumerate(found):
            at = 2 * place + number
            color, shift = CYCLE[at], 0.94 + 0.04 * at
            ax.plot(rows["rate"] * shift, rows["product"], "os^Dv"[number], color=color, alpha=0.5)
            means = rows.groupby("rate")["product"].mean()
            ax.plot(means.index * shift, means, color=color,
                    label=rf"{name}, $\lambda = {strength:g}$")  # fmt: skip
    ax.set(xscale="log", ylim=(0, 1.7 * times["product"].max()), xlabel=r"$\eta/(1-m)$",
           ylabel=r"$t_*\,\eta\lambda/(1-m)$ [epochs]")  # fmt: skip
    ticks_at(ax, np.unique(times["rate"]))
    ax.legend(loc="upper left")
    return figure


def at_one_budget(tuning: Tuning, budget: float, height: float = 2.5) -> Figure:
    """Accuracy within one budget against the coefficient, with the prediction dashed."""
    figure, ax = panel(height=height)
    table = tuning.maxima.loc[budget]
    draw_accuracies(ax, table, CYCLE[0])
    kept = tuning.alike()[budget]
    ax.plot(kept, table.loc[kept].mean(axis=1), "o", color=CYCLE[1], markersize=6,
            label="cannot be told from the best")  # fmt: skip
    wanted = tuning.predicted().loc[budget]
    ax.axvline(np.exp(np.log(wanted).mean()), color=INK, linestyle="--", label="$c/T$")
    ax.axvspan(wanted.min(), wanted.max(), color=INK, alpha=0.08)
    ax.set(xlabel=LAMBDA, ylabel="best accuracy [%]")
    return figure
