"""Intervals for a handful of runs: every function returns a Measurement.

``level`` is the coverage (0.95 by default); values that are not finite are refused, because a
diverged run must be left out by name, not by accident.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import special

from landscape.evidence.measurement import Measurement, not_run


def mean_interval(x: Sequence[float], level: float = 0.95, **fields: object) -> Measurement:
    """Mean of independent runs with its Student interval (no interval for a single run).

    ``fields`` (unit, note, diverged) go into the Measurement. Raises ValueError for no values or
    values that are not finite.
    """
    values = _checked(x)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Measurement(mean, n=n, **fields)
    half = _student(level, n - 1) * float(values.std(ddof=1)) / np.sqrt(n)
    return Measurement(mean, mean - half, mean + half, n, **fields)


def mean_of_known(
    values: pd.Series, missing: str = "there is no value", **fields: object
) -> Measurement:
    """The same of those values that exist; not run, for the reason ``missing``, where none does."""
    values = values.dropna()
    return mean_interval(values, **fields) if len(values) else not_run(missing)


def paired_difference(
    a: Sequence[float], b: Sequence[float], level: float = 0.95, **fields: object
) -> Measurement:
    """Mean of ``a - b`` over runs that share a seed, with the Student interval of the differences.

    With pandas Series, rows are matched by index (the seed) and must match exactly. What is given
    in percent differs in points. Raises ValueError for different lengths or seeds.
    """
    if isinstance(a, pd.Series) and isinstance(b, pd.Series):
        if set(a.index) != set(b.index):
            raise ValueError("paired runs must have the same seeds; use `common_seeds` first")
        b = b.loc[a.index]
    first, second = _checked(a), _checked(b)
    if len(first) != len(second):
        raise ValueError(f"paired samples have {len(first)} and {len(second)} values")
    return mean_interval(first - second, level, **_of_a_difference(fields))


def _of_a_difference(fields: dict[str, object]) -> dict[str, object]:
    """A difference of two percentages is in points: 2 % less 1 % is not 1 % less."""
    return fields | {"unit": "points"} if fields.get("unit") == "%" else fields


def difference(
    a: Sequence[float], b: Sequence[float], level: float = 0.95, **fields: object
) -> Measurement:
    """Difference of means of independent samples, Welch's interval; n is the smaller size.

    Percentages differ in points.
    """
    fields = _of_a_difference(fields)
    first, second = _checked(a), _checked(b)
    n = min(len(first), len(second))
    value = float(first.mean() - second.mean())
    if n < 2:
        return Measurement(value, n=n, **fields)
    u, v = first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)
    if u + v == 0:
        return Measurement(value, value, value, n, **fields)
    # Welch-Satterthwaite degrees of freedom, scaled so that tiny variances do not underflow.
    s, t = u / (u + v), v / (u + v)
    freedom = 1.0 / (s**2 / (len(first) - 1) + t**2 / (len(second) - 1))
    half = _student(level, freedom) * np.sqrt(u + v)
    return Measurement(value, value - half, value + half, n, **fields)


def ratio_of_means(
    a: Sequence[float], b: Sequence[float], level: float = 0.95, **fields: object
) -> Measurement:
    """Geometric-mean ratio ``a / b`` over runs that share a seed (Student interval of the logs).

    Raises ValueError unless all values are positive.
    """
    first, second = _checked(a), _checked(b)
    if (first <= 0).any() or (second <= 0).any():
        raise ValueError("a ratio needs positive values")
    log = paired_difference(np.log(first), np.log(second), level)
    if not log.has_interval:
        return Measurement(np.exp(log.value), n=log.n, **fields)
    return Measurement(*np.exp([log.value, log.low, log.high]), log.n, **fields)


def geometric_mean(x: Sequence[float], level: float = 0.95, **fields: object) -> Measurement:
    """Geometric mean of independent runs (Student interval of the logs).

    Raises ValueError unless all values are positive.
    """
    return ratio_of_means(x, np.ones(len(x)), level, **fields)


def bootstrap_interval(
    x: Sequence[float],
    statistic: Callable[..., np.ndarray] = np.mean,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    **fields: object,
) -> Measurement:
    """Percentile bootstrap interval of ``statistic`` (called with ``axis``), the same every time.

    The interval is widened to the value itself where the resamples are skewed past it.
    """
    values = _checked(x)
    value = float(statistic(values, axis=0))
    if len(values) < 2:
        return Measurement(value, n=len(values), **fields)
    picks = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    low, high = np.quantile(statistic(values[picks], axis=1), [(1 - level) / 2, (1 + level) / 2])
    return Measurement(value, min(low, value), max(high, value), len(values), **fields)


def wilson_interval(
    successes: int, trials: int, level: float = 0.95, **fields: object
) -> Measurement:
    """Proportion with Wilson's score interval; n is the number of trials."""
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials is impossible")
    z, p = float(special.ndtri((1 + level) / 2)), successes / trials
    centre = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Measurement(p, min(low, p), max(high, p), trials, **fields)


def per_seed(frame: pd.DataFrame, column: str, how: str = "last") -> pd.Series:
    """One number a seed: the ``last`` or ``first`` value, ``min``, ``max`` or ``mean`` over time.

    Rows without the value are skipped; seeds with a diverged row are left out. Returns a Series
    indexed by seed, in order.
    """
    kept = finished(frame).dropna(subset=[column]).sort_values(["seed", "step"])
    return kept.groupby("seed")[column].agg(how).sort_index()


def time_to_threshold(
    frame: pd.DataFrame, column: str, threshold: float, x: str = "effective_epoch"
) -> pd.Series:
    """First ``x`` at which ``column`` is at or below ``threshold``, one number a seed.

    NaN for a seed that never gets there (a censored run, to be counted by the caller).
    """
    kept = finished(frame).dropna(subset=[column]).sort_values(["seed", "step"])
    reached = kept[kept[column] <= threshold].groupby("seed")[x].first()
    return reached.reindex(sorted(kept["seed"].unique()))


def area(frame: pd.DataFrame, column: str, until: float, x: str = "effective_epoch") -> pd.Series:
    """Mean height of a curve over ``0 <= x <= until`` (trapezoids), one number a seed.

    The curve is interpolated at ``until``; raises ValueError when it ends before.
    """
    heights = {}
    kept = finished(frame).dropna(subset=[column]).sort_values(["seed", "step"])
    for seed, rows in kept.groupby("seed"):
        times, values = rows[x].to_numpy(float), rows[column].to_numpy(float)
        if times[-1] < until * (1 - 1e-9):
            raise ValueError(f"the run of seed {seed} ends at {x} {times[-1]:g}, before {until:g}")
        inside = times < until
        grid = np.append(times[inside], until)
        heights[seed] = np.trapezoid(
            np.append(values[inside], np.interp(until, times, values)), grid
        ) / (grid[-1] - grid[0])
    return pd.Series(heights, dtype=float).sort_index()


def finished(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the seeds that never diverged."""
    bad = frame.loc[frame["diverged"].fillna(0).astype(bool), "seed"].unique()
    return frame[~frame["seed"].isin(bad)]


def diverged_runs(frame: pd.DataFrame) -> tuple[str, ...]:
    """Names of the runs that diverged, e.g. ``("adam seed 3",)``."""
    bad = frame[frame["diverged"].fillna(0).astype(bool)]
    if "method" not in bad:
        return tuple(f"seed {seed}" for seed in sorted(bad["seed"].unique()))
    pairs = sorted(set(zip(bad["method"], bad["seed"], strict=True)))
    return tuple(f"{method} seed {seed}" for method, seed in pairs)


def common_seeds(a: pd.Series, b: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Both per-seed Series cut down to the seeds that they share, in the same order."""
    shared = sorted(set(a.dropna().index) & set(b.dropna().index))
    return a.loc[shared], b.loc[shared]


def _checked(x: Sequence[float]) -> np.ndarray:
    values = np.asarray(x, dtype=float).ravel()
    if not len(values):
        raise ValueError("no runs to average")
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite: leave diverged runs out by name first")
    return values


def _student(level: float, freedom: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1")
    return float(special.stdtrit(freedom, (1 + level) / 2))
