"""t_*: how many steps a network of a sweep takes until its test accuracy is at its best.

It is the first step at which the accuracy is within half a percentage point of the largest of the
whole run. Source: Lewkowycz & Gur-Ari (2020), section 2.

The table of a sweep (``landscape.train.sweeps``) holds the least test error of all looks so far,
which falls only; where it first comes within the margin of its last value, so does the accuracy. A
table has rows on a logarithmic grid, so that t_* lies after the row before and not after its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence.measurement import Measurement
from landscape.evidence.statistics import ratio_of_means

WITHIN = 0.5
COLUMNS = ("t_star", "after", "best_accuracy", "rising", "diverged")


def peak_times(frame: pd.DataFrame, by: Sequence[str], within: float = WITHIN) -> pd.DataFrame:
    """t_* of every run.

    Args:
        frame: The table of a sweep.
        by: The columns that tell its configurations apart, such as ``lr`` and ``l2``.
        within: Percentage points of accuracy.

    Returns:
        One row a run, in the order of the table: the columns ``by``, ``seed``, and ``t_star`` in
        steps; ``after``, the step of the row before (t_* is later than that); ``best_accuracy`` in
        percent; ``rising``, whether the best was reached in the last row only, so that a longer run
        may be better and t_* later; ``diverged``. A run that diverged has no t_* (NaN): where its
        best would have been, nobody knows.

    Raises:
        ValueError: ``within`` is negative, or a run has two rows of one step, which means that
            ``by`` does not tell the configurations apart.
    """
    if not within >= 0:
        raise ValueError(f"within is {within}; it must be at least 0 percentage points")
    found = []
    for key, rows in frame.groupby([*by, "seed"], sort=False):
        rows = rows.sort_values("step", kind="stable")
        steps, least = rows["step"].to_numpy(), rows["least_test_error"].to_numpy(dtype=float)
        if len(np.unique(steps)) < len(steps):
            raise ValueError(
                f"two rows have step {steps[:-1][np.diff(steps) == 0][0]} for {[*by, 'seed']} = "
                f"{list(key)}: name all columns that tell the configurations apart"
            )
        if rows["diverged"].any():
            found.append((*key, np.nan, np.nan, np.nan, False, True))
            continue
        # Rounding must not decide whether an error stands exactly at the margin.
        at = int(np.argmax(least <= least[-1] + within + 1e-9))
        rising = len(least) > 1 and least[-1] < least[-2]
        before = steps[at - 1] if at else steps[0]
        found.append((*key, steps[at], before, 100.0 - least[-1], rising, False))
    return pd.DataFrame(found, columns=[*by, "seed", *COLUMNS])


def mean_peak_time(times: pd.DataFrame, factor: float = 1.0, level: float = 0.95) -> Measurement:
    """Geometric mean of t_* over the seeds of one configuration, with its interval.

    The interval is Student's for the logarithms: it holds the spread between seeds, not the spacing
    of the rows.

    Args:
        times: The configuration's rows of ``peak_times``.
        factor: What every t_* is multiplied with, for example lr * l2.
        level: Of the interval.

    Returns:
        The mean, without an interval for a single seed; without a value where no seed has a t_*.
        ``diverged`` names the seeds that are left out: those that diverged and those that never
        became better than at their start. ``note`` counts those that were still rising.

    Raises:
        ValueError: Two rows belong to one seed, or ``factor`` is not positive.
    """
    if times["seed"].duplicated().any():
        raise ValueError("a seed has two rows: hand over one configuration at a time")
    if not factor > 0:
        raise ValueError(f"factor is {factor}; it must be positive")
    found = times["t_star"] > 0
    kept, left = times[found], times[~found]
    out = tuple(
        f"seed {seed}" if diverged else f"seed {seed} (never better than at its start)"
        for seed, diverged in zip(left["seed"], left["diverged"], strict=True)
    )
    rising = int(kept["rising"].sum())
    note = f"{rising} of {len(kept)} runs ended while still rising" if rising else ""
    if kept.empty:
        return Measurement(None, n=0, diverged=out)
    values = factor * kept["t_star"].to_numpy(dtype=float)
    return ratio_of_means(values, np.ones(len(values)), level, note=note, diverged=out)
