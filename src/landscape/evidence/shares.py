"""What part of one gain another gain is: a ratio of two means with its exact interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from landscape.evidence.measurement import Measurement, not_run


def share(part: pd.Series, whole: pd.Series, level: float = 0.95, **fields: object) -> Measurement:
    """Mean of ``part`` over mean of ``whole``, both one number a seed, with Fieller's interval.

    The interval holds the ratios ``r`` for which a t test does not tell the mean of
    ``part - r whole`` from zero. It is an interval only where the mean of ``whole`` is itself told
    from zero: otherwise any ratio is possible, and nothing is measured.

    Args:
        part: By seed.
        whole: By seed; seeds that one of the two lacks are left out.
        level: Coverage.
        **fields: Unit, diverged runs and the like.

    Returns:
        The share; not run, with the reason, for fewer than two seeds and where the interval of the
        whole covers zero.

    Source: Fieller (1954).
    """
    seeds = sorted(set(part.dropna().index) & set(whole.dropna().index))
    a, b = (np.asarray(series.loc[seeds], dtype=float) for series in (part, whole))
    n = len(seeds)
    if n < 2:
        return not_run("fewer than two seeds")
    quantile = float(special.stdtrit(n - 1, (1 + level) / 2))
    # Variances and covariance of the two means, in units in which the interval is mean +- 1.
    (aa, ab), (_, bb) = np.cov(a, b, ddof=1) / n * quantile**2
    mean_a, mean_b = a.mean(), b.mean()
    lead = mean_b**2 - bb
    if lead <= 0:
        return not_run("the interval of the whole gain covers zero: a share of it says nothing")
    middle = mean_a * mean_b - ab
    half = np.sqrt(max(middle**2 - lead * (mean_a**2 - aa), 0.0))
    value = mean_a / mean_b
    low, high = (middle - half) / lead, (middle + half) / lead
    return Measurement(value, min(low, value), max(high, value), n, **fields)
