"""Numbers of critical points of simulated 3-spin glasses in a field, means over disorders.

The tables are those of ``landscape.experiments.critical_point_counts`` and, with other columns, of
``spin_glass_landscape``: one row a landscape.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement
from landscape.theory import spin_glass

P = 3
UNIT = spin_glass.critical_field(P)  # fields are shown in units of the critical one


def counted(values: Sequence[float], least: float) -> Measurement:
    """Mean of counts with its interval, whose lower end is not below the least possible number."""
    mean = statistics.mean_interval(values)
    low = None if mean.low is None else min(max(mean.low, least), mean.value)
    return mean.with_(low=low)


def means(rows: pd.DataFrame, least: float) -> pd.DataFrame:
    """What was found plus the estimate of those unseen, with intervals: a row a size and field.

    Args:
        rows: Columns ``spins``, ``field``, ``found``, ``unseen``.
        least: No landscape has fewer.

    Returns:
        ``spins``, ``field`` in units of the critical one, ``mean``, ``low``, ``high``.
    """
    found = []
    for (n, field), group in rows.groupby(["spins", "field"]):
        mean = counted(group["found"] + group["unseen"], least)
        low, high = (mean.value, mean.value) if mean.low is None else (mean.low, mean.high)
        found.append([n, field / UNIT, mean.value, low, high])
    return pd.DataFrame(found, columns=["spins", "field", "mean", "low", "high"])
