"""Where methods end, and after how many passes: final values by seed, means, differences.

``frame`` has the columns of ``results/`` and ``method``; diverged runs are left out by name. A
record may hold some of an experiment's methods: what asks for another is not run.
"""

from __future__ import annotations

import pandas as pd

from landscape.evidence import races, statistics
from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.methods import label


def final(frame: pd.DataFrame, method: str, column: str = "test_error") -> pd.Series:
    """The last value of one method, one number a seed."""
    return statistics.per_seed(frame[frame["method"] == method], column)


def mean(
    frame: pd.DataFrame, method: str, column: str = "test_error", unit: str = "%"
) -> Measurement:
    """The last value of one method, mean over seeds with its 95 % interval."""
    rows = frame[frame["method"] == method]
    if rows.empty:
        return absent(method)
    return statistics.mean_interval(
        final(frame, method, column), unit=unit, diverged=statistics.diverged_runs(rows)
    )


def absent(method: str) -> Measurement:
    """What is not run because a record lacks a method."""
    return not_run(f"there are no runs of {label(method)}")


def lowest(frame: pd.DataFrame, column: str) -> pd.Series:
    """The row of a search's run that ends lowest, of equal ones the first; none that diverged."""
    rows = frame[frame["diverged"].fillna(0) == 0]
    ends = rows[rows["step"] == rows["step"].max()]
    return ends.sort_values(column, kind="stable").iloc[0]


def gap(
    frame: pd.DataFrame, first: str, second: str, column: str = "test_error", unit: str = "%"
) -> Measurement:
    """The last value of the first method minus that of the second, paired by seed.

    ``unit`` is that of the values; percentages differ in points.
    """
    for method in (first, second):
        if method not in set(frame["method"]):
            return absent(method)
    both = frame[frame["method"].isin((first, second))]
    pair = statistics.common_seeds(*(final(frame, name, column) for name in (first, second)))
    return statistics.paired_difference(*pair, unit=unit, diverged=statistics.diverged_runs(both))


def between(
    ours: pd.DataFrame | None, first: str, others: pd.DataFrame | None, second: str, unit: str = "%"
) -> Measurement:
    """The same of two experiments on one network and the same data, paired by seed.

    Not run where there are no runs of either (None), or none of both that share a seed and ended.
    """
    if ours is None or others is None:
        return not_run("there are no runs of both")
    pair = statistics.common_seeds(final(ours, first), final(others, second))
    if len(pair[0]) == 0:
        return not_run("no pair of runs that ended")
    rows = (ours[ours["method"] == first], others[others["method"] == second])
    names = [name for part in rows for name in statistics.diverged_runs(part)]
    return statistics.paired_difference(*pair, unit=unit, diverged=names)


def passes(
    frame: pd.DataFrame, first: str, second: str, level: float, column: str = "test_error"
) -> Measurement:
    """Ratio of the effective epochs until ``column`` is at or below a level, first over second.

    Paired by seed; what is counted how is said in ``landscape.evidence.races``.
    """
    return races.race(frame.assign(**{races.ERROR: frame[column]}), first, second, level).ratio()
