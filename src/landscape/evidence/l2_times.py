"""t_*: when the test accuracy of a run is at its best, and how that depends on eta and lambda.

t_* is the first time at which the accuracy is within half a percentage point of the largest of the
whole run ("within .5 % of the maximum"; the figures of the work are in per cent of accuracy, so
that a percentage point is the plain reading, and ``relative=True`` the other one). Source:
Lewkowycz & Gur-Ari (2020), section 2.

The table of a sweep (``landscape.train.sweeps``) holds the least test error of all looks so far,
which falls only; where it first comes within the margin of its last value, so does the accuracy. A
table has rows on a logarithmic grid, so that t_* lies after the row before and not after its own.
The table of a trained run holds test errors, of which the least so far is made here.

A page does ``times = peak_times(runs.frame(...), ["lr", "l2"])``, which has one row a run, and
asks ``power_law(times)`` for the exponents of t_* = c lr^a l2^b and ``collapse(times)`` how far
runs fall together when t_* is multiplied by both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.statistics import mean_interval, ratio_of_means

WITHIN = 0.5
_SAME = 0.01  # logarithms of products this close are one: grids are rounded to five digits
COLUMNS = ("t_star", "after", "best_accuracy", "censored", "diverged")


def peak_times(
    frame: pd.DataFrame,
    by: Sequence[str],
    within: float = WITHIN,
    relative: bool = False,
    time: str = "step",
) -> pd.DataFrame:
    """t_* of every run.

    Args:
        frame: The table of a sweep or of trained runs (``test_error`` in percent).
        by: The columns that tell its configurations apart, such as ``lr`` and ``l2``.
        within: Percentage points of accuracy.
        relative: ``within`` is in percent of the run's largest accuracy instead.
        time: The column of times, ``effective_epoch`` for trained runs that count epochs.

    Returns:
        One row a run, in the order of the table: the columns ``by``, ``seed``, and ``t_star``, in
        units of ``time``; ``after``, the time of the row before (t_* is later than that);
        ``best_accuracy`` in percent; ``censored``, whether the best was reached in the last row
        only, so that a longer run may be better and t_* later; ``diverged``. A run that diverged
        has no t_* (NaN): where its best would have been, nobody knows.

    Raises:
        ValueError: ``within`` is negative, or a run has two rows of one time, which means that
            ``by`` does not tell the configurations apart.
    """
    if not within >= 0:
        raise ValueError(f"within is {within}; it must be at least 0 percentage points")
    found = []
    for key, times, least in _runs(frame, by, time):
        if least is None:
            found.append((*key, np.nan, np.nan, np.nan, False, True))
            continue
        best = 100.0 - least[-1]
        margin = within * best / 100.0 if relative else within
        # Rounding must not decide whether an error stands exactly at the margin.
        at = int(np.argmax(least <= least[-1] + margin + 1e-9))
        cut = len(least) > 1 and least[-1] < least[-2]
        found.append((*key, times[at], times[max(at - 1, 0)], best, cut, False))
    return pd.DataFrame(found, columns=[*by, "seed", *COLUMNS])


def best_accuracies(
    frame: pd.DataFrame, by: Sequence[str], until: float, time: str = "step"
) -> pd.DataFrame:
    """The largest test accuracy up to a time: what a fixed budget gives.

    Args:
        frame: As for ``peak_times``, as are ``by`` and ``time``.
        until: The budget, in units of ``time``; the row at it counts.

    Returns:
        One row a run: the columns ``by``, ``seed``, ``best_accuracy`` in percent (NaN for a run
        that diverged, whenever that was) and ``ended``, whether the run had ended before.
    """
    found = []
    for key, times, least in _runs(frame, by, time):
        before = times <= until * (1 + 1e-9)
        lost = least is None or not before.any()
        best = np.nan if lost else 100.0 - least[before][-1]
        found.append((*key, best, bool(times[-1] < until * (1 - 1e-9))))
    return pd.DataFrame(found, columns=[*by, "seed", "best_accuracy", "ended"])


def within_budget(
    frame: pd.DataFrame,
    by: Sequence[str],
    until: float,
    whole: pd.DataFrame,
    time: str = "step",
) -> pd.DataFrame:
    """``best_accuracies`` of runs that lasted until then or reached their own horizon before.

    Args:
        frame: As for ``peak_times``, as are ``by`` and ``time``.
        until: The budget.
        whole: Rows with ``by`` and ``seed`` of the runs that reached their horizon. Others that
            ended before the budget were cut, and are left out, as are those that diverged.
    """
    found, keys = best_accuracies(frame, by, until, time), [*by, "seed"]
    known = pd.MultiIndex.from_frame(found[keys]).isin(pd.MultiIndex.from_frame(whole[keys]))
    return found[(known | ~found["ended"]) & found["best_accuracy"].notna()]


def steps_an_epoch(settings: Mapping[str, Any], samples: int = 50_000) -> float:
    """Steps an epoch of a sweep's settings in force; 1 where a step takes all samples.

    ``samples`` are those of the whole set, for settings that take all of them.
    """
    size = settings["run"].get("batch_size")
    return (settings["data"].get("train_samples") or samples) / size if size else 1.0


def _runs(
    frame: pd.DataFrame, by: Sequence[str], time: str
) -> Iterator[tuple[tuple, np.ndarray, np.ndarray | None]]:
    """Every run: its key with the seed, its times, its least errors so far (diverged: None)."""
    column = "least_test_error" if "least_test_error" in frame else "test_error"
    lost = frame["diverged"].fillna(0).astype(bool)
    frame = frame.assign(diverged=lost)[lost | frame[column].notna()]
    for key, rows in frame.groupby([*by, "seed"], sort=False):
        rows = rows.sort_values(time, kind="stable")
        times = rows[time].to_numpy()
        if len(np.unique(times)) < len(times):
            raise ValueError(
                f"two rows have {time} {times[:-1][np.diff(times) == 0][0]} for {[*by, 'seed']} = "
                f"{list(key)}: name all columns that tell the configurations apart"
            )
        errors = rows[column].to_numpy(dtype=float)
        yield key, times, None if rows["diverged"].any() else np.minimum.accumulate(errors)


def mean_peak_time(times: pd.DataFrame, factor: float = 1.0, level: float = 0.95) -> Measurement:
    """Geometric mean of t_* over the seeds of one configuration, with its interval.

    The interval is Student's for the logarithms, and reaches down at least to the mean of the rows
    before: between these and its own lies t_*.

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
    cut = int(kept["censored"].sum())
    note = f"{cut} of {len(kept)} runs ended while still rising" if cut else ""
    if kept.empty:
        return Measurement(None, n=0, diverged=out)
    values = factor * kept["t_star"].to_numpy(dtype=float)
    mean = ratio_of_means(values, np.ones(len(values)), level, note=note, diverged=out)
    if not mean.has_interval:
        return mean
    with np.errstate(divide="ignore"):
        before = factor * np.exp(np.log(kept["after"].to_numpy(dtype=float)).mean())
    return mean.with_(low=min(mean.low, before))


@dataclass(frozen=True)
class PowerLaw:
    """t_* = coefficient * product over names of name ** exponent, fitted to the logarithms.

    Attributes:
        exponents: By name, with 95 % intervals.
        coefficient: In the unit of t_*, times those of the names to minus their exponents.
        scatter: Root mean square of what the fit leaves of log t_* (natural), over the
            configurations; a value of 0.1 means that t_* is off by ten percent.
        by_seed: The exponents, ``coefficient`` and ``scatter`` of every seed's own fit, by seed.
        points: Configurations that were fitted.
        left_out: Configurations that were not: some seed diverged, never rose or was censored.
    """

    exponents: dict[str, Measurement]
    coefficient: Measurement
    scatter: Measurement
    by_seed: pd.DataFrame
    points: int
    left_out: int


def power_law(
    times: pd.DataFrame,
    names: Sequence[str] = ("lr", "l2"),
    over: str = "seeds",
    censored: bool = False,
    level: float = 0.95,
) -> PowerLaw | None:
    """Fit a power law to t_* by least squares in the logarithms.

    Every seed has its own fit, over configurations that all seeds have, so that their mean is the
    fit to the geometric means of t_*.

    Args:
        times: Rows of ``peak_times``; those with a zero among the names (lambda = 0) are ignored.
        names: What t_* is a power of.
        over: Where intervals come from: ``seeds``, Student's over the seeds' own fits: what other
            seeds would give on the same grid, whether or not the law holds. ``points``: that of the
            regression on the seeds' geometric means, whose errors are the departures from the law
            at the grid's points: wider where it bends, and there for a single seed.
        censored: Fit configurations with censored seeds as well.
        level: Of the intervals.

    Returns:
        The law; None where the runs that are left cannot tell it: fewer than two configurations
        more than names, or a name with one value only.

    Raises:
        ValueError: ``over`` is unknown.
    """
    if over not in ("seeds", "points"):
        raise ValueError(f"over is {over!r}; known are seeds and points")
    logs, left = _logs(times, names, censored)
    at = np.log(logs.index.to_frame()[list(names)].to_numpy(dtype=float))
    if len(at) < len(names) + 2 or (np.ptp(at, axis=0) == 0).any():
        return None
    design = np.column_stack([at, np.ones(len(at))])
    solved = np.linalg.lstsq(design, logs.to_numpy(), rcond=None)[0]
    rest = np.sqrt(((logs.to_numpy() - design @ solved) ** 2).mean(axis=0))
    columns = [*names, "coefficient"]
    fits = pd.DataFrame(solved.T, index=logs.columns, columns=columns)
    by_seed = fits.assign(coefficient=np.exp(fits["coefficient"]), scatter=rest)
    scatter = mean_interval(rest, level)
    if over == "seeds":
        found = {name: mean_interval(fits[name], level) for name in columns}
    else:
        found = _regression(design, logs.mean(axis=1).to_numpy(), columns, level)
    c = found.pop("coefficient")
    ends = (np.exp(c.low), np.exp(c.high)) if c.has_interval else (None, None)
    coefficient = Measurement(np.exp(c.value), *ends, n=c.n)
    return PowerLaw(found, coefficient, scatter, by_seed, len(logs), left)


def _regression(
    design: np.ndarray, values: np.ndarray, columns: Sequence[str], level: float
) -> dict[str, Measurement]:
    """Coefficients of an ordinary regression with Student's intervals; ``n`` counts points."""
    solved = np.linalg.lstsq(design, values, rcond=None)[0]
    freedom = len(values) - len(columns)
    variance = ((values - design @ solved) ** 2).sum() / freedom
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * errors
    note = "interval of the regression over the grid's points"
    return {
        name: Measurement(value, value - h, value + h, len(values), note=note)
        for name, value, h in zip(columns, solved, half, strict=True)
    }


@dataclass(frozen=True)
class Collapse:
    """How far runs at different eta and lambda fall together when t_* is multiplied by both.

    All are standard deviations of natural logarithms over the configurations, averaged over seeds.

    Attributes:
        spread: Of log t_*.
        left: Of log(t_* eta lambda): zero under the law t_* = c / (eta lambda).
        share: 1 - (left / spread)^2, what the law explains of the variance of log t_*.
        apart: Of log t_* between configurations of equal eta lambda only, about their means: zero
            where t_* is any function of eta lambda; not run where no two share a product.
        points: Configurations.
    """

    spread: Measurement
    left: Measurement
    share: Measurement
    apart: Measurement
    points: int


def collapse(
    times: pd.DataFrame, names: Sequence[str] = ("lr", "l2"), censored: bool = False
) -> Collapse | None:
    """Measure how far t_* times the product of ``names`` is one number.

    Args:
        times: As for ``power_law``, as are ``names`` and ``censored``.

    Returns:
        The measure; None for fewer than two configurations.
    """
    logs, _ = _logs(times, names, censored)
    if len(logs) < 2:
        return None
    product = np.log(logs.index.to_frame()[list(names)].to_numpy(dtype=float)).sum(axis=1)
    scaled = logs.add(product, axis=0)
    spread, left = logs.std(ddof=1), scaled.std(ddof=1)
    flat = bool((spread == 0).any())
    order = np.argsort(product, kind="stable")
    steps = np.diff(product[order], prepend=product[order][0]) > _SAME
    number = np.empty(len(logs), dtype=int)
    number[order] = np.cumsum(steps)
    groups = logs.groupby(number)
    freedom = len(logs) - groups.ngroups
    apart = not_run("no two configurations share a product")
    if freedom:
        within = ((logs - groups.transform("mean")) ** 2).sum() / freedom
        apart = mean_interval(np.sqrt(within))
    return Collapse(
        mean_interval(spread),
        mean_interval(left),
        not_run("t_* is the same everywhere") if flat else mean_interval(1 - (left / spread) ** 2),
        apart,
        len(logs),
    )


def _logs(times: pd.DataFrame, names: Sequence[str], censored: bool) -> tuple[pd.DataFrame, int]:
    """log t_*, configurations by seeds, of the complete ones; and how many are not."""
    rows = times[(times[list(names)] > 0).all(axis=1)]
    fit = rows["t_star"].where((rows["t_star"] > 0) & (censored | ~rows["censored"].astype(bool)))
    table = rows.assign(log=np.log(fit)).set_index([*names, "seed"])["log"]
    if table.index.has_duplicates:
        raise ValueError(f"two runs share {[*names, 'seed']}: hand over one sweep at a time")
    table = table.unstack("seed")
    whole = table.dropna()
    return whole, len(table) - len(whole)
