"""From which budget on a method gains over others that have had as many trials.

A method that does not know how long the run will be has every budget in one run: its accuracy at a
budget is the highest so far. It pays from the budget on from which its mean gain stays above zero
until the end, and measurably where the 95 % interval over seeds does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from landscape.evidence import l2_races, statistics
from landscape.evidence.measurement import format_number


def accuracies(frame: pd.DataFrame, methods: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Highest test accuracy so far, percent, by method: seeds by epochs after the first look."""
    found = {}
    for method in methods:
        rows = statistics.finished(l2_races.rows_of(frame, method))
        table = 100 - rows.pivot(index="seed", columns=l2_races.EPOCH, values="test_error")
        found[method] = table.cummax(axis=1).iloc[:, 1:]
    return found


def chosen(found: Mapping[str, pd.DataFrame], names: Sequence[str], number: int) -> pd.DataFrame:
    """Accuracy of the best of ``number`` methods, mean over all their choices, seeds by budgets.

    The best is by the mean over seeds, at every budget anew.

    Args:
        found: By method, as ``accuracies`` has them.
        names: The methods to choose from.
        number: How many are tried.
    """
    means = {name: found[name].mean() for name in names}
    total, count = 0, 0
    for tried in itertools.combinations(names, number):
        winner = pd.DataFrame({name: means[name] for name in tried}).idxmax(axis=1)
        picked = {at: found[winner[at]][at] for at in winner.index}
        total, count = total + pd.DataFrame(picked), count + 1
    return total / count


def gains(ours: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Mean gain in points, paired by seed, at every budget: ``value``, ``low``, ``high``."""
    rows = {}
    for at in ours.columns:
        pair = statistics.common_seeds(ours[at], other[at])
        found = statistics.paired_difference(*pair)
        rows[at] = (found.value, found.low, found.high)
    return pd.DataFrame(rows, index=["value", "low", "high"]).T


def pays_from(table: pd.DataFrame, column: str = "value") -> float | None:
    """First budget from which on a gain stays above zero to the end; None if there is none."""
    above = (table[column] > 0).to_numpy()
    if not above[-1]:
        return None
    return float(table.index[len(above) - np.argmin(above[::-1]) if not above.all() else 0])


def when(ours: pd.DataFrame, other: pd.DataFrame) -> str:
    """In words: from which budget on it pays, and whether that is measurable."""
    table = gains(ours, other)
    first, sure = pays_from(table), pays_from(table, "low")
    if first is None:
        return f"at no budget up to {table.index[-1]:g} epochs"
    if first == table.index[0]:
        told = "at every budget"
    else:
        told = f"from {format_number(first, digits=3)} epochs on"
    if sure is None:
        return f"{told}, not measurably"
    if sure == first:
        return told
    return f"{told}, measurably from {format_number(sure, digits=3)}"


def surely(ours: pd.DataFrame, other: pd.DataFrame) -> str:
    """In words: from which budget on it pays measurably."""
    table = gains(ours, other)
    sure = pays_from(table, "low")
    if sure is None:
        return f"at no budget up to {table.index[-1]:g} epochs"
    return f"from {format_number(sure, digits=3)} epochs on"
