"""Panels of a ladder of levels (``landscape.evidence.ladders``): each level beside a base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from landscape.book.style import INK, errorbars, look, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from landscape.evidence.measurement import Measurement


def levels(
    marks: Mapping[float, Measurement],
    base: Measurement,
    name: str,
    method: str,
    lines: Mapping[float, Mapping[str, Any]],
) -> Figure:
    """Measurements against their level, logarithmic, beside a horizontal band of the base.

    Args:
        marks: By level.
        base: What the band is.
        name: The base's, in the legend.
        method: Its look is taken for the marks.
        lines: Vertical lines by where they stand, with their options of ``Axes.axvline``.
    """
    figure, ax = panel(height=3.1)
    ax.axhline(base.value, color=INK, linewidth=1.2, label=name)
    if base.has_interval:
        ax.axhspan(base.low, base.high, color=INK, alpha=0.12, linewidth=0)
    for at, options in lines.items():
        ax.axvline(at, **options)
    seen = look(method)
    errorbars(ax, marks, fmt=seen.marker, color=seen.color, capsize=3)
    ax.set(xscale="log", xlim=(min(marks) / 3, max(marks) * 3))
    return figure
