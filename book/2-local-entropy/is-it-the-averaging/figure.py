"""What part of Entropy-SGD's gain over SGD averaging alone gives (ours: the thesis has no control).

The rules, fixed before the runs, stand in ``landscape.evidence.averaging``. Smaller rates came
after the runs of the fully connected network had been seen.
"""

import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.averaging import (
    CONSTANT,
    ENTROPY,
    FALLING,
    LAST,
    NAMES,
    NO_FORCE,
    RESTART,
    RUNS,
    SWA,
    ends,
    extent,
    found,
    gain,
    main_average,
    percent,
    picked,
    share_is_known,
)
from landscape.evidence.measurement import format_measurement, format_number

SLOWER = "is-it-the-averaging-slower"


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
    over = "over SGD at a picked rate it still gains"
    if tuned is None or tuned.low <= 0:
        over = "over SGD at a picked rate no measurable gain is left"
    if tuned is not None and tuned.high < 0:
        points = format_number(-tuned.value, 1)
        over = f"SGD at a picked rate ends {points} points below Entropy-SGD"
    return (
        f"An average of SGD's weights gives {extent(measured['average'][2])} of Entropy-SGD's "
        f"gain over SGD at the same constant rate ({format_number(whole.value, 1)} points), "
        f"Entropy-SGD without its force {extent(measured['no force'][2])}; {over}."
    )


def all_rates(runs):
    """Both experiments' runs, Entropy-SGD under one name with its inner rate as ``rate``."""
    frames = []
    for name in (RUNS, SLOWER):
        frame, methods = runs.frame(name), runs.parameters(name)["methods"]
        for case in frame["method"].unique():
            if case.startswith(ENTROPY) and case not in (NO_FORCE, RESTART):
                rows = frame["method"] == case
                frame.loc[rows, "rate"] = methods[case]["optimizer"]["lr_inner"]
                frame.loc[rows, "method"] = ENTROPY
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


# What the page shows


def picture(runs):
    """What each gains over SGD, and the curves."""
    from landscape import book
    from landscape.book.averaging_pictures import draw_curves, draw_gains

    ends = runs.frame(RUNS)
    ends = ends[ends["step"] == ends["step"].max()]
    return book.Picture(
        panels={"a": draw_gains(runs), "b": draw_curves(runs)},
        titles={"a": "what it gains over SGD", "b": "during training"},
        alt="On the left one line a method with its gain over SGD at the same constant rate and "
        "its interval: Entropy-SGD, the same without its force, the same without averages, and SGD "
        "with averages, with a falling rate and at the outer rate. On the right test error against "
        "passes for four of them. The table below states the numbers.",
        data=ends[["method", "rate", "answer", "seed", "test_error", "validation_error"]],
    )


def rates(runs):
    """Every rate and every average, at a constant and at a falling rate."""
    from landscape import book
    from landscape.book.averaging_pictures import draw_rates

    frame, panels = all_rates(runs), {}
    decays = sorted(runs.parameters(RUNS)["decays"])
    answers = (LAST, *(f"ema-{decay:g}" for decay in decays), SWA)
    for letter, case in (("a", CONSTANT), ("b", FALLING)):
        panels[letter], ax = draw_rates(frame, case, answers)
        if letter == "a":
            ax.legend(fontsize=8.5)
    return book.Picture(
        panels=panels,
        titles={"a": "SGD at a constant rate", "b": "SGD at a falling rate"},
        alt="Final test error against the learning rate, one line for SGD's last weights, one for "
        "each average and one for Entropy-SGD against its inner rate: SGD with a constant rate on "
        "the left, with a falling one on the right.",
    )


def slower(runs):
    """Entropy-SGD against SGD and its average at each rate that all three were given."""
    from landscape import book

    frame, average, rows = all_rates(runs), main_average(runs), []
    for rate in sorted(frame.loc[frame["method"] == ENTROPY, "rate"].unique()):
        entropy = ends(frame, ENTROPY, rate=rate)
        errors = [ends(frame, CONSTANT, one, rate) for one in (LAST, average)]
        gained = (format_measurement(gain(one, entropy)) for one in errors)
        means = (statistics.mean_interval(one, unit="%") for one in (*errors, entropy))
        means = (format_measurement(one.with_(n=None)) for one in means)
        rows.append([f"{rate:g}", *means, *gained])
    return book.Table(
        ["rate", "SGD", "its average", "Entropy-SGD", "gain over SGD", "gain over the average"],
        rows, folded=True, stack=True,
        caption="The same rate for SGD and for Entropy-SGD's inner loop",
    )  # fmt: skip


def table(runs):
    """Every answer with its error, its gain over SGD and its share of Entropy-SGD's gain."""
    from landscape import book
    from landscape.book.averaging_pictures import ROWS

    measured, _, _ = found(runs)
    known, rows = share_is_known(measured), []
    for key, name in (("sgd", "SGD at the inner rate"), *ROWS):
        error, own, part = measured[key]
        loses = own is not None and own.high < 0
        share = "–" if part is None or part.value is None or not known else percent(part)
        share = "none, it loses" if known and loses else share
        gained = "–" if key == "sgd" or own is None else format_measurement(own.with_(n=None))
        rows.append([name, format_measurement(error), gained, share])
    return book.Table(
        ["at equal gradients", "test error", "gain over SGD", "share of Entropy-SGD's gain"],
        rows, label="is-it-the-averaging-shares", stack=True,
        caption="Final test errors, paired gains and shares, with 95 % intervals over seeds",
    )  # fmt: skip


def against_the_picked(runs):
    """Sentences: Entropy-SGD against the SGD picked on held-out images, and picked in turn."""
    _, tuned, best = found(runs)
    frame = all_rates(runs)
    case, rate = picked(frame)
    means = {
        inner: ends(frame, ENTROPY, rate=inner, column="validation_error").mean()
        for inner in frame.loc[frame["method"] == ENTROPY, "rate"].unique()
    }
    inner = min(means, key=means.get)
    own = gain(ends(frame, case, rate=rate), ends(frame, ENTROPY, rate=inner))
    return (
        f"Picked by the validation error of its last weights: {best}. Entropy-SGD's gain over it "
        f"is {format_measurement(tuned)}. With all rates for both, Entropy-SGD's inner rate is "
        f"picked as {inner:g}, and its gain over {NAMES[case]} {rate:g} is "
        f"{format_measurement(own)}."
    )


def force_alone(runs):
    """A sentence: what the force adds to the same loop without it."""
    frame = runs.frame(RUNS)
    own = gain(ends(frame, NO_FORCE), ends(frame, ENTROPY))
    return f"What the force adds: {format_measurement(own)} (with the same noise and batches)."


def cost(runs):
    """A sentence: what the page would cost at the work's scale, from measured runs of table 3.1."""
    from landscape.evidence import paper_costs
    from landscape.experiments import settings

    work = settings.resolved(RUNS, "paper", runs.root)
    parts = []
    for known in paper_costs.of(runs.root, ["thesis-tab-3-1-mnistfc"]):
        hours = {row["method"]: row["hours"] for row in known.rows}
        usual = hours.get("adam", 0.0)
        total = work["seeds"] * sum(
            len(method["rates"])
            * (hours.get(ENTROPY, usual) if method["optimizer"]["name"] == ENTROPY else usual)
            for method in work["methods"].values()
        )
        parts.append(f"{format_number(paper_costs.rounded(total))} {known.unit} ({known.machine})")
    paths = work["seeds"] * sum(len(method["rates"]) for method in work["methods"].values())
    took = f" would take about {' or '.join(parts)}" if parts else " have not been timed"
    return f"At the work's scale the {paths} paths of {work['gradients']:,} gradients{took}."
