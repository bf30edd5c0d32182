"""What part of Entropy-SGD's gain averaging alone gives: the rules of the page that asks.

They were fixed before the runs: the gain is that over SGD at the inner loop's constant rate,
averaging alone is the exponential average with the middle decay along the same path of SGD, and a
share is named where the gain's 95 % interval lies above zero. SGD's rate and schedule are picked by
the mean validation error of its last weights. They read ``landscape.experiments.weight_averages``.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from landscape.evidence import shares, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number
from landscape.evidence.runs import Runs

RUNS = "is-it-the-averaging"
ENTROPY, NO_FORCE, RESTART = "entropy_sgd", "entropy_sgd_no_force", "entropy_sgd_restart"
CONSTANT, FALLING, OUTER = "sgd_constant", "sgd_falling", "sgd_outer"
LAST, SWA = "last", "swa"
NAMES = {
    ENTROPY: "Entropy-SGD", NO_FORCE: "Entropy-SGD, no force",
    RESTART: "no force, no average", CONSTANT: "SGD, constant rate",
    FALLING: "SGD, falling rate", OUTER: "SGD, outer rate",
}  # fmt: skip


def inner_rate(runs: Runs, name: str = RUNS) -> float:
    """The rate of Entropy-SGD's inner loop, which is that of the SGD it is compared with."""
    return runs.parameters(name)["methods"][ENTROPY]["optimizer"]["lr_inner"]


def main_average(runs: Runs, name: str = RUNS) -> str:
    """The name of the average that answers the question: the middle decay."""
    decays = sorted(runs.parameters(name)["decays"])
    return f"ema-{decays[len(decays) // 2]:g}"


def rows_of(
    frame: pd.DataFrame, case: str, answer: str = LAST, rate: float | None = None
) -> pd.DataFrame:
    """The rows of one answer of one case, at one rate where it has several."""
    rows = frame[(frame["method"] == case) & (frame["answer"] == answer)]
    return rows if rate is None else rows[(rows["rate"] / rate - 1).abs() < 1e-6]


def ends(
    frame: pd.DataFrame, case: str, answer: str = LAST, rate: float | None = None,
    column: str = "test_error",
) -> pd.Series:  # fmt: skip
    """Final value in percent, one number a seed; diverged runs are left out."""
    return statistics.per_seed(rows_of(frame, case, answer, rate), column)


def gains(base: pd.Series, other: pd.Series) -> pd.Series:
    """Error of ``base`` minus that of ``other`` in points, one number a seed."""
    first, second = statistics.common_seeds(base, other)
    return first - second


def gain(base: pd.Series, other: pd.Series) -> Measurement | None:
    """Their mean with its interval; None for fewer than two pairs."""
    found = gains(base, other)
    return statistics.mean_interval(found, unit="points") if len(found) > 1 else None


def picked(frame: pd.DataFrame) -> tuple[str, float]:
    """Case and rate of plain SGD with the lowest mean validation error of its last weights.

    A rate at which a seed diverges is not picked.
    """
    plain = frame[frame["method"].isin((CONSTANT, FALLING)) & (frame["answer"] == LAST)]
    means = {
        key: statistics.per_seed(rows, "validation_error").mean()
        for key, rows in plain.groupby(["method", "rate"]) if not rows["diverged"].any()
    }  # fmt: skip
    return min(means, key=means.get)


def found(runs: Runs, name: str = RUNS) -> tuple[dict[str, tuple], Measurement | None, str]:
    """Gains over SGD at the inner rate and shares of Entropy-SGD's, by answer.

    Returns:
        ``{name: (error, gain, share)}`` as Measurements, and the gain of Entropy-SGD over the SGD
        that was picked with its name.
    """
    frame, rate = runs.frame(name), inner_rate(runs, name)
    average = main_average(runs, name)
    base = ends(frame, CONSTANT, rate=rate)
    whole = gains(base, ends(frame, ENTROPY))
    answers = {
        "sgd": base,
        "average": ends(frame, CONSTANT, average, rate),
        "swa": ends(frame, CONSTANT, SWA, rate),
        "falling": ends(frame, FALLING, rate=rate),
        "falling average": ends(frame, FALLING, average, rate),
        "outer": ends(frame, OUTER),
        "entropy": ends(frame, ENTROPY),
        "no force": ends(frame, NO_FORCE),
        "restart": ends(frame, RESTART),
    }
    measured = {}
    for key, errors in answers.items():
        if errors.empty:
            measured[key] = (None, None, None)
            continue
        own = gains(base, errors)
        part = None if key in ("sgd", "entropy") else shares.share(own, whole)
        measured[key] = (statistics.mean_interval(errors, unit="%"), gain(base, errors), part)
    case, best = picked(frame)
    tuned = gain(ends(frame, case, rate=best), ends(frame, ENTROPY))
    return measured, tuned, f"{NAMES[case]} {best:g}"


def share_is_known(measured: Mapping[str, tuple]) -> bool:
    """Whether Entropy-SGD gains over SGD at the inner rate, so that shares mean something."""
    whole = measured["entropy"][1]
    return whole is not None and whole.has_interval and whole.low > 0


def percent(part: Measurement) -> str:
    """A share in percent with its interval."""
    scaled = Measurement(*(100 * one for one in (part.value, part.low, part.high)))
    return f"{format_measurement(scaled)} %"


def extent(part: Measurement) -> str:
    """A share in words: what its interval leaves."""
    low, high = (100 * end for end in (part.low, part.high))
    if low <= 0:
        return "no measurable part"
    if high >= 100:
        return f"at least {format_number(low, 0)} %"
    return f"{format_number(low, 0)} to {format_number(high, 0)} %"
