"""Panels of spectra: the peak at zero, both tails, and the share near zero against its width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, panel
from landscape.evidence import spectra

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def peak(spectrum: pd.DataFrame, width: float, bars: int = 61) -> Figure:
    """Counts of the eigenvalues within [-width, width], a line a seed, on a logarithmic axis."""
    figure, ax = panel(height=3.1)
    edges = np.linspace(-width, width, bars + 1)
    for color, (seed, rows) in zip(CYCLE, spectrum.groupby("seed"), strict=False):
        number, _ = np.histogram(rows["eigenvalue"], edges)
        ax.stairs(np.maximum(number, 0.5), edges, baseline=0.5, color=color, label=f"run {seed}")
    ax.set(
        yscale="log", ylim=(0.5, None), xlabel=r"eigenvalue $\lambda$", ylabel="eigenvalues a bar"
    )
    ax.legend(loc="upper right", fontsize=9)
    return figure


def tails(networks: Mapping[str, tuple[pd.DataFrame, int]], lowest: float) -> Figure:
    """How many eigenvalues lie beyond a magnitude, positive ones solid and negative ones dashed.

    Args:
        networks: Label -> (``spectrum`` of an experiment, number of weights).
        lowest: Magnitude at which the panel begins.
    """
    figure, ax = panel(height=3.1)
    for color, (label, (spectrum, size)) in zip(CYCLE, networks.items(), strict=False):
        for seed, rows in spectrum.groupby("seed"):
            probes = rows["probe"].nunique()
            for sign, style in ((1, "-"), (-1, "--")):
                beyond = rows[sign * rows["eigenvalue"] > lowest]
                x, y = spectra.counts(
                    sign * beyond["eigenvalue"].to_numpy(), beyond["weight"].to_numpy() / probes,
                    size,
                )  # fmt: skip
                named = label if sign == 1 and seed == spectrum["seed"].min() else None
                ax.step(x, y, style, where="post", color=color, linewidth=1.1, label=named)
    ax.plot([], [], "--", color=INK, linewidth=1.1, label="negative")
    ax.set(xscale="log", yscale="log", ylim=(0.5, None), xlabel=r"magnitude $|\lambda|$",
           ylabel="eigenvalues beyond it")  # fmt: skip
    ax.set_ylim(top=3 * max(size for _, size in networks.values()))
    ax.legend(loc="upper right", fontsize=9)
    return figure


def widths(
    lines: Mapping[str, pd.DataFrame],
    bounds: Mapping[str, pd.DataFrame] | None = None,
    printed: tuple[float, float] | None = None,
) -> Figure:
    """Share near zero against the width that counts as near, means over seeds.

    Args:
        lines: Label -> rows of ``shares``.
        bounds: Label -> rows with ``low`` and ``high``, drawn as bands.
        printed: Width and share in percent that the work states.
    """
    figure, ax = panel(height=3.1)
    for color, (label, rows) in zip(CYCLE, lines.items(), strict=False):
        mean = rows.groupby("width")["within"].mean()
        style = "o--" if "float32" in label else "o-"  # it may hide what it is compared with
        ax.plot(mean.index, mean, style, color=color, label=label)
    for color, (label, rows) in zip(CYCLE[len(lines) :], (bounds or {}).items(), strict=False):
        mean = rows.groupby("width")[["low", "high"]].mean()
        ax.fill_between(mean.index, mean["low"], mean["high"], color=color, alpha=0.25, lw=0,
                        label=label)  # fmt: skip
    if printed is not None:
        ax.plot(*printed, "*", color=INK, markersize=11, label="the work", linestyle="none")
    ax.axhline(100, color=GREY, linewidth=0.8)
    ax.set(xscale="log", ylim=(0, 104), xlabel="width that counts as near zero",
           ylabel="eigenvalues within [%]")  # fmt: skip
    figure.legend(loc="outside upper center", ncols=2, fontsize=8, columnspacing=1)
    return figure
