"""What part of Entropy-SGD's gain over SGD averaging alone gives (ours: the thesis has no control).

The rules were fixed before the runs: the gain is that over SGD at the inner loop's constant rate,
averaging alone is the exponential average with the middle decay along the same path of SGD, and a
share is named where the gain's 95 % interval lies above zero. SGD's rate and schedule are picked by
the mean validation error of its last weights. Smaller rates came after these runs had been seen.
"""

import pandas as pd

from landscape.evidence import shares, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number

RUNS, SLOWER = "is-it-the-averaging", "is-it-the-averaging-slower"
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


def extent(part):
    """A share in words: what its interval leaves."""
    low, high = (100 * end for end in (part.low, part.high))
    if low <= 0:
        return "no measurable part"
    if low >= 100:
        return "all"
    if high >= 100:
        return f"at least {format_number(low, 0)} % (perhaps all)"
    return f"{format_number(low, 0)} to {format_number(high, 0)} %"


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

ROWS = (  # key in ``found``, name; SGD is at the inner rate unless it says otherwise
    ("entropy", "Entropy-SGD"), ("no force", "its force left out"),
    ("restart", "its averages left out, too"), ("average", "SGD, exponential average"),
    ("swa", "SGD, plain average (SWA)"), ("falling", "SGD, falling rate"),
    ("falling average", "falling rate and average"), ("outer", "SGD at the outer rate"),
)  # fmt: skip
FARTHEST = 10  # points: what ends farther off is named and not drawn


def draw_gains(runs):
    """How many points below SGD at the inner rate each ends."""
    from landscape import book

    measured, _, _ = found(runs)
    figure, ax = book.panel(height=3.4)
    for place, (key, _) in enumerate(ROWS):
        own = measured[key][1]
        if own is None:
            continue
        if abs(own.value) > FARTHEST:
            error = format_number(measured[key][0].value, 0)
            ax.annotate(f"{error} % error", (0.02, place), fontsize=9, va="center",
                        xycoords=("axes fraction", "data"))  # fmt: skip
            continue
        look = book.look(ENTROPY if place < 3 else CONSTANT)
        ax.errorbar(own.value, place, xerr=[[own.value - own.low], [own.high - own.value]],
                    fmt=look.marker, color=look.color, elinewidth=1)  # fmt: skip
    ax.axvline(0, color=book.GREY, linewidth=1)
    ax.set(yticks=range(len(ROWS)), yticklabels=[name for _, name in ROWS],
           ylim=(len(ROWS) - 0.5, -0.5), xlabel="points below SGD")  # fmt: skip
    return figure


def draw_curves(runs):
    """Test error against passes over the data."""
    from landscape import book

    frame, rate, average = runs.frame(RUNS), inner_rate(runs), main_average(runs)
    figure, ax = book.panel(height=3.4)
    shown = (
        (ENTROPY, LAST, None, "Entropy-SGD", book.look(ENTROPY).color, "v"),
        (CONSTANT, LAST, rate, "SGD", book.INK, "D"),
        (CONSTANT, average, rate, "SGD, average", book.CYCLE[0], "o"),
        (FALLING, LAST, rate, "SGD, falling rate", book.CYCLE[2], "s"),
    )
    for case, answer_, at, name, color, marker in shown:
        rows = rows_of(frame, case, answer_, at)
        book.curve(ax, rows, "effective_epoch", "test_error", case, label=name,
                   color=color, marker=marker, band=False)  # fmt: skip
    ax.set(xlabel="effective epochs", ylabel="test error [%]")
    ax.legend(fontsize=9)
    return figure


def picture(runs):
    """What each gains over SGD, and the curves."""
    from landscape import book

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


def draw_rates(frame, case, answers):
    """Final test error against the rate: SGD's last weights, their averages, and Entropy-SGD."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    names = {LAST: "last weights", SWA: "plain average"}
    lines = [(case, one, names.get(one, f"decay {one[4:]}")) for one in answers]
    colors = (book.INK, *book.CYCLE[:3], book.CYCLE[5], book.look(ENTROPY).color)
    shown = set()
    for place, (method, one, name) in enumerate([*lines, (ENTROPY, LAST, "Entropy-SGD")]):
        rows = frame[(frame["method"] == method) & (frame["answer"] == one)]
        finals = {rate: statistics.per_seed(part, "test_error")
                  for rate, part in rows.groupby("rate")}  # fmt: skip
        measured = {rate: statistics.mean_interval(x) for rate, x in finals.items() if len(x) > 1}
        y = [m.value for m in measured.values()]
        spans = [[m.value - m.low for m in measured.values()],
                 [m.high - m.value for m in measured.values()]]  # fmt: skip
        ax.errorbar([rate * 1.04 ** (place - 2) for rate in measured], y, yerr=spans, label=name,
                    color=colors[place], marker="Dos^Xv"[place], elinewidth=1)  # fmt: skip
        shown |= set(measured)
    book.log_axis(ax)
    ax.set(xscale="log", xlabel="learning rate (inner)", ylabel="test error [%]")
    ax.set_xticks(sorted(shown), [f"{rate:g}" for rate in sorted(shown)])
    ax.minorticks_off()
    return figure, ax


def rates(runs):
    """Every rate and every average, at a constant and at a falling rate."""
    from landscape import book

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
