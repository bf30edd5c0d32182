"""Runs on characters (figure 3.7): losses and angles as pictures, ends as a table and in words.

``losses`` and ``ends`` read the columns of ``results/``, ``angles`` those that
``landscape.experiments.gradient_angles`` writes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from landscape.book.style import CYCLE, GREY, INK, curve, curves, panel
from landscape.book.tables import Cell, Table
from landscape.evidence import finals, gaps
from landscape.evidence.claims import PaperValue
from landscape.evidence.measurement import (
    Measurement,
    format_brief,
    format_measurement,
    format_number,
)
from landscape.evidence.methods import label

LOSS, UNIT = "test_loss", "nats"


def losses(
    frame: pd.DataFrame,
    record: pd.DataFrame | None,
    methods: Sequence[str],
    control: tuple[str, str],
    value: float,
) -> Figure:
    """Test loss against effective epochs, of a record dashed, with the value printed for Adam.

    Args:
        frame: The runs of this build.
        record: Those of a record, None where there is none. The axis then leaves out the first
            loss, beside which the ends could not be told apart.
        methods: Whose curves have colours.
        control: A method of the build in grey, and its name.
        value: What the work prints.
    """
    figure, ax = panel(height=3.1)
    curves(ax, frame, "effective_epoch", LOSS, methods, record=record)
    name, text = control
    curve(ax, frame, "effective_epoch", LOSS, name, color=GREY, marker="x", label=text)
    ax.axhline(value, color=INK, linestyle=":", linewidth=1.4)
    above = record is None  # a record's curves end near the line, above it or below
    ax.annotate("printed for Adam", (0.03, value + (0.04 if above else -0.02)), fontsize=9,
                va="bottom" if above else "top", xycoords=("axes fraction", "data"))  # fmt: skip
    ax.set(xlabel="effective epochs", ylabel="test loss [nats a character]",
           ylim=(1, None) if above else (1.05, 3))  # fmt: skip
    ax.legend(fontsize=9)
    return figure


def angles(frames: Mapping[str, pd.DataFrame]) -> Figure:
    """The angle at every outer step, a line a seed, by the network's name."""
    figure, ax = panel(height=3.1)
    for (name, rows), color in zip(frames.items(), CYCLE, strict=False):
        for seed, own in rows.groupby("seed"):
            text = None if seed else f"{name} (n = {rows['seed'].nunique()})"
            ax.plot(own["update"], own["angle"], color=color, linewidth=1, alpha=0.8, label=text)
    ax.axhline(90, color=INK, linestyle=":", linewidth=1)
    ax.set(xlabel="outer steps", ylabel="angle [degrees]", ylim=(0, 135), yticks=range(0, 121, 30))
    ax.legend(fontsize=9, loc="lower right")
    return figure


def ends(
    frame: pd.DataFrame,
    record: pd.DataFrame | None,
    methods: Sequence[str],
    stated: Mapping[str, PaperValue],
    others: Mapping[str, tuple[str, pd.DataFrame]],
    scale: str,
    name: str,
) -> Table:
    """Final losses by method: printed, in the record, in this build, and this build's perplexity.

    Args:
        frame: The runs of this build.
        record: Those of a record, which may lack methods; None where there is none.
        methods: One row each.
        stated: What the work prints, by method.
        others: Further rows: method and runs by what tells them apart.
        scale: The build's profile.
        name: The table's label.
    """
    known = set() if record is None else set(record["method"])
    rows = []
    for method in methods:
        paper = stated.get(method)
        rows.append([
            Cell(label(method), details=_length(frame, method)),
            f"{paper.value:g} ± {paper.err:g}" if paper else "–",
            _recorded(record, method) if method in known else "–",
            *_nats_and_perplexity(frame, method),
        ])  # fmt: skip
    for text, (method, part) in others.items():
        rows.append([Cell(label(method), details=text), "–", "–",
                     *_nats_and_perplexity(part, method)])  # fmt: skip
    return Table(
        ["optimizer", "printed", "record", f"this build ({scale})", "its perplexity"], rows,
        label=name, stack=True,
        caption="Test loss on the characters at the end of training, nats a character "
        "(95 % intervals of ours)",
    )  # fmt: skip


def said_of_record(
    record: pd.DataFrame | None, methods: tuple[str, str], stated: Mapping[str, PaperValue]
) -> str:
    """Sentences: how far apart two methods of a record end, and how far from what is printed.

    Args:
        record: Its runs; "" is said of None.
        methods: The method and its baseline.
        stated: What the work prints, by method.
    """
    if record is None:
        return ""
    gap = finals.gap(record, *methods, LOSS, UNIT)
    ours, base = (finals.mean(record, method, LOSS, UNIT) for method in methods)
    one, other = (label(method) for method in methods)
    if gap.value is None:  # one of them is not in the record yet
        return "".join(
            f"At the work's scale, in the record, {name} ends at {format_measurement(found)}, "
            f"{gaps.apart(gaps.less(found, stated[method].value))} the value that the work prints "
            f"for it; {left} was not run at that scale."
            for name, found, method, left in
            ((one, ours, methods[0], other), (other, base, methods[1], one))
            if found.value is not None
        )  # fmt: skip
    ends = (
        gaps.apart(gaps.less(found, stated[method].value))
        for found, method in ((base, methods[1]), (ours, methods[0]))
    )
    beside = gaps.apart(gaps.less(ours, stated[methods[1]].value))
    return (
        f"At the work's scale, in the record, {one}'s final loss minus {other}'s is "
        f"{format_brief(gap)}. {other} ends {next(ends)} the value that the work prints for it; "
        f"{one} ends {next(ends)} its own and {beside} that of {other}."
    )


def _recorded(record: pd.DataFrame, method: str) -> Cell:
    found = finals.mean(record, method, LOSS, UNIT)
    return Cell(format_measurement(found), details=_length(record, method))


def _length(frame: pd.DataFrame, method: str) -> str:
    epochs = frame.loc[frame["method"] == method, "effective_epoch"].max()
    return f"{format_number(epochs)} effective epochs"


def _nats_and_perplexity(frame: pd.DataFrame, method: str) -> tuple[str, str]:
    nats = finals.mean(frame, method, LOSS, UNIT)
    values = [None if x is None else math.exp(x) for x in (nats.value, nats.low, nats.high)]
    return format_measurement(nats), format_measurement(Measurement(*values))
