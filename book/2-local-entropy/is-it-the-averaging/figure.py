"""What part of Entropy-SGD's gain over SGD averaging alone gives (ours: the thesis has no control).

The rules, fixed before the runs, stand in ``landscape.evidence.averaging``. Smaller rates came
after the runs of the fully connected network had been seen. The rules are the same for LeNet, whose
runs were made after them: share and interval at decay 0.99, the rate picked on held-out images.
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
    OUTER,
    RESTART,
    RUNS,
    SWA,
    ends,
    extent,
    found,
    gain,
    inner_rate,
    main_average,
    percent,
    picked,
    share_is_known,
)
from landscape.evidence.measurement import format_brief, format_measurement, format_number

SLOWER, LENET = "is-it-the-averaging-slower", "is-it-the-averaging-lenet"
#: What few networks were given: the case behind a row of the table.
CASES = {"restart": RESTART, "outer": OUTER}
UNTOLD = "gains nothing measurable"
NETWORKS = {RUNS: "mnistfc", LENET: "LeNet"}  # the thesis' names of them


def _points(own):
    """The size of a gain or a loss with its interval, without its sign and its seeds."""
    if own.value < 0:
        own = own.with_(value=-own.value, low=-own.high, high=-own.low)
    return format_brief(own)


def against_picked(over):
    """Entropy-SGD's gain over SGD at a picked rate, by network, in few words."""
    words = {}
    for network, own in over.items():
        told = own is not None and own.has_interval and not own.low <= 0 <= own.high
        word = f"{'gains' if own.value > 0 else 'loses'} {_points(own)}" if told else UNTOLD
        words.setdefault(word, []).append(network)
    said = [f"{word} on {'both' if len(on) > 1 else on[0]}" for word, on in words.items()]
    return f"over SGD at a picked rate it {' and '.join(said)}"


def answer(runs):
    """What was found for both networks, in one sentence."""
    shares, rest, over = [], [], {}
    for name, network in NETWORKS.items():
        measured, over[network], _ = found(runs, name)
        whole, part = measured["entropy"][1], measured["average"][2]
        if share_is_known(measured):
            said = extent(part)
            if part.low > 0:
                said = f"{format_number(100 * part.value, 0)} % (95 % interval: {said})"
            shares.append((said, network))
        elif whole is not None and whole.has_interval and whole.high < 0:
            rest.append(f"on {network} Entropy-SGD loses {_points(whole)} to SGD at its inner rate")
        else:
            rest.append(f"on {network} Entropy-SGD {UNTOLD} over SGD at its inner rate")
    if shares:
        (said, network), *others = shares
        text = (
            f"an average of SGD's weights gives {said} of Entropy-SGD's gain over SGD at its "
            f"inner rate on {network}"
        )
        text += "".join(f" and {said} on {network}" for said, network in others)
        rest = [text, *(one.replace(" over SGD at its inner rate", "") for one in rest)]
    text = f"{', '.join(rest)}; {against_picked(over)}."
    return f"{text[0].upper()}{text[1:]}"


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
    """What each gains over SGD on both networks, and the curves of one."""
    from landscape import book
    from landscape.book.averaging_pictures import draw_curves, draw_gains

    frames = {}
    for name, network in NETWORKS.items():
        frame = runs.frame(name)
        last = frame[frame["step"] == frame["step"].max()]
        frames[network] = last[
            ["method", "rate", "answer", "seed", "test_error", "validation_error"]
        ]
    return book.Picture(
        panels={"a": draw_gains(runs), "b": draw_gains(runs, LENET), "c": draw_curves(runs)},
        titles={"a": "gain over SGD, mnistfc", "b": "gain over SGD, LeNet",
                "c": "during training, mnistfc"},
        alt="In two panels, one a network, one line a method with its gain over SGD at the same "
        "constant rate and its interval: Entropy-SGD, the same without its force, and SGD with "
        "averages and with a falling rate; for the fully connected network also Entropy-SGD "
        "without averages and SGD at the outer rate. In a third one test error against passes for "
        "four of them on the fully connected network. The table below states the numbers.",
        data=frames,
    )  # fmt: skip


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

    rows = []
    for name, network in NETWORKS.items():
        measured, _, _ = found(runs, name)
        known, run = share_is_known(measured), set(runs.frame(name)["method"])
        for key, words in (("sgd", "SGD at the inner rate"), *ROWS):
            error, own, part = measured[key]
            if CASES.get(key, ENTROPY) not in run:
                continue
            loses = own is not None and own.high < 0
            share = "–" if part is None or part.value is None or not known else percent(part)
            share = "none, it loses" if known and loses else share
            gained = "–" if key == "sgd" or own is None else format_measurement(own.with_(n=None))
            rows.append([words, network, format_measurement(error), gained, share])
    return book.Table(
        ["at equal gradients", "network", "test error", "gain over SGD",
         "share of Entropy-SGD's gain"],
        rows, label="is-it-the-averaging-shares", stack=True,
        caption="Final test errors, paired gains and shares, with 95 % intervals over seeds",
    )  # fmt: skip


def against_the_picked(runs):
    """Sentences: Entropy-SGD against the SGD picked on held-out images, and picked in turn."""
    (_, tuned, best), (_, lenet, lenet_best) = (found(runs, name) for name in NETWORKS)
    frame = all_rates(runs)
    case, rate = picked(frame)
    means = {
        inner: ends(frame, ENTROPY, rate=inner, column="validation_error").mean()
        for inner in frame.loc[frame["method"] == ENTROPY, "rate"].unique()
    }
    inner = min(means, key=means.get)
    own = gain(ends(frame, case, rate=rate), ends(frame, ENTROPY, rate=inner))
    last = "" if lenet is None else (
        f" On LeNet {lenet_best} was picked; Entropy-SGD's gain over it is "
        f"{format_measurement(lenet)}."
    )  # fmt: skip
    return (
        f"Picked by the validation error of its last weights: {best}. Entropy-SGD's gain over it "
        f"is {format_measurement(tuned)}. With all rates for both, Entropy-SGD's inner rate is "
        f"picked as {inner:g}, and its gain over {NAMES[case]} {rate:g} is "
        f"{format_measurement(own)}.{last}"
    )


def controls(runs):
    """Sentences: what the force adds to the same loop, and what is left without averages."""
    added, left = [], []
    for name, network in NETWORKS.items():
        frame = runs.frame(name)
        own = gain(ends(frame, NO_FORCE), ends(frame, ENTROPY))
        added.append(f"{format_measurement(own)}, on {network}")
        bare = ends(frame, RESTART)
        if len(bare):
            sgd = ends(frame, CONSTANT, rate=inner_rate(runs, name))
            left.append(f"{format_measurement(gain(sgd, bare))}, on {network}")
    text = f"The force adds {' and '.join(added)}, with the same noise and batches."
    if left:
        text += (
            f" Without force and averages the loop gains {' and '.join(left)} over SGD at its rate."
        )
    return text


def against_the_average(runs):
    """A sentence: Entropy-SGD against the average itself."""
    parts = []
    for name, network in NETWORKS.items():
        frame = runs.frame(name)
        average = ends(frame, CONSTANT, main_average(runs, name), inner_rate(runs, name))
        own = gain(average, ends(frame, ENTROPY))
        parts.append(f"{format_measurement(own)}, on {network}")
    return (
        "Entropy-SGD's gain over that exponential average itself, not asked beforehand: "
        f"{' and '.join(parts)}."
    )


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
