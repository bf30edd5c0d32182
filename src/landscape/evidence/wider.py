"""The rules by which one method's solutions are called wider than another's.

Every measure here is smaller the wider a valley is, so that a ratio below 1 means wider.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run

WIDER, NARROWER, APART = "wider", "narrower", "not told apart"
UNMEASURED, DISAGREE = "not measured", "the measures disagree"
MAJORITY = 3  # of the five measures that do not change when a network is rescaled


def ratio(found: pd.DataFrame, column: str, method: str, base: str) -> Measurement:
    """Geometric mean over seeds of a measure of one method by that of another, paired by seed.

    Args:
        found: Columns method, seed and the measure; one row a run.
        column: The measure, positive; seeds where it is missing for either are left out.
        method: Whose measure is divided.
        base: By whose.
    """
    one, other = (found[found["method"] == m].set_index("seed")[column] for m in (method, base))
    one, other = statistics.common_seeds(one, other)
    if len(one) < 2 or (one <= 0).any() or (other <= 0).any():
        return not_run("fewer than two seeds reach the common loss")
    return statistics.ratio_of_means(one, other)


def reading(measured: Measurement) -> str:
    """What a ratio says: wider or narrower where its whole interval is on one side of 1."""
    if not measured.has_interval:
        return UNMEASURED
    if measured.high < 1:
        return WIDER
    return NARROWER if measured.low > 1 else APART


def overall(readings: Sequence[str]) -> str:
    """What all measures say together: most of them, and none against."""
    wider, narrower = (sum(one == word for one in readings) for word in (WIDER, NARROWER))
    if all(one == UNMEASURED for one in readings):
        return UNMEASURED
    if wider and narrower:
        return DISAGREE
    if wider >= MAJORITY:
        return WIDER
    return NARROWER if narrower >= MAJORITY else APART


def together(found: pd.DataFrame, measures: Iterable[str], method: str, base: str) -> str:
    """What all these measures say together of two methods at the common loss."""
    return overall([reading(ratio(found, one, method, base)) for one in measures])


def rank_correlation(found: pd.DataFrame, column: str, other: str) -> Measurement:
    """Spearman's correlation among the methods' solutions of one seed, its mean over seeds.

    Runs of one seed share initialisation and order of samples, so that the seeds are what is
    independent: the interval is Student's over them.
    """
    values = []
    for _, rows in found.dropna(subset=[column, other]).groupby("seed"):
        if len(rows) >= 3 and rows[column].nunique() > 1 and rows[other].nunique() > 1:
            values.append(float(stats.spearmanr(rows[column], rows[other]).statistic))
    if len(values) < 2:
        return not_run("fewer than two seeds have three solutions at the common loss")
    mean = statistics.mean_interval(np.array(values))
    return mean.with_(low=max(mean.low, min(-1.0, mean.value)), high=min(mean.high, 1.0))


def goes_with(correlation: Measurement) -> str:
    """Whether sharper solutions have more test error: yes, the reverse, or not told."""
    if not correlation.has_interval:
        return UNMEASURED
    if correlation.low > 0:
        return "sharper solutions err more"
    return "sharper solutions err less" if correlation.high < 0 else APART
