"""Pictures of all solutions of binary perceptrons: the panels of figure 3.3's page.

The tables are those of ``landscape.experiments.perceptron_landscape``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, INK, errorbars, log_axis, panel
from landscape.evidence.statistics import mean_interval
from landscape.experiments import perceptron_summary as summary
from landscape.theory import binary_perceptron as theory

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def solution_map(points: pd.DataFrame, radius: int) -> Figure:
    """All solutions of one data set in the plane; lines join neighbours, colour is local entropy.

    Args:
        points: ``map``; the row of cluster -1 is the teacher.
        radius: Flips within which local entropy counts, for the colour bar.
    """
    from matplotlib.collections import LineCollection

    teacher, rows = points[points["cluster"] == -1].iloc[0], points[points["cluster"] >= 0]
    alone = rows["neighbours"] == 0
    place, codes = rows[["x", "y"]].to_numpy(), rows["vector"].to_numpy(np.int64)
    apart = np.bitwise_count(codes[:, None] ^ codes)
    lines = [place[list(pair)] for pair in np.argwhere(np.triu(apart == 1))]
    figure, ax = panel(height=3.4)
    ax.add_collection(LineCollection(lines, colors=INK, linewidths=0.7, alpha=0.5))
    ax.scatter(*place[alone].T, s=7, color=CYCLE[1], linewidths=0, alpha=0.75, label="isolated")
    dots = ax.scatter(*place[~alone].T, s=24, c=np.log1p(rows["nearby"][~alone]), cmap="cividis",
                      linewidths=0, label="not isolated", zorder=3)  # fmt: skip
    ax.plot(teacher["x"], teacher["y"], "*", color=INK, markersize=12, label="teacher", zorder=4)
    ax.set(xticks=[], yticks=[])
    ax.axis("off")
    ax.legend(loc="upper center", bbox_to_anchor=(0.6, 0.03), ncols=3, handletextpad=0.1,
              columnspacing=0.8)  # fmt: skip
    bar = figure.colorbar(dots, ax=ax, shrink=0.8)
    bar.set_label(f"local entropy, {radius} flips")
    return figure


def error_by_density(rows: pd.DataFrame, radius: int) -> Figure:
    """Test error against the number of other solutions nearby, mean over data sets.

    Args:
        rows: ``profile``; octaves that fewer than a tenth of the data sets have say little and are
            left out.
        radius: Flips within which they are counted.
    """
    figure, ax = panel(height=3.4)
    enough = rows["data_set"].nunique() / 10
    kept = [one for _, one in rows.groupby("octave") if len(one) >= enough]
    x = [np.log1p(one["nearby"]).mean() for one in kept]
    _means(ax, x, [one["error"] for one in kept], CYCLE[0], "-o", "")
    ax.set(xlabel=f"local entropy, {radius} flips", ylabel="test error, %")
    return figure


def counts(table: pd.DataFrame) -> Figure:
    """Isolated solutions and dense clusters against d: counted, and expected exactly."""
    figure, ax = panel(height=3.4)
    lengths = sorted(table["d"].unique())
    series = (("isolated", CYCLE[1], "o", "isolated"),
              ("in_clusters", CYCLE[0], "s", "in dense clusters"),
              ("clusters", CYCLE[2], "^", "dense clusters"))  # fmt: skip
    for column, color, mark, label in series:
        values = [table.loc[table["d"] == d, column] for d in lengths]
        _means(ax, lengths, values, color, mark, label)
    exact = summary.expected_isolated(table)
    ax.plot(exact.index, exact, color=CYCLE[1], linewidth=1, label="isolated, exact mean")
    ax.set(yscale="log", xlabel="weights $d$", ylabel="mean number", xticks=lengths)
    ax.legend(loc="upper left", fontsize=8.5)
    ax.set_ylim(top=ax.get_ylim()[1] * 8)
    return figure


def isolation(table: pd.DataFrame, alphas: Sequence[float]) -> dict[str, Figure]:
    """From short perceptrons to long ones: the isolated share, and flips to the nearest solution.

    Args:
        table: ``results`` of random labels: counted shares, as dots.
        alphas: Patterns per weight, three of them, most first.

    Returns:
        Panels a and b.
    """
    lengths = [13, 17, 25, 35, 51, 75, 101, 151, 201, 301]
    longer = [25, 51, 101, 201, 401, 801, 1501, 3001]
    share, apart = panel(height=3.1), panel(height=3.1)
    for alpha, color in zip(alphas, (CYCLE[k] for k in (1, 2, 0)), strict=True):
        name = {"color": color, "label": rf"$\alpha = {alpha}$"}
        share[1].plot(lengths, summary.isolated_share(alpha, lengths), **name)
        rows = summary.at_alpha(table, alpha).groupby("d")
        counted = rows["isolated"].sum() / rows["solutions"].sum()
        share[1].plot(counted.index, counted, "o", color=color)
        apart[1].plot(longer, summary.nearest(alpha, longer), "-o", **name)
        apart[1].plot(longer, theory.isolation_gap(alpha) * np.array(longer), ":", color=color)
    for _, ax in (share, apart):
        ax.legend()
    share[1].set(xscale="log", xlabel="weights $d$", ylabel="isolated share", ylim=(0, 1.02))
    apart[1].set(xscale="log", yscale="log", xlabel="weights $d$", ylim=(0.7, None),
                 ylabel="flips to the nearest solution")  # fmt: skip
    log_axis(share[1], "x")
    log_axis(apart[1], "x")
    log_axis(apart[1], "y")
    return {"a": share[0], "b": apart[0]}


def choices(rows: pd.DataFrame) -> Figure:
    """Test error of what local entropy picks, by distance, beside other choices.

    Args:
        rows: ``entropy``, one row a data set: ``ball_1``, ``shell_1``, ... and the others.
    """
    distances = [int(name[5:]) for name in rows if name.startswith("ball_")]
    figure, ax = panel(width=4.4, height=3.2)
    for kind, color, mark, label in (("ball", 0, "-o", "most solutions within"),
                                     ("shell", 1, "-s", "most exactly there, (3.5)")):  # fmt: skip
        errors = [rows[f"{kind}_{d}"] for d in distances]
        _means(ax, distances, errors, CYCLE[color], mark, label)
    others = {"error": ("-", "mean solution"), "margin": ("--", "largest margin"),
              "mean_margin": ("-.", "largest mean margin"), "centre": (":", "centre of all")}
    for column, (style, label) in others.items():
        ax.axhline(rows[column].mean(), color=INK, linestyle=style, linewidth=1, label=label)
    ax.set(xlabel="flips", ylabel="test error, %", xticks=distances)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, fontsize=8.5)
    return figure


def solvable(shares: pd.DataFrame, threshold: float) -> Figure:
    """Share of the data sets that still have a solution against alpha, for three lengths.

    Args:
        shares: ``perceptron_summary.shares``: alpha, then a column a length.
        threshold: Of infinitely long perceptrons, dotted.
    """
    figure, ax = panel(height=2.9)
    lengths = shares.columns[1:]
    for name, color in zip(lengths[:: max(1, len(lengths) // 2)], (6, 0, 1), strict=False):
        ax.step(shares["alpha"], shares[name], color=CYCLE[color], label=f"${name}$")
    ax.axvline(threshold, color=INK, linestyle=":", linewidth=1)
    ax.set(xlabel=r"patterns per weight, $\alpha$", ylabel="share of data sets")
    ax.legend(loc="upper right")
    return figure


def _means(
    ax: Axes, x: Sequence[float], groups: Sequence[pd.Series], color: str, style: str, label: str
) -> None:
    """Means of groups of values with their intervals as bars."""
    found = dict(zip(x, map(mean_interval, groups), strict=True))
    errorbars(ax, found, lowest=0.1, fmt=style, color=color, label=label, capsize=2, linewidth=1)
