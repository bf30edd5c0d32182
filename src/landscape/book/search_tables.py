"""Tables of searches over two settings: what each pair ended with, and which was taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from landscape.book.tables import Table

if TYPE_CHECKING:
    import pandas as pd


def two_settings(
    ends: pd.DataFrame,
    settings: tuple[str, str],
    column: str,
    chosen: tuple[float, float],
    head: str,
    row: Callable[[float], str],
    above: Callable[[float], str],
    caption: str,
) -> Table:
    """The mean end of every pair, the chosen one bold; one that has no value diverged.

    Args:
        ends: One row a run, at its end.
        settings: Columns that hold the two settings, of the rows first.
        column: What the runs end with, in percent.
        chosen: The pair that was taken.
        head: What the rows' names are.
        row: A row's name from its setting.
        above: A column's name from its setting.
        caption: Markdown above it.
    """
    grid = ends.groupby(list(settings))[column].mean().unstack()
    body = []
    for first, values in grid.iterrows():
        cells = [row(first)]
        for second, value in values.items():
            text = "diverged" if value != value else f"{value:.2f} %"
            cells.append(f"**{text}**" if (first, second) == chosen else text)
        body.append(cells)
    return Table([head, *map(above, grid.columns)], body, caption=caption)
