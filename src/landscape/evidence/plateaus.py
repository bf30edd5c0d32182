"""Where a curve of training stands still, and whether it falls like a staircase.

A run is cut into parts of equal length; how much the logarithm of the curve falls in each is
compared with an even pace. Frames have the columns of ``results/`` and hold one method.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence import statistics

#: What a curve that reaches zero is taken to have reached: it has no logarithm.
_LOWEST = 1e-6


def falls(frame: pd.DataFrame, column: str, parts: int = 10, first: int = 0) -> pd.DataFrame:
    """What the logarithm of a curve falls by in each part of the run, in units of an even pace.

    Args:
        frame: One row a seed and evaluation; seeds that diverged are left out.
        column: Positive values, e.g. ``training_loss``; between evaluations the logarithm is taken
            as linear in the step.
        parts: Of how many equal parts a run consists.
        first: The first so many are left out.

    Returns:
        One row a seed and one column a part, named by its number from 0. The mean of a row is 1;
        where the curve does not fall at all, the row is NaN.
    """
    edges = np.arange(first, parts + 1) / parts
    found = {}
    for seed, run in statistics.finished(frame).sort_values("step").groupby("seed"):
        height = np.log(np.maximum(run[column].to_numpy(float), _LOWEST))
        at = run["step"].to_numpy(float) / run["step"].max()
        fall = -np.diff(np.interp(edges, at, height))
        pace = fall.mean()
        found[seed] = fall / pace if pace > 0 else np.full(len(fall), np.nan)
    return pd.DataFrame.from_dict(found, "index", columns=range(first, parts)).sort_index()


def plateaus(table: pd.DataFrame, limit: float) -> pd.Series:
    """Share of the parts in which a curve falls by less than ``limit`` of an even pace, by seed.

    ``table`` is of ``falls``. A curve that does not fall at all stands still everywhere.
    """
    return ((table < limit) | table.isna()).mean(axis=1)


def stairs(table: pd.DataFrame, drops: Sequence[float], parts: int = 10) -> pd.Series:
    """Mean fall of the parts that begin with a drop of the rate, by seed: 1 is no staircase.

    Args:
        table: Of ``falls``, in ``parts`` parts; rows of curves that do not fall are left out.
        drops: When the rate drops, as parts of the run between 0 and 1.
        parts: Of how many parts a run consists.
    """
    slack = 1e-9  # a drop at 0.3 begins the part from 0.3 to 0.4
    numbers = {min(int(parts * (drop + slack)), parts - 1) for drop in drops}
    return table[sorted(numbers & set(table.columns))].mean(axis=1).dropna()
