"""All errata at a glance: how far print and correction are from a check that uses neither."""

import numpy as np
import pandas as pd

from landscape.errata import registry

ALT = (
    "One line for each entry. On every line the filled dot of the corrected form lies left of the "
    "vertical line at one, where a check still agrees, and the cross of the print lies right of it."
)
SHOWN = (1e-4, 1e6)  # what is beyond is rounding, or as good as infinite, and put at the edge


def distances(page=None):
    """One row an entry: distance from its check, in units of the check's tolerance.

    Of several quantities the one that speaks most against the entry: the print that is nearest to
    its check, the correction that is farthest from its own.
    """
    rows = []
    for entry in registry.of_page(page) if page else registry.ENTRIES:
        stated = [row for row in entry.rows if row.printed is not None]
        rows.append({
            "erratum": entry.name,
            "printed": min((_distance(row, row.printed) for row in stated), default=np.nan),
            "corrected": max(_distance(row, row.corrected) for row in entry.rows),
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    for name in ("printed", "corrected"):
        frame[name] = [float(f"{value:.4g}") for value in frame[name].clip(*SHOWN)]
    return frame


def _distance(row, value):
    return abs(value - row.check) / (row.tolerance * abs(row.check))


def picture(page=None):
    """All entries, or those of a page."""
    from landscape import book

    return book.Picture(draw(page), alt=ALT, data=distances(page))


def draw(page=None):
    """Crosses for prints, dots for corrections; left of 1 a check agrees."""
    from landscape import book

    frame = distances(page)
    figure, ax = book.panel(width=4.8, height=max(2.4, 0.155 * len(frame)))
    lines = np.arange(len(frame))
    ax.axvline(1, color=book.INK, linewidth=1)
    for name, mark, color in (("printed", "x", book.CYCLE[1]), ("corrected", "o", book.CYCLE[0])):
        ax.plot(frame[name], lines, mark, color=color, label=name, clip_on=False)
    ax.set_xscale("log")
    ax.set_xlim(*SHOWN)
    ax.set_yticks(lines, frame["erratum"])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.tick_params(axis="y", labelsize=8, length=0)
    ax.set_xlabel("distance from the check, in units of its tolerance")
    ax.set_title("agrees", loc="left")
    ax.set_title("contradicted", loc="right")
    ax.legend(loc="lower right")
    return figure
