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
