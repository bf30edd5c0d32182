"""One look for all figures: fixed colour and marker per method, opaque white, phone-sized type.

A method is told apart by colour and marker; the line says where the data come from: solid for
this build, dashed for a record. Figures are 5 inches wide at 150 dpi, panels stacked, so that
text stays above 10 CSS pixels on a 360-pixel screen.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, PANEL_HEIGHT, DPI = 5.0, 3.1, 150


@dataclass(frozen=True)
class Look:
    """Display name, colour and marker of a method."""

    label: str
    color: str
    marker: str


#: Okabe & Ito's and Tol's colour-blind safe hues. Methods that share a figure differ most.
LOOKS = {
    "adam": Look("Adam", "#0072B2", "o"),
    "anneal_sgd": Look("AnnealSGD", "#D55E00", "s"),
    "resampled_noise": Look("resampled noise", "#009E73", "^"),
    "sgd": Look("SGD", "#111111", "D"),
    "entropy_sgd": Look("Entropy-SGD", "#CC6699", "v"),
    "entropy_adam": Look("Entropy-Adam", "#A01050", "P"),
    "sgld": Look("SGLD", "#E69F00", "X"),
    "hamilton_jacobi": Look("HJ", "#56B4E9", "<"),
    "heat_smoothing": Look("HEAT", "#D55E00", ">"),
    "elastic_sgd": Look("Elastic-SGD", "#E69F00", "p"),
    "parle": Look("Parle", "#0072B2", "h"),
    "auto_l2": Look("AutoL2", "#D55E00", "*"),
    "constant_l2": Look("constant L2", "#CC6699", "d"),
    "matched_cgd": Look("matched CGD", "#0072B2", "1"),
    "cosine_cgd": Look("cosine CGD", "#E69F00", "2"),
    "two_step_cgd": Look("two-step CGD", "#009E73", "3"),
}
#: Colours for series that are no method, in order of use.
CYCLE = ("#0072B2", "#D55E00", "#009E73", "#111111", "#CC6699", "#E69F00", "#56B4E9", "#A01050")

#: Fixed colour per method.
colors = {method: look.color for method, look in LOOKS.items()}


def look(method: str) -> Look:
    """The look of a method; a variant such as ``anneal_sgd_linear`` has its base method's.

    Raises KeyError for a method without a look.
    """
    bases = [name for name in LOOKS if method == name or method.startswith(f"{name}_")]
    if not bases:
        raise KeyError(f"no look for method {method!r}: add it to landscape.book.style.LOOKS")
    base = LOOKS[max(bases, key=len)]
    rest = method[len(max(bases, key=len)) :].strip("_").replace("_", " ")
    return Look(f"{base.label} ({rest})", base.color, base.marker) if rest else base


def style() -> None:
    """Apply the book's look to matplotlib and seaborn; call once, before the first figure."""
    import matplotlib
    import seaborn
    from cycler import cycler

    seaborn.set_theme(
        context="notebook",
        style="ticks",
        rc={
            "figure.figsize": (WIDTH, PANEL_HEIGHT),
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "savefig.facecolor": "white",
            "savefig.transparent": False,
            "figure.constrained_layout.use": True,
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same everywhere
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "axes.prop_cycle": cycler(color=CYCLE),
            "axes.grid": True,
            "grid.color": "#E5E5E5",
            "grid.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 1.6,
            "lines.markersize": 4.5,
            "svg.hashsalt": "landscape",
        },
    )
    matplotlib.rcParams["path.simplify"] = True
    _small_pictures()


def small_png(figure: Figure) -> bytes:
    """The figure as a PNG of at most 256 colours, a third of the usual size, no visible loss."""
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    picture = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _small_pictures() -> None:
    """In a notebook, let figures be shown through ``small_png``."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if get_ipython() is None:
        return
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    # Loads the inline backend now: it sets a formatter of its own when it is loaded.
    plt.switch_backend(plt.get_backend())
    get_ipython().display_formatter.formatters["image/png"].for_type(Figure, small_png)


def panels(
    count: int, columns: int = 1, height: float = PANEL_HEIGHT, width: float = WIDTH
) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` panels, stacked, lettered a, b, c... when there are several.

    ``height`` is a panel's, ``width`` the whole figure's, in inches.
    """
    import matplotlib.pyplot as plt

    rows = -(-count // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(width, height * rows), squeeze=False)
    axes = list(grid.ravel())
    for unused in axes[count:]:
        unused.set_axis_off()
    if count > 1:
        for letter, ax in zip("abcdefghijklmnopqrstuvwxyz", axes[:count], strict=False):
            ax.set_title(letter, loc="left", fontweight="bold")
    return figure, axes[:count]


def curve_with_band(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    y: str,
    method: str,
    *,
    label: str | None = None,
    record: bool = False,
    log: bool = False,
    level: float = 0.95,
) -> None:
    """Draw the mean over seeds of one method with its Student interval as a band.

    ``frame`` holds one row per seed and evaluation (a ``method`` column is filtered on). Diverged
    rows and empty values are left out; the legend says how many seeds the mean has, as a range
    when some ended early. ``record`` draws dashed, without band edges; ``log`` averages logarithms
    (values must be positive). One seed gives a line without a band. Raises ValueError when
    nothing is left to draw.
    """
    rows = frame[frame["method"] == method] if "method" in frame else frame
    if "diverged" in rows:
        rows = rows[~rows["diverged"].fillna(0).astype(bool)]
    rows = rows.dropna(subset=[x, y])
    if rows.empty:
        raise ValueError(f"no values of {y} for method {method} to draw")
    if log and (rows[y] <= 0).any():
        raise ValueError(f"{y} of {method} is not positive everywhere; draw it without log")
    values = np.log(rows[y]) if log else rows[y]
    summary = values.groupby(rows[x]).agg(["mean", "std", "count"]).sort_index()
    freedom = (summary["count"] - 1).clip(lower=1)
    half = special.stdtrit(freedom, (1 + level) / 2) * summary["std"] / np.sqrt(summary["count"])
    low, high = summary["mean"] - half, summary["mean"] + half
    back = np.exp if log else (lambda v: v)
    seen, seeds = look(method), summary["count"]
    number = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()}–{seeds.max()}"
    name = label or (f"{seen.label}, record" if record else seen.label)
    ax.plot(
        summary.index, back(summary["mean"]),
        color=seen.color, marker=seen.marker, linestyle="--" if record else "-",
        markerfacecolor="white" if record else seen.color,
        markevery=max(1, len(summary) // 8), label=f"{name} (n = {number})",
    )  # fmt: skip
    if (seeds > 1).any():
        ax.fill_between(
            summary.index, back(low), back(high),
            color=seen.color, alpha=0.10 if record else 0.2, linewidth=0,
        )  # fmt: skip


def overlay_record(
    ax: Axes, frame: pd.DataFrame | None, x: str, y: str, methods: list[str], **options: object
) -> bool:
    """Draw a record's curves dashed over a panel; False when there is no record."""
    if frame is None:
        return False
    for method in methods:
        if (frame["method"] == method).any() and frame[y].notna().any():
            curve_with_band(ax, frame, x, y, method, record=True, **options)
    return True


def log_axis(ax: Axes, axis: str = "y") -> None:
    """A logarithmic axis with plain numbers (1, 2, 5, 10...), for errors in percent."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

    which = ax.yaxis if axis == "y" else ax.xaxis
    (ax.set_yscale if axis == "y" else ax.set_xscale)("log")
    which.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    which.set_major_formatter(StrMethodFormatter("{x:g}"))
    which.set_minor_locator(NullLocator())
    which.set_minor_formatter(NullFormatter())
