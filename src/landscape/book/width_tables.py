"""Tables of the page "Wide or not?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from landscape.book.tables import Cell, Table
from landscape.evidence import statistics, wider
from landscape.evidence.measurement import format_brief, format_measurement, format_number
from landscape.experiments import width_summary

if TYPE_CHECKING:
    import pandas as pd

    from landscape.evidence.measurement import Measurement

_ENDS = {
    "training_loss": "training loss",
    "test_error": "test error [%]",
    "balanced_width_1": "width term",
    "balanced_trace": "trace",
    "balanced_top": "top eigenvalue",
    "slope": "slope term",
    "entropy": r"$f_\gamma$, as trained",
}


def ratios(
    found: pd.DataFrame,
    level: float,
    pairs: Sequence[tuple[str, str]],
    methods: Mapping[str, str],
    counted: Mapping[str, str],
    shown: Mapping[str, str],
) -> Table:
    """Ratios of measures of two methods at the common loss, and what all that count say together.

    Args:
        found: One row a run at the common loss.
        level: That loss.
        pairs: (whose, by whose), a column each.
        methods: Their names.
        counted: Measures of balanced networks and their names: these are read together.
        shown: Measures of networks as trained.
    """
    rows = []
    for form, names in (("balanced", counted), ("as trained, not counted", shown)):
        for column, name in names.items():
            cells = [_cell(wider.ratio(found, column, *pair)) for pair in pairs]
            rows.append([Cell(name, details=form), *cells])
    together = [wider.together(found, counted, *pair) for pair in pairs]
    rows.append([Cell("together", details="three of five, none against"), *together])
    heads = [f"{methods[a]} / {methods[b]}" for a, b in pairs]
    return Table(
        ["measure", *heads], rows, stack=True,
        caption=f"Ratios at the training loss {format_number(level, digits=3)}, the lowest that "
        "all runs reach (95 % intervals over seeds, paired; below 1: wider)",
    )  # fmt: skip


def _cell(ratio: Measurement) -> Cell:
    if ratio.value is None:
        return Cell("–", details=ratio.note)
    return Cell(format_brief(ratio), details=wider.reading(ratio))


def ends(rows: pd.DataFrame, found: pd.DataFrame, methods: Mapping[str, str]) -> Table:
    """What the runs end with after equal numbers of gradients, and when they met the common loss.

    Args:
        rows: One row a kept network.
        found: One row a run at the common loss.
        methods: Their names, in order.
    """
    entropy = rows["training_loss"] - rows["slope"] + rows["plain_width_1"]
    last = rows.assign(entropy=entropy)[rows["at"] == 1]
    body = []
    for method, label in methods.items():
        means = [_mean(last.loc[last["method"] == method, column]) for column in _ENDS]
        body.append([label, *means, _mean(found.loc[found["method"] == method, "at"])])
    return Table(
        ["method", *_ENDS.values(), "reaches the common loss after"], body, folded=True,
        stack=True, caption="After equal numbers of gradients: means over seeds with 95 % "
        "intervals; last column: part of the run",
    )  # fmt: skip


def correlations(found: pd.DataFrame, measures: Mapping[str, str]) -> Table:
    """Rank correlations of measures with the test error at the common loss."""
    body = []
    for column, name in measures.items():
        one = wider.rank_correlation(found, column, "test_error")
        body.append([name, format_measurement(one), wider.goes_with(one)])
    return Table(
        ["measure", "rank correlation with test error", "reading"], body,
        caption="Among the solutions of one seed at the common loss: Spearman's correlation, mean "
        "over seeds with its 95 % interval",
    )  # fmt: skip


def changed(rescaled: pd.DataFrame, names: Mapping[str, str]) -> Table:
    """By what factor rescaling changes each measure at most."""
    found = width_summary.changed(rescaled, names)
    body = [[row["measure"], *(f"{row[k]:.3g}" for k in ("layer", "unit"))]
            for _, row in found.iterrows()]  # fmt: skip
    return Table(
        ["measure", "layers rescaled", "units rescaled"], body, folded=True,
        caption="One network that computes the same: by what factor a measure changes at most",
    )  # fmt: skip


def _mean(values: pd.Series) -> str:
    return format_brief(statistics.mean_of_known(values))
