"""Where methods end: final values by seed, their means and their differences.

``frame`` has the columns of ``results/`` and ``method``; diverged runs are left out by name.
"""

from __future__ import annotations

import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement


def final(frame: pd.DataFrame, method: str, column: str = "test_error") -> pd.Series:
    """The last value of one method, one number a seed."""
    return statistics.per_seed(frame[frame["method"] == method], column)


def mean(
    frame: pd.DataFrame, method: str, column: str = "test_error", unit: str = "%"
) -> Measurement:
    """The last value of one method, mean over seeds with its 95 % interval."""
    rows = frame[frame["method"] == method]
    return statistics.mean_interval(
        final(frame, method, column), unit=unit, diverged=statistics.diverged_runs(rows)
    )


def gap(
    frame: pd.DataFrame, first: str, second: str, column: str = "test_error", unit: str = "%"
) -> Measurement:
    """The last value of the first method minus that of the second, paired by seed."""
    both = frame[frame["method"].isin((first, second))]
    pair = statistics.common_seeds(*(final(frame, name, column) for name in (first, second)))
    return statistics.paired_difference(*pair, unit=unit, diverged=statistics.diverged_runs(both))
