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
from typing import Any

import numpy as np
import pandas as pd

from landscape.evidence.l2_laws import Collapse, PowerLaw, collapse, power_law
from landscape.evidence.measurement import Measurement
from landscape.evidence.statistics import geometric_mean

#: Fits of what this module measures are in ``l2_laws`` and asked for here.
__all__ = ["COLUMNS", "WITHIN", "Collapse", "PowerLaw", "best_accuracies", "collapse",
           "mean_peak_time", "peak_times", "power_law", "steps_an_epoch",
           "within_budget"]  # fmt: skip

WITHIN = 0.5
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
        The mean in units of the times in ``peak_times`` and of ``factor``, without an interval for
        a single seed; without a value where no seed has a t_*.
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
    mean = geometric_mean(values, level, note=note, diverged=out)
    if not mean.has_interval:
        return mean
    with np.errstate(divide="ignore"):
        before = factor * np.exp(np.log(kept["after"].to_numpy(dtype=float)).mean())
    return mean.with_(low=min(mean.low, before))
