"""Pictures of the page that asks what averaging gives (``landscape.evidence.averaging``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from landscape.book.style import CYCLE, GREY, INK, curve, log_axis, look, panel
from landscape.evidence import statistics
from landscape.evidence.averaging import (
    CONSTANT,
    ENTROPY,
    FALLING,
    LAST,
    RUNS,
    SWA,
    found,
    inner_rate,
    main_average,
    rows_of,
)
from landscape.evidence.measurement import format_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from landscape.evidence.runs import Runs

ROWS = (  # key in ``found``, name; SGD is at the inner rate unless it says otherwise
    ("entropy", "Entropy-SGD"), ("no force", "its force left out"),
    ("restart", "its averages left out, too"), ("average", "SGD, exponential average"),
    ("swa", "SGD, plain average (SWA)"), ("falling", "SGD, falling rate"),
    ("falling average", "falling rate and average"), ("outer", "SGD at the outer rate"),
)  # fmt: skip
FARTHEST = 10  # points: what ends farther off is named and not drawn


def draw_gains(runs: Runs, name: str = RUNS) -> Figure:
    """How many points below SGD at the inner rate each ends."""
    measured, _, _ = found(runs, name)
    figure, ax = panel(height=3.4)
    rows = [(key, words) for key, words in ROWS if measured[key][0] is not None]
    for place, (key, _) in enumerate(rows):
        error, own, _ = measured[key]
        if own is None:
            continue
        if abs(own.value) > FARTHEST:
            ax.annotate(f"{format_number(error.value, 0)} % error", (0.02, place), fontsize=9,
                        va="center", xycoords=("axes fraction", "data"))  # fmt: skip
            continue
        drawn = look(ENTROPY if key in ("entropy", "no force", "restart") else CONSTANT)
        ax.errorbar(own.value, place, xerr=[[own.value - own.low], [own.high - own.value]],
                    fmt=drawn.marker, color=drawn.color, elinewidth=1)  # fmt: skip
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set(yticks=range(len(rows)), yticklabels=[words for _, words in rows],
           ylim=(len(rows) - 0.5, -0.5), xlabel="points below SGD")  # fmt: skip
    return figure


def draw_curves(runs: Runs, name: str = RUNS) -> Figure:
    """Test error against passes over the data."""
    frame, rate = runs.frame(name), inner_rate(runs, name)
    average = main_average(runs, name)
    figure, ax = panel(height=3.4)
    shown = (
        (ENTROPY, LAST, None, "Entropy-SGD", look(ENTROPY).color, "v"),
        (CONSTANT, LAST, rate, "SGD", INK, "D"),
        (CONSTANT, average, rate, "SGD, average", CYCLE[0], "o"),
        (FALLING, LAST, rate, "SGD, falling rate", CYCLE[2], "s"),
    )
    for case, answer, at, words, color, marker in shown:
        rows = rows_of(frame, case, answer, at)
        curve(ax, rows, "effective_epoch", "test_error", case, label=words,
                   color=color, marker=marker, band=False)  # fmt: skip
    ax.set(xlabel="effective epochs", ylabel="test error [%]")
    ax.legend(fontsize=9)
    return figure


def draw_rates(frame: pd.DataFrame, case: str, answers: Sequence[str]) -> tuple[Figure, Axes]:
    """Final test error against the rate: SGD's last weights, their averages, and Entropy-SGD."""
    figure, ax = panel(height=3.1)
    names = {LAST: "last weights", SWA: "plain average"}
    lines = [(case, one, names.get(one, f"decay {one[4:]}")) for one in answers]
    colors = (INK, *CYCLE[:3], CYCLE[5], look(ENTROPY).color)
    shown = set()
    for place, (method, one, name) in enumerate([*lines, (ENTROPY, LAST, "Entropy-SGD")]):
        rows = frame[(frame["method"] == method) & (frame["answer"] == one)]
        finals = {rate: statistics.per_seed(part, "test_error")
                  for rate, part in rows.groupby("rate")}  # fmt: skip
        measured = {rate: statistics.mean_interval(x) for rate, x in finals.items() if len(x) > 1}
        y = [m.value for m in measured.values()]
        spans = [[m.value - m.low for m in measured.values()],
                 [m.high - m.value for m in measured.values()]]  # fmt: skip
        ax.errorbar([rate * 1.04 ** (place - 2) for rate in measured], y, yerr=spans, label=name,
                    color=colors[place], marker="Dos^Xv"[place], elinewidth=1)  # fmt: skip
        shown |= set(measured)
    log_axis(ax)
    ax.set(xscale="log", xlabel="learning rate (inner)", ylabel="test error [%]")
    ax.set_xticks(sorted(shown), [f"{rate:g}" for rate in sorted(shown)])
    ax.minorticks_off()
    return figure, ax
