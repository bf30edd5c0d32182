"""One look for all figures: fixed colour and marker per method, phone-sized type, light and dark.

A method is told apart by colour and marker; the line says where the data come from: solid for
this build, dashed with open markers for a record. Every series colour has a contrast of 3 to 1 with
white and with the dark theme's ground. What is drawn in ``INK`` or ``PAPER`` takes the reader's
colours of text and ground (landscape.book.pictures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from landscape.errors import LandscapeError
from landscape.evidence import methods

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landscape.evidence.measurement import Measurement

#: Colours that no picture needs: they stand for the reader's own (text, ground).
INK, PAPER = "#010203", "#fdfefc"
#: For what must not be in the foreground, legible on both grounds.
GREY = "#808690"
WIDTH, HEIGHT = 3.9, 2.85  # inches of one panel
WIDEST = 4.8  # inches: wider panels would be illegible on a phone
TYPE_SIZE = 9.5  # points: 11 CSS pixels where a panel of 3.9 inches is 330 pixels wide


@dataclass(frozen=True)
class Look:
    """Display name, colour and marker of a method."""

    label: str
    color: str
    marker: str


#: Colour and marker, colour-blind safe. Methods that share a figure differ most.
LOOKS = {
    "adam": ("#0072B2", "o"),
    "anneal_sgd": ("#D55E00", "s"),
    "resampled_noise": ("#009E73", "^"),
    "sgd": (INK, "D"),
    "entropy_sgd": ("#D2608E", "v"),
    "entropy_adam": ("#C0392B", "P"),
    "sgld": ("#B98300", "X"),
    "hamilton_jacobi": ("#3A93CC", "<"),
    "heat_smoothing": ("#D55E00", ">"),
    "elastic_sgd": ("#B98300", "p"),
    "parle": ("#0072B2", "h"),
    "auto_l2": ("#D55E00", "*"),
    "constant_l2": ("#D2608E", "d"),
    "matched_cgd": ("#0072B2", "1"),
    "cosine_cgd": ("#B98300", "2"),
    "two_step_cgd": ("#009E73", "3"),
}
#: Colours for series that are no method, in order of use.
CYCLE = ("#0072B2", "#D55E00", "#009E73", INK, "#D2608E", "#B98300", "#3A93CC", "#C0392B")


def look(method: str) -> Look:
    """The look of a method; a variant such as ``anneal_sgd_linear`` has its base method's.

    Raises LandscapeError for a method without a look.
    """
    return Look(methods.label(method), *LOOKS[methods.base(method)])


def panel(
    width: float = WIDTH, height: float = HEIGHT, rows: int = 1
) -> tuple[Figure, Axes | Sequence[Axes]]:
    """A figure in the house style for one panel of a picture, and its axes.

    Args:
        width: Inches. A panel is shown 330 to 560 CSS pixels wide, whatever this says: it sets the
            size of the type against the panel's.
        height: Inches.
        rows: More than one gives axes above each other that share their x axis, as a list.

    Raises:
        LandscapeError: Wider than 4.8 inches, which would be illegible on a phone.
    """
    from matplotlib.figure import Figure

    if width > WIDEST:
        raise LandscapeError(
            f"A panel of {width:g} inches is illegible on a phone: make it {WIDEST:g} or less, or "
            "two panels."
        )
    style()
    figure = Figure(figsize=(width, height), layout="constrained")
    if rows == 1:
        return figure, figure.subplots()
    return figure, list(figure.subplots(rows, 1, sharex=True))


def style() -> None:
    """Apply the book's look to matplotlib and seaborn; ``panel`` does it by itself."""
    import seaborn
    from cycler import cycler

    seaborn.set_theme(
        context="notebook",
        style="ticks",
        rc={
            "figure.figsize": (WIDTH, HEIGHT),
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "axes.facecolor": "none",
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "legend.labelcolor": INK,
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
            "mathtext.fontset": "dejavusans",
            "font.size": TYPE_SIZE,
            "axes.titlesize": TYPE_SIZE,
            "axes.labelsize": TYPE_SIZE,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.fontsize": 9,
            "legend.title_fontsize": 9,
            "legend.frameon": False,
            "axes.prop_cycle": cycler(color=CYCLE),
            "axes.grid": True,
            "grid.color": INK,
            "grid.alpha": 0.13,
            "grid.linewidth": 0.6,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "xtick.major.width": 0.8,
            "ytick.major.width": 0.8,
            "xtick.major.size": 4,
            "ytick.major.size": 4,
            "lines.linewidth": 1.5,
            "lines.markersize": 4.5,
            "path.simplify": True,
        },
    )


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Student interval of the mean of independent runs; (nan, nan) for fewer than two.

    The form that seaborn's ``errorbar`` takes.
    """
    from scipy import special

    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return np.nan, np.nan
    half = special.stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1)
    half /= np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def geometric_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """The same for the geometric mean of positive values."""
    low, high = interval(np.log(values), level)
    return float(np.exp(low)), float(np.exp(high))


def curve(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    y: str,
    method: str,
    *,
    label: str | None = None,
    record: bool = False,
    log: bool = False,
    color: str | None = None,
    marker: str | None = None,
    band: bool = True,
) -> None:
    """Draw one method's mean over seeds with its 95 % Student interval as a band.

    Diverged rows and empty values are left out; the legend says how many seeds the mean has, as a
    range when some ended early.

    Args:
        ax: Where to.
        frame: One row a seed and evaluation; a ``method`` column is filtered on.
        x: Column, e.g. ``effective_epoch``.
        y: Column, e.g. ``validation_error``.
        method: Its look is taken; any name if ``color``, ``marker`` and ``label`` are given.
        label: The legend's text, instead of the method's name.
        record: Dashed with open markers.
        log: Average logarithms; values must be positive.
        color: Another than the method's.
        marker: Another than the method's.
        band: Draw the interval.

    Raises:
        LandscapeError: Nothing is left to draw, or ``log`` of values that are not positive.
    """
    import seaborn

    rows = frame[frame["method"] == method] if "method" in frame else frame
    if "diverged" in rows:
        rows = rows[~rows["diverged"].fillna(0).astype(bool)]
    rows = rows.dropna(subset=[x, y])
    if rows.empty:
        raise LandscapeError(f"There are no values of {y} for method {method} to draw.")
    if log and (rows[y] <= 0).any():
        raise LandscapeError(f"{y} of {method} is not positive everywhere: draw it without log.")
    if not (color and marker and label):
        seen = look(method)
        color, marker, label = color or seen.color, marker or seen.marker, label or seen.label
    seeds = rows.groupby(x)[y].count()
    count = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()}–{seeds.max()}"
    label += ", record" if record and "record" not in label else ""
    function = geometric_interval if log else interval
    seaborn.lineplot(
        data=rows, x=x, y=y, ax=ax, color=color, marker=marker,
        estimator=_geometric_mean if log else "mean",
        errorbar=function if band and (seeds > 1).any() else None,
        err_kws={"alpha": 0.10 if record else 0.18, "linewidth": 0},
        linestyle="--" if record else "-", markerfacecolor=PAPER if record else color,
        markeredgecolor=color, markeredgewidth=0.9, markevery=max(1, len(seeds) // 8),
        label=f"{label} (n = {count})", legend=False,
    )  # fmt: skip


def curves(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    y: str,
    names: Sequence[str],
    record: pd.DataFrame | None = None,
    **options: object,
) -> None:
    """``curve`` of several methods, and of those that the record has, dashed over them."""
    for name in names:
        curve(ax, frame, x, y, name, **options)
    for name in names if record is not None else ():
        rows = record[record["method"] == name]
        if rows[y].notna().any():
            curve(ax, record, x, y, name, record=True, **options)


def log_axis(ax: Axes, axis: str = "y") -> None:
    """A logarithmic axis with plain numbers (1, 2, 5, 10...), for errors in percent."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

    which = ax.yaxis if axis == "y" else ax.xaxis
    (ax.set_yscale if axis == "y" else ax.set_xscale)("log")
    which.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    which.set_major_formatter(StrMethodFormatter("{x:g}"))
    which.set_minor_locator(NullLocator())
    which.set_minor_formatter(NullFormatter())


def ticks_at(ax: Axes, values: Sequence[float]) -> None:
    """Ticks of the x axis at these values and nowhere else, written plainly (0.5, 1e-05)."""
    from matplotlib.ticker import NullLocator

    ax.set_xticks(values, [f"{value:g}" for value in values])
    ax.xaxis.set_minor_locator(NullLocator())


def errorbars(
    ax: Axes, marks: Mapping[float, Measurement], lowest: float | None = None, **options: object
) -> None:
    """Measurements at their x, with their intervals where they have some.

    What has no value is left out.

    Args:
        ax: Where to.
        marks: By x.
        lowest: Part of a value that its bar leaves: a logarithmic axis has no negative numbers.
        options: Of ``Axes.errorbar``: color, marker, label, ...
    """
    marks = {x: m for x, m in marks.items() if m.finite}
    if not marks:
        return
    y = np.array([m.value for m in marks.values()])
    ends = [(m.low, m.high) if m.has_interval else (m.value, m.value) for m in marks.values()]
    low, high = np.array(ends).T
    below = np.maximum(y - low, 0)
    if lowest is not None:
        below = np.minimum(below, (1 - lowest) * np.abs(y))
    ax.errorbar(list(marks), y, yerr=[below, np.maximum(high - y, 0)], **options)


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.log(values).mean()))
