"""Panels of the page on critical points: marks and lines, the bands, the index, the displacement.

``exact`` are rows of that page's table ``theory``, ``color`` its colours by number of spins.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, curve, log_axis, panel
from landscape.evidence.critical_points import UNIT, P, means
from landscape.theory import critical_counts, kac_rice_index, spin_glass

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIELD = r"field $\nu / \nu_c$"


def line(ax: Axes, x: pd.Series, y: pd.Series, band: pd.Series, color: str, n: int) -> None:
    """A line that is thick in the band."""
    ax.plot(x, y, color=color, linewidth=1.2, label=f"$N = {n}$")
    ax.plot(x[band], y[band], color=color, linewidth=4, alpha=0.55, solid_capstyle="butt")


def marks(ax: Axes, rows: pd.DataFrame, mark: str, color: Mapping[int, str]) -> None:
    """Rows of ``landscape.evidence.critical_points.means`` as marks with their intervals."""
    for n, group in rows.groupby("spins"):
        bars = [group["mean"] - group["low"], group["high"] - group["mean"]]
        ax.errorbar(group["field"], group["mean"], bars, fmt=mark, color=color.get(n, INK),
                    markersize=4, capsize=2, linewidth=1)  # fmt: skip


def points_near_transition(exact: pd.DataFrame, color: Mapping[int, str]) -> Figure:
    """Critical points per spin against tau: exact, the limit F, and the two printed cases."""
    from scipy.interpolate import CubicSpline

    figure, ax = panel(height=3.1)
    tau = np.linspace(-4, 12, 300)
    right, left = tau[tau > 0.15], tau[tau < -0.15]
    printed = CYCLE[7]
    ax.plot(right, 2 / np.sqrt(np.pi) * right**-1.5, "--", color=printed, label="printed")
    ax.plot(left, 4 * np.exp(-left) / np.sqrt(np.pi * -left), "--", color=printed)
    ax.plot(tau, [critical_counts.critical_points_per_spin(t) for t in tau], color=INK,
            linewidth=2.2, label=r"limit $F(\tau)$")  # fmt: skip
    for n, rows in exact.groupby("spins"):
        rows = rows.sort_values("tau")
        fine = tau[(tau >= rows["tau"].min()) & (tau <= rows["tau"].max())]
        smooth = CubicSpline(rows["tau"], rows["log_critical"])(fine)  # B has a coarse grid here
        ax.plot(fine, np.exp(smooth) / n, color=color[n], linewidth=1.2, label=f"$N = {n}$")
    _band(ax, (-4, 12), (0.02, 200), r"$\tau = -NB$", "critical points / $N$")
    return figure


def minima_near_transition(exact: pd.DataFrame, color: Mapping[int, str]) -> Figure:
    """Minima against kappa: exact, the limit, and the printed growth."""
    figure, ax = panel(height=3.1)
    kappa = np.linspace(-3.5, 4, 150)
    far = kappa[kappa < -0.5]
    ax.plot(far, np.exp(critical_counts.log_minima_as_printed(far)), "--", color=CYCLE[7],
            label="printed, $C = 1$")  # fmt: skip
    ax.plot(kappa, [critical_counts.minima_at_edge(k) for k in kappa], color=INK, linewidth=2.2,
            label="limit")  # fmt: skip
    for n, rows in exact.groupby("spins"):
        rows = rows.sort_values("kappa")
        ax.plot(rows["kappa"], np.exp(rows["log_minima"]), color=color[n], linewidth=1.2,
                label=f"$N = {n}$")  # fmt: skip
    _band(ax, (-3.5, 4), (0.7, 1e4), r"$\kappa = -2N^{1/3}B$", "minima")
    return figure


def _band(
    ax: Axes, x: tuple[float, float], y: tuple[float, float], xlabel: str, ylabel: str
) -> None:
    ax.axvspan(-1, 1, color=GREY, alpha=0.2, linewidth=0)
    ax.set(yscale="log", xlim=x, ylim=y, xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper right", fontsize=9)


@cache
def by_index(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Fields in units of the critical one, and the exact numbers of each index there."""
    v = np.linspace(0, 1.75, 36)
    b = [spin_glass.field_parameter(x * UNIT, P) for x in v]
    return v, np.array([kac_rice_index.expected_by_index(n, x) for x in b])


def indices(searched: pd.DataFrame, n: int) -> Figure:
    """Expected numbers of each index at n spins, and the minima that the search found."""
    v, numbers = by_index(n)
    figure, ax = panel(height=3.1)
    palette = (INK, *CYCLE[:3], *CYCLE[4:])
    for k in range(n // 2):
        label = "0 (minima)" if k == 0 else f"{k} or {n - 1 - k}"
        ax.plot(v, numbers[:, k], color=palette[k], linewidth=1.2 if k else 2.2, label=label)
    rows = searched[searched["spins"] == n].assign(found=lambda table: table["minima"], unseen=0)
    marks(ax, means(rows, 1), "s", {})
    ax.set(yscale="log", ylim=(0.03, 2000), xlim=(-0.03, 1.75), xlabel=FIELD,
           ylabel=f"expected number, $N = {n}$")  # fmt: skip
    ax.legend(loc="upper right", title="index $k$", ncols=2, fontsize=9)
    return figure


def share_of_minima(exact: pd.DataFrame, color: Mapping[int, str]) -> Figure:
    """Share of the minima among all critical points against the field."""
    figure, ax = panel(height=3.1)
    for n, rows in exact.groupby("spins"):
        rows = rows.sort_values("field")
        x, share = rows["field"] / UNIT, np.exp(rows["log_minima"] - rows["log_critical"])
        band = rows["b"].between(-(n ** (-1 / 3)) * 1.001, -0.999 / n)
        line(ax, x, share, band, color[n], n)
    ax.axhline(0.5, color=GREY, linestyle="--", linewidth=1)
    ax.set(xlim=(-0.03, 1.75), ylim=(0, 0.53), xlabel=FIELD, ylabel="minima / critical points")
    ax.legend(loc="center left", fontsize=9)
    return figure


def displacement(table: pd.DataFrame) -> Figure:
    """How far a field moves the minima, constant and divided by sqrt(N), against N."""
    figure, ax = panel(height=2.9)
    for scaling, label, color, mark in (
        ("constant", r"$\nu$ constant", CYCLE[0], "o"),
        ("shrinking", r"$\nu/\sqrt{N}$", CYCLE[1], "s"),
    ):
        curve(ax, table[table["scaling"] == scaling].drop(columns="method"), "spins", "distance",
              scaling, label=label, color=color, marker=mark)  # fmt: skip
    bound = table.groupby("spins")["bound"].first()
    ax.plot(bound.index, bound, "--", color=GREY, label="$N^{-0.3}$")
    log_axis(ax)
    ax.set_xscale("log")
    ax.set_xticks(bound.index, [f"{n}" for n in bound.index])
    ax.minorticks_off()
    ax.set(xlabel="spins $N$", ylabel="distance on the unit sphere", ylim=(0.05, 10))
    ax.legend(loc="upper right", fontsize=9)
    return figure
