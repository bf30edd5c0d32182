"""AutoL2 among constant lambdas: curves of the accuracy, lambda during training, a table.

``frame`` has the rows of AutoL2's runs and of the constants', ``constants`` maps the latter to
their lambdas (``landscape.evidence.l2_races.strengths``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book import style
from landscape.book.tables import Table
from landscape.evidence import l2_races as budgets
from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.evidence.methods import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Of AutoL2's variants, in the order in which they are given.
COLOURS = (style.LOOKS["auto_l2"][0], style.CYCLE[0], style.CYCLE[2])
HEIGHT = 3.1


def accuracies(
    frame: pd.DataFrame,
    constants: Mapping[str, float],
    methods: Sequence[str],
    drops: Sequence[float] = (),
    others: bool = True,
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Test accuracy against epochs: AutoL2's variants, the best constant, thin the others.

    Args:
        frame: See the module.
        constants: See the module.
        methods: AutoL2's variants.
        drops: Epochs at which the learning rate falls.
        others: Draw all constants.
        names: Labels of AutoL2's variants; left out, the usual ones.
    """
    figure, ax = style.panel(height=HEIGHT)
    best = budgets.best(frame, list(constants))
    shown = frame.assign(accuracy=100 - frame["test_error"])
    thin = [name for name in constants if name != best] if others else []
    ends = {}
    for name in thin:
        rows = budgets.rows_of(shown, name).groupby(budgets.EPOCH)["accuracy"].mean()
        ax.plot(rows.index, rows, color=style.GREY, linewidth=0.9,
                label="other constants" if name == thin[0] else None)  # fmt: skip
        ends[constants[name]] = float(rows.iloc[-1])
    style.curve(ax, shown, budgets.EPOCH, "accuracy", best, color=style.INK, marker="D",
                label=rf"$\lambda$ = {constants[best]:g}")  # fmt: skip
    for method, color in zip(methods, COLOURS, strict=False):
        named = {"label": names[method]} if names else {}
        style.curve(ax, shown, budgets.EPOCH, "accuracy", method, color=color, **named)
    for drop in drops:
        ax.axvline(drop, color=style.GREY, linestyle=":", linewidth=1)
    ax.set(xlabel="epochs", ylabel="test accuracy [%]", xlim=(0, None))
    _write_ends(ax, ends, shown[budgets.EPOCH].max())
    figure.legend(loc="outside upper center", ncols=2, fontsize=8.5)
    return figure


def _write_ends(ax: Axes, ends: Mapping[float, float], last: float) -> None:
    """Write lambdas where their curves end, one above the other where they end together."""
    gap, below = 0.055 * np.ptp(ax.get_ylim()), -np.inf
    for strength, height in sorted(ends.items(), key=lambda item: item[1]):
        below = max(height, below + gap)
        ax.annotate(f"{strength:g}", (last, below), fontsize=7.5, va="center", xytext=(3, 0),
                    textcoords="offset points", color=style.GREY)  # fmt: skip
    if ends:
        ax.set_xlim(0, 1.16 * last)


def strengths(
    frame: pd.DataFrame,
    constants: Mapping[str, float],
    methods: Sequence[str],
    drops: Sequence[float] = (),
) -> Figure:
    """lambda of AutoL2 during training, one line a seed, with the best constant.

    Args:
        frame: See the module.
        constants: See the module.
        methods: AutoL2's variants.
        drops: Epochs at which the learning rate falls.
    """
    figure, ax = style.panel(height=HEIGHT)
    for method, color in zip(methods, COLOURS, strict=False):
        for number, (_, rows) in enumerate(budgets.rows_of(frame, method).groupby("seed")):
            ax.step(rows[budgets.EPOCH], rows["strength"], where="post", color=color,
                    linewidth=1.1, alpha=0.8, label=None if number else label(method))  # fmt: skip
    best = constants[budgets.best(frame, list(constants))]
    ax.axhline(best, color=style.INK, linewidth=1, label=rf"best constant, {best:g}")
    ends = frame[budgets.EPOCH].max()
    for drop in drops:
        ax.axvline(drop, color=style.GREY, linestyle=":", linewidth=1)
    first = frame.loc[frame[budgets.EPOCH] > 0, budgets.EPOCH].min()
    ax.set(xscale="log", yscale="log", xlabel="epochs", ylabel=r"$\lambda$", xlim=(first / 2, ends))
    ax.xaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside upper center", ncols=2, fontsize=8.5)
    return figure


def accuracy_table(
    frame: pd.DataFrame, constants: Mapping[str, float], methods: Sequence[str], name: str
) -> Table:
    """Highest and final accuracies, and the epochs to where the best constant arrives.

    Args:
        frame: See the module.
        constants: See the module.
        methods: AutoL2's variants.
        name: The table's label.
    """
    error, rows = budgets.level(frame, budgets.best(frame, list(constants))), []
    for method in (*methods, *constants):
        found = (budgets.highest(frame, method), budgets.final(frame, method))
        if found[0].empty:
            continue
        means = (statistics.mean_interval(one).with_(n=None) for one in found)
        rows.append([
            label(method) if method in methods
            else rf"$\lambda$ = {format_number(constants[method])}",
            *(format_measurement(mean) for mean in means), time(frame, method, error),
        ])  # fmt: skip
    return Table(
        ["", "highest accuracy [%]", "at the end [%]", f"epochs to {100 - error:.1f} %"], rows,
        stack=True, label=name,
        caption="Test accuracies with 95 % intervals, and when the best constant's is reached",
    )  # fmt: skip


def time(frame: pd.DataFrame, method: str, error: float) -> str:
    """Mean epochs until the test error is so low, and how many runs never get there."""
    times = statistics.time_to_threshold(budgets.rows_of(frame, method), "test_error", error)
    if times.isna().all():
        return "never"
    missing = f", {times.isna().sum()} of {len(times)} never" if times.isna().any() else ""
    return f"{format_number(times.mean(), 1)}{missing}"
