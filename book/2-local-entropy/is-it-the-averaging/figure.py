"""What part of Entropy-SGD's gain over SGD averaging alone gives (ours: the thesis has no control).

The rules were fixed before the runs: the gain is that over SGD at the inner loop's constant rate,
averaging alone is the exponential average with the middle decay along the same path of SGD, and a
share is named where the gain's 95 % interval lies above zero. SGD's rate and schedule are picked by
the mean validation error of its last weights.
"""

from landscape.evidence import shares, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number

RUNS = "is-it-the-averaging"
ENTROPY, NO_FORCE, RESTART = "entropy_sgd", "entropy_sgd_no_force", "entropy_sgd_restart"
CONSTANT, FALLING, OUTER = "sgd_constant", "sgd_falling", "sgd_outer"
LAST, SWA = "last", "swa"
NAMES = {
    ENTROPY: "Entropy-SGD", NO_FORCE: "Entropy-SGD, no force",
    RESTART: "no force, no average", CONSTANT: "SGD, constant rate",
    FALLING: "SGD, falling rate", OUTER: "SGD, outer rate",
}  # fmt: skip


def inner_rate(runs):
    """The rate of Entropy-SGD's inner loop, which is that of the SGD it is compared with."""
    return runs.parameters(RUNS)["methods"][ENTROPY]["optimizer"]["lr_inner"]


def main_average(runs):
    """The name of the average that answers the question: the middle decay."""
    decays = sorted(runs.parameters(RUNS)["decays"])
    return f"ema-{decays[len(decays) // 2]:g}"


def rows_of(frame, case, answer=LAST, rate=None):
    """The rows of one answer of one case, at one rate where it has several."""
    rows = frame[(frame["method"] == case) & (frame["answer"] == answer)]
    return rows if rate is None else rows[(rows["rate"] / rate - 1).abs() < 1e-6]


def ends(frame, case, answer=LAST, rate=None, column="test_error"):
    """Final value in percent, one number a seed; diverged runs are left out."""
    return statistics.per_seed(rows_of(frame, case, answer, rate), column)


def gains(base, other):
    """Error of ``base`` minus that of ``other`` in points, one number a seed."""
    first, second = statistics.common_seeds(base, other)
    return first - second


def gain(base, other):
    """Their mean with its interval; None for fewer than two pairs."""
    found = gains(base, other)
    return statistics.mean_interval(found, unit="points") if len(found) > 1 else None


def picked(frame):
    """Case and rate of plain SGD with the lowest mean validation error of its last weights.

    A rate at which a seed diverges is not picked.
    """
    plain = frame[frame["method"].isin((CONSTANT, FALLING)) & (frame["answer"] == LAST)]
    means = {
        key: statistics.per_seed(rows, "validation_error").mean()
        for key, rows in plain.groupby(["method", "rate"]) if not rows["diverged"].any()
    }  # fmt: skip
    return min(means, key=means.get)


def found(runs):
    """Gains over SGD at the inner rate and shares of Entropy-SGD's, by answer.

    Returns:
        ``{name: (error, gain, share)}`` as Measurements, and the gain of Entropy-SGD over the SGD
        that was picked with its name.
    """
    frame, rate, average = runs.frame(RUNS), inner_rate(runs), main_average(runs)
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
    for name, errors in answers.items():
        if errors.empty:
            measured[name] = (None, None, None)
            continue
        own = gains(base, errors)
        part = None if name in ("sgd", "entropy") else shares.share(own, whole)
        measured[name] = (statistics.mean_interval(errors, unit="%"), gain(base, errors), part)
    case, best = picked(frame)
    tuned = gain(ends(frame, case, rate=best), ends(frame, ENTROPY))
    return measured, tuned, f"{NAMES[case]} {best:g}"


def share_is_known(measured):
    """Whether Entropy-SGD gains over SGD at the inner rate, so that shares mean something."""
    whole = measured["entropy"][1]
    return whole is not None and whole.has_interval and whole.low > 0


def percent(part):
    """A share in percent with its interval."""
    scaled = Measurement(*(100 * one for one in (part.value, part.low, part.high)))
    return f"{format_measurement(scaled)} %"


def answer(runs):
    """What was found, in one sentence."""
    measured, tuned, best = found(runs)
    whole = measured["entropy"][1]
    if whole.has_interval and whole.high < 0:
        return (
            f"Entropy-SGD ends above SGD at the same rate ({format_measurement(whole)} of gain): "
            "averaging has no gain to explain."
        )
    if not share_is_known(measured):
        return (
            f"Entropy-SGD's gain over SGD at the same rate, {format_measurement(whole)}, cannot be "
            "told from none, so that no share of it can be given to averaging."
        )
    over = "no measurable gain is left" if tuned is None or tuned.low <= 0 else "it still gains"
    if tuned is not None and tuned.high < 0:
        over = "it loses"
    return (
        f"An average of SGD's weights gives {percent(measured['average'][2])} of Entropy-SGD's "
        f"gain over SGD at the same constant rate ({format_number(whole.value, 2)} points), "
        f"Entropy-SGD without force {percent(measured['no force'][2])}; against an SGD with a "
        f"picked rate {over}."
    )
