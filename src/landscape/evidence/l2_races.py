"""Accuracies that runs with L2 reach within a budget: the best constant, the gap, who is first.

Accuracies are 100 % minus the test error, one number a seed; "highest" is the highest during
training up to the budget, as in Lewkowycz & Gur-Ari (2020), supplement A. ``frame`` has the
columns of ``results/`` and ``method``; diverged runs are left out by name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence import l2_times, races, statistics
from landscape.evidence.measurement import Measurement, format_number, not_run
from landscape.evidence.runs import Runs

EPOCH = "effective_epoch"
#: What every race says in its note; pages of these races ask for it here.
never_there = races.never_there


def constants(
    runs: Runs, experiment: str, frame: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The runs with every constant lambda under a method of its own, and lambda by method.

    Args:
        runs: Where the frame is from; their settings have the lambda of a method without a grid.
        experiment: Its name.
        frame: Its runs; a grid over lambda has the column ``l2``.

    Returns:
        The frame, in which ``constant_l2`` at 5e-4 is ``constant_l2_0.0005``, and its lambdas above
        zero, from small to large. Methods with AutoL2 are as they were.
    """
    strength = frame["l2"] if "l2" in frame else pd.Series(np.nan, index=frame.index)
    for method in frame["method"].unique():
        settings = runs.parameters(experiment, method)
        if not settings.get("auto_l2") and "l2" in settings.get("loss", {}):
            own = frame["method"] == method
            strength = strength.mask(own & strength.isna(), settings["loss"]["l2"])
    named = "constant_l2_" + strength.map("{:g}".format)
    constant = strength > 0
    found = dict(zip(named[constant], strength[constant].astype(float), strict=True))
    renamed = frame.assign(method=frame["method"].mask(constant, named))
    return renamed, dict(sorted(found.items(), key=lambda item: item[1]))


def rows_of(frame: pd.DataFrame, method: str, until: float | None = None) -> pd.DataFrame:
    """The rows of one method, up to a budget in epochs where one is given."""
    rows = frame[frame["method"] == method]
    return rows if until is None else rows[rows[EPOCH] <= until * (1 + 1e-9)]


def highest(frame: pd.DataFrame, method: str, until: float | None = None) -> pd.Series:
    """Highest accuracy of one method within a budget, percent, one number a seed."""
    rows = frame[frame["method"] == method]
    until = rows[EPOCH].max() if until is None else until
    found = l2_times.best_accuracies(rows, ["method"], until, EPOCH)
    return found.set_index("seed")["best_accuracy"].dropna().sort_index()


def final(frame: pd.DataFrame, method: str, until: float | None = None) -> pd.Series:
    """Accuracy at the last evaluation within a budget, percent, one number a seed."""
    return 100 - statistics.per_seed(rows_of(frame, method, until), "test_error")


def over(frame: pd.DataFrame, method: str, low: float, high: float) -> pd.Series:
    """Mean accuracy over the evaluations with low < epoch <= high, one number a seed."""
    rows = rows_of(frame, method, high)
    return 100 - statistics.per_seed(
        rows[rows[EPOCH] > low * (1 + 1e-9)], "test_error", "mean"
    )  # fmt: skip


def area(frame: pd.DataFrame, method: str, until: float) -> pd.Series:
    """Mean height of the accuracy's curve from the start to a time, one number a seed."""
    return 100 - statistics.area(rows_of(frame, method), "test_error", until)


def best(
    frame: pd.DataFrame, methods: Sequence[str], until: float | None = None, of=highest
) -> str:
    """The method with the highest mean over seeds; of equals the first."""
    means = {method: of(frame, method, until).mean() for method in methods}
    return max((m for m in means if np.isfinite(means[m])), key=means.get)


def gain(frame: pd.DataFrame, first: pd.Series, second: pd.Series) -> Measurement:
    """``first - second`` in points, paired by seed."""
    pair = statistics.common_seeds(first, second)
    if len(pair[0]) == 0:
        return not_run("no pair of runs that ended")
    return statistics.paired_difference(
        *pair, unit="points", diverged=statistics.diverged_runs(frame)
    )


def level(frame: pd.DataFrame, method: str) -> float:
    """The test error at which a method has arrived: half a point above its lowest, mean of seeds.

    Percent.
    """
    return float(100 - highest(frame, method).mean() + l2_times.WITHIN)


def race(frame: pd.DataFrame, first: str, second: str, error: float) -> Measurement:
    """Epochs until the test error is so low, first over second, paired by seed.

    A run that never gets there counts with its whole length.
    """
    return races.race(frame.assign(**{races.ERROR: frame["test_error"]}), first, second,
                      error).ratio()  # fmt: skip


def first_there(frame: pd.DataFrame, methods: Sequence[str], error: float) -> str:
    """The method with the fewest runs that never get to an error, then the soonest.

    By the geometric mean of its times; a run that never does counts with its whole length.
    """
    found = {}
    for method in methods:
        rows = rows_of(frame, method)
        times = statistics.time_to_threshold(rows, "test_error", error)
        if len(times):
            seen = times.fillna(rows[EPOCH].max()).clip(lower=1e-9)
            found[method] = (int(times.isna().sum()), float(np.log(seen).mean()))
    return min(found, key=found.get)


def gap_to_best(
    frame: pd.DataFrame, constants: Sequence[str], method: str, of=highest
) -> Measurement:
    """Accuracy of a method minus that of the constant that is best by it, in points."""
    return gain(frame, of(frame, method), of(frame, best(frame, constants, of=of)))


def time_to_best(
    frame: pd.DataFrame, constants: Sequence[str], method: str, other: str | None = None
) -> Measurement:
    """Epochs to where the best constant arrives, a method over a constant: the first one there."""
    error = level(frame, best(frame, constants))
    return race(frame, method, other or first_there(frame, constants, error), error)


def apart(measured: Measurement, decimals: int = 1) -> str:
    """A difference in points in words: how far above or below, or that it cannot be told."""
    if measured.has_interval and measured.low <= 0 <= measured.high:
        return "not measurably apart from"
    side, more = ("above", measured) if measured.value > 0 else ("below", turned(measured))
    return f"{format_number(more.value, decimals)} points{ends(more, decimals)} {side}"


def turned(measured: Measurement) -> Measurement:
    """A difference the other way round."""
    found = Measurement(-measured.value, n=measured.n, unit=measured.unit)
    return found.with_(low=-measured.high, high=-measured.low) if measured.has_interval else found


def ends(measured: Measurement, decimals: int = 1, unit: str = "") -> str:
    """`` (low to high)`` of an interval, for sentences; nothing where there is none."""
    if not measured.has_interval:
        return ""
    low, high = (format_number(end, decimals) for end in (measured.low, measured.high))
    return f" ({low} to {high}{unit})"


def lead(measured: Measurement) -> str:
    """A difference in points in words: how much more or less is reached, if it can be told."""
    if measured.has_interval and measured.low <= 0 <= measured.high:
        return f"shows no measurable gain{ends(measured, unit=' points')} over"
    side, more = ("more", measured) if measured.value > 0 else ("less", turned(measured))
    return f"reaches {format_number(more.value, 1)} points{ends(more)} {side} than"


def speed(measured: Measurement) -> str:
    """A ratio of times in words: how many times sooner or later, or that it cannot be told."""
    if measured.has_interval and measured.low <= 1 <= measured.high:
        return "not measurably sooner or later"
    word = "sooner" if measured.value < 1 else "later"
    return f"{format_number(max(measured.value, 1 / measured.value), 1)} times {word}"
