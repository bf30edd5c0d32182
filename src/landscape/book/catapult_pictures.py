"""Panels of training with squared loss: its first steps, their curvature, and its whole course.

Means over seeds are geometric. Source: Lewkowycz & Gur-Ari (2020), figure S5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, log_axis, panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def first_losses(losses: pd.DataFrame, rates: Sequence[float]) -> Figure:
    """Loss against step, a curve a learning rate.

    Args:
        losses: Columns ``lr``, ``seed``, ``step`` and ``loss``.
        rates: What is shown of them.
    """
    figure, ax = panel(height=3.0)
    for lr, color in zip(rates, CYCLE, strict=False):
        rows = losses[np.isclose(losses["lr"], lr)]
        logs = np.log(rows.pivot(index="step", columns="seed", values="loss")).dropna()
        ax.plot(logs.index, np.exp(logs.mean(axis=1)), color=color, label=rf"$\eta = {lr:g}$")
    log_axis(ax)
    ax.set(xlabel="step", ylabel="training loss", xlim=(0, losses["step"].max()))
    ax.legend()
    return figure


def curvatures(first: pd.DataFrame) -> Figure:
    """Curvature against learning rate, at the start and after the first steps.

    Args:
        first: Rows of ``landscape.evidence.catapult.first_steps``; small marks are networks.
    """
    figure, ax = panel(height=3.0)
    grid = np.array(sorted(first["lr"].unique()))
    for column, color, marker, label in (
        ("start", GREY, "o", "at the start"), ("end", CYCLE[0], "s", "after the steps"),
    ):  # fmt: skip
        logs = np.log(first.pivot(index="lr", columns="seed", values=column))
        ax.plot(logs.index, np.exp(logs.mean(axis=1)), marker=marker, color=color, label=label)
        ax.plot(logs.index, np.exp(logs), marker, color=color, alpha=0.3, markersize=3)
    for factor, line in ((2, "--"), (4, ":")):
        ax.plot(grid, factor / grid, line, color=INK, label=rf"${factor}/\eta$", linewidth=1)
    top = 1.6 * first["start"].max()
    log_axis(ax)
    ax.set(xlabel=r"learning rate $\eta$", ylabel=r"curvature $\lambda_{\max}$",
           ylim=(first[["start", "end"]].min().min() / 1.4, top))  # fmt: skip
    ax.legend(loc="lower left")
    return figure


def whole_course(rows: pd.DataFrame, l2: float) -> Figure:
    """Training loss against t eta lambda, a curve a learning rate.

    Args:
        rows: Columns ``lr``, ``seed``, ``step`` and ``training_loss`` of the networks that did not
            diverge, after the start.
        l2: Their coefficient.
    """
    figure, ax = panel(height=3.1)
    for lr, color, line in zip(sorted(rows["lr"].unique()), CYCLE, ("-", "--", "-.", ":") * 2,
                               strict=False):  # fmt: skip
        logs = np.log(rows[rows["lr"] == lr].pivot(
            index="step", columns="seed", values="training_loss"))  # fmt: skip
        ax.plot(logs.index * lr * l2, np.exp(logs.mean(axis=1)), line, color=color,
                label=rf"$\eta = {lr:g}$")  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel=r"time $t\,\eta\lambda$",
           ylabel="training loss without L2")  # fmt: skip
    ax.legend()
    return figure
