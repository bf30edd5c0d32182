"""Pictures of the page on the force of Entropy-SGD (``landscape.evidence.scope_rules``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, PAPER, errorbars, panel
from landscape.evidence import statistics
from landscape.evidence.scope_rules import change, of, part, ratio, scopes, zone

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def lengths(rows: pd.DataFrame) -> list[tuple[int, str, str]]:
    """(L, colour, marker), the longest loop first."""
    found = sorted(rows["inner_steps"].unique(), reverse=True)
    return list(zip(found, CYCLE[:2], ("o", "s"), strict=False))


def draw_distance(rows: pd.DataFrame, alpha: float) -> Figure:
    """Distances against the scope at the work's alpha."""
    figure, ax = panel(height=3.1)
    for L, color, mark in lengths(rows):
        here = part(rows, L, alpha)
        found = {g: ratio(here, g) for g in zone(here)}
        found = {g: m for g, m in found.items() if m is not None}
        errorbars(ax, found, color=color, marker=mark, capsize=2, linewidth=1.2,
                  label=f"$L = {L}$")  # fmt: skip
        quiet = statistics.ratio_of_means(of(here, "noise")["distance"],
                                          of(here, "batches")["distance"])  # fmt: skip
        ax.axhline(quiet.value, color=color, linestyle=":", linewidth=1,
                   label=f"other noise, $L = {L}$")  # fmt: skip
    ax.axhline(1, color=INK, linewidth=1, linestyle="--", label="other batches and noise")
    ax.set(xscale="log", yscale="log", xlabel=r"scope $\gamma$",
           ylabel="distance / of other batches")  # fmt: skip
    ax.invert_xaxis()
    ax.tick_params(axis="x", which="minor", bottom=False)
    ax.legend(fontsize=8)
    return figure


def draw_change(rows: pd.DataFrame, alpha: float) -> Figure:
    """Differences of the test error against the scope at the work's alpha."""
    figure, ax = panel(height=3.1)
    for L, color, mark in lengths(rows):
        here = part(rows, L, alpha)
        for beside, label, style in (("force", "no force", "-"), ("rate", "smaller rate", "--")):
            found = {g: change(here, g, beside) for g in zone(here)}
            found = {g: m for g, m in found.items() if m is not None and m.has_interval}
            if found:
                errorbars(ax, found, color=color, marker=mark, capsize=2, linewidth=1.2,
                          linestyle=style, markerfacecolor=color if style == "-" else PAPER,
                          label=f"$L = {L}$, minus {label}")  # fmt: skip
    ax.axhline(0, color=INK, linewidth=1)
    ax.set(xscale="log", xlabel=r"scope $\gamma$", ylabel="test error, difference [points]")
    ax.set_yscale("symlog", linthresh=1)
    ax.invert_xaxis()
    ax.tick_params(axis="x", which="minor", bottom=False)
    ax.legend(fontsize=8)
    return figure


def draw_losses(rows: pd.DataFrame, L: int, edges: Mapping[float, float], alone: float) -> Figure:
    """Final training loss against the scope for one L.

    Args:
        rows: The whole table.
        L: Inner steps.
        edges: alpha -> predicted edge.
        alone: Edge of an endless loop on the force alone.
    """
    figure, ax = panel(height=3.1)
    for (alpha, edge), color in zip(sorted(edges.items()), CYCLE, strict=False):
        here = part(rows, L, alpha)
        found = {}
        for gamma in scopes(here):
            values = of(here, "force", gamma)["training_loss"].dropna()
            if len(values) and (values > 0).all() and values.max() < 1e3:
                found[gamma] = np.exp(np.log(values).mean())
        ax.plot(list(found), list(found.values()), "o-", color=color, markersize=3.5,
                label=rf"$\alpha = {alpha:g}$")  # fmt: skip
        free = of(here, "force")["training_loss"]
        ax.axhline(np.exp(np.log(free).mean()), color=color, linewidth=0.8, linestyle=":")
        ax.axvline(edge or np.nan, color=color, linewidth=1, linestyle="--")
    ax.axvline(alone, color=INK, linewidth=1)
    ax.axhline(float(rows["start_loss"].mean()), color=GREY, linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel=r"scope $\gamma$", ylabel="final training loss")
    ax.invert_xaxis()
    ax.tick_params(axis="x", which="minor", bottom=False)
    ax.legend(fontsize=8)
    return figure


def draw_scoping(
    works: Sequence[tuple[str, float, float, int, int | None]],
    starts: Mapping[int, float],
    alone: float,
) -> Figure:
    """Scopes of the work's tasks over its outer updates.

    Args:
        works: (task, first scope, rate of scoping, L, updates).
        starts: L -> the scope from which down the force matters.
        alone: Edge of an endless loop on the force alone.
    """
    figure, ax = panel(height=3.1)
    # Not INK, which is the edge's.
    colors = [CYCLE[place] for place in (0, 1, 2, 5)]
    for (what, first, rate, L, updates), color in zip(works, colors, strict=False):
        t = np.arange(0, updates if updates and rate else 4000)
        ax.plot(t, first / (1 + rate) ** t, color=color, label=f"{what}, $L = {L}$")
    for (L, start), color in zip(sorted(starts.items(), reverse=True), (CYCLE[4], CYCLE[6]),
                                 strict=False):  # fmt: skip
        ax.axhline(start, color=color, linestyle="--", linewidth=1.2, label=f"matters, $L = {L}$")
    ax.axhline(alone, color=INK, linewidth=1, label="endless loop breaks")
    ax.set(yscale="log", xlabel="outer updates", ylabel=r"scope $\gamma$", ylim=(0.03, 3e4))
    ax.minorticks_off()
    ax.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.45, 1.0))
    return figure
