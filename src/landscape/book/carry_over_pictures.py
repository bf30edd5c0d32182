"""Pictures of the page on other optimizers and schedules (``landscape.evidence.carry_over``).

A case is a method, or a method at another rate; every function takes their names for the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, panel
from landscape.evidence import l2_times
from landscape.evidence.carry_over import FACTOR, POINTS, Budget

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Place of a case's colour in the cycle, and the marker of a budget's place.
COLORS = {"sgd": 3, "entropy_sgd": 4, "entropy_sgd_slower": 7, "parle": 0, "adamw": 1, "adam": 2,
          "sgd_steps": 5, "sgd_cosine": 6}  # fmt: skip
MARKERS = "osD^"


def strengths(found: Mapping[str, Sequence[Budget]], names: Mapping[str, str]) -> Figure:
    """Predicted over tuned strength, one row a case and one mark a budget."""
    figure, ax = panel(height=3.3)
    for row, (case, budgets) in enumerate(found.items()):
        for place, b in enumerate(budgets):
            if b.decades is None:
                continue
            y = row + 0.22 * (place - 1)
            ax.plot([b.low / b.tuned, b.high / b.tuned], [y, y], color=GREY, linewidth=3,
                    alpha=0.4, solid_capstyle="butt")  # fmt: skip
            ax.plot(b.predicted.value / b.tuned, y, MARKERS[place % 4], color=CYCLE[COLORS[case]],
                    label=f"$T = {b.budget}$" if row == 0 else None)  # fmt: skip
    ax.axvline(1, color=GREY, linewidth=1)
    for end in (1 / FACTOR, FACTOR):
        ax.axvline(end, color=GREY, linewidth=1, linestyle=":")
    ax.set(xscale="log", xlabel=r"$\lambda_{\mathrm{pred}}\,/\,\lambda_{\mathrm{tuned}}$")
    _rows(ax, found, names)
    ax.minorticks_off()
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.35, 1.13), ncols=4,
              handletextpad=0.1, columnspacing=0.8)  # fmt: skip
    return figure


def losses(found: Mapping[str, Sequence[Budget]], names: Mapping[str, str]) -> Figure:
    """Points lost by the prediction, and by no L2 at all."""
    figure, ax = panel(height=3.3)
    for row, (case, budgets) in enumerate(found.items()):
        for place, b in enumerate(budgets):
            y, own = row + 0.22 * (place - 1), b.loss
            if b.without.finite:
                ax.plot(b.without.value, y, MARKERS[place % 4], color=GREY, mfc="none",
                        label="no L2" if row == place == 0 else None)  # fmt: skip
            if own.finite:
                reach = None
                if own.has_interval:
                    reach = [[own.value - own.low], [own.high - own.value]]
                ax.errorbar(own.value, y, xerr=reach, fmt=MARKERS[place % 4], elinewidth=1,
                            color=CYCLE[COLORS[case]],
                            label="predicted" if row == place == 0 else None)  # fmt: skip
    ax.axvline(0, color=GREY, linewidth=1)
    ax.axvline(POINTS, color=GREY, linewidth=1, linestyle=":")
    ax.set_xscale("symlog", linthresh=1.0)
    ax.set(xlim=(-3, 60), xticks=(-1, 0, 1, 10), xticklabels=("-1", "0", "1", "10"),
           xlabel="points below the tuned strength")  # fmt: skip
    _rows(ax, found, names)
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.35, 1.13), ncols=2)
    return figure


def _rows(ax: Axes, cases: Mapping[str, object], names: Mapping[str, str]) -> None:
    """A named row a case, the first at the top."""
    ax.set(yticks=range(len(cases)), yticklabels=[_short(names[case]) for case in cases],
           ylim=(len(cases) - 0.5, -0.5))  # fmt: skip


def _short(name: str) -> str:
    return name.replace(", L2 in the gradient", " (L2)")


def times(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    rates: Mapping[str, float],
    names: Mapping[str, str],
) -> Figure:
    """t_* against the strength; filled marks are fitted.

    Args:
        found: By case the rows of ``peak_times`` by ``rate`` and ``l2``, and the rows of the runs
            that the exponent is fitted over.
        rates: The rate of each case whose marks are circles; another one's are squares.
        names: By case.
    """
    figure, ax = panel(height=3.1)
    for case, (peaks, kept) in found.items():
        fitted = set(zip(kept["rate"], kept["l2"], strict=True))
        for rate, of in peaks[peaks["l2"] > 0].groupby("rate"):
            means = {l2: l2_times.mean_peak_time(one) for l2, one in of.groupby("l2")}
            means = {l2: m for l2, m in means.items() if m.finite}
            at, values = list(means), [m.value for m in means.values()]
            own, name = rate == rates[case], _short(names[case])
            look = {"color": CYCLE[COLORS[case]], "marker": "o" if own else "s"}
            ax.plot(at, values, linestyle="-" if own else "--", mfc="none", linewidth=1,
                    label=name if own else f"{name}, $\\eta = {rate:g}$", **look)  # fmt: skip
            solid = [(l2, v) for l2, v in zip(at, values, strict=True) if (rate, l2) in fitted]
            if solid:
                ax.plot(*zip(*solid, strict=True), linestyle="none", **look)
                l2s = np.array([l2 for l2, _ in solid])
                middle = np.exp(np.mean([np.log(l2 * v) for l2, v in solid]))
                ax.plot(l2s, middle / l2s, color=look["color"], linestyle=":", linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel=r"$t_*$ [gradients]")
    ax.legend(fontsize=8)
    return figure


def accuracies(
    means: Mapping[str, pd.Series], predictions: Mapping[str, float], names: Mapping[str, str]
) -> Figure:
    """Best accuracy within a budget against the strength, constant and falling rates.

    Args:
        means: By case, percent by strength.
        predictions: By case, the strength that a dashed line marks.
        names: By case.
    """
    figure, ax = panel(height=3.1)
    for (case, mean), mark in zip(means.items(), "Dso", strict=False):
        color = CYCLE[COLORS[case]]
        above = mean[mean.index > 0]
        ax.plot(above.index, above, label=names[case], linewidth=1, color=color, marker=mark)
        ax.axvline(predictions[case], color=color, linestyle="--", linewidth=1)
    ax.set(xscale="log", xlabel=r"$\lambda$", ylabel="best test accuracy [%]")
    top = ax.get_ylim()[1]
    ax.set_ylim(max(ax.get_ylim()[0], top - 7), top)
    ax.set_xlim(right=0.02)
    ax.legend(fontsize=8)
    return figure
