"""Plain Langevin dynamics instead of Entropy-SGD (thesis section 3.3.6): measured and drawn.

Decided before the runs: the error parts from that without noise at the lowest temperature tried at
which, and above which, the difference of test errors (paired by seed, after the same gradients) has
its whole 95 % interval above zero.
"""

import numpy as np

from landscape.evidence import claims, finals, ladders, statistics
from landscape.evidence.measurement import Measurement, format_brief, format_number, format_power
from landscape.evidence.methods import label

LENET, ALLCNN = "lenet", "allcnn"
NAMES = {LENET: "LeNet", ALLCNN: "All-CNN"}
RUNS = {task: f"sgld-comparison-{task}" for task in NAMES}
SEARCH = {task: f"sgld-comparison-{task}-search" for task in NAMES}
TEMPERATURES = {task: f"sgld-comparison-{task}-temperature" for task in NAMES}
#: LeNet once more at the best of the falling rates: the best of all is constant.
FALLING = "sgld-comparison-lenet-decaying"
#: Where the other optimizers of the same networks were trained, and what the baseline is.
OTHERS = {LENET: "thesis-tab-3-1-lenet", ALLCNN: "thesis-fig-3-6-allcnn"}
BASELINE = {LENET: "adam", ALLCNN: "sgd"}
IMAGES = {LENET: 60_000, ALLCNN: 50_000}
#: Temperature of the noise that Entropy-SGD has on LeNet, as 1 / beta.
ENTROPY_NOISE = 1e-6
APART = "not measurably apart from"
EXPERIMENTS = (*RUNS.values(), FALLING, *SEARCH.values(), *TEMPERATURES.values())


def samples(runs, task):
    """N, the number of training images of a network's runs."""
    return runs.parameters(RUNS[task], "sgld")["data"]["train_samples"] or IMAGES[task]


def rate(lr, count):
    """SGLD's first step on the mean loss, ``N lr / 2``: what a rate of SGD is."""
    return count * lr / 2


def beside(runs, ours, task, method="entropy_sgd"):
    """Final test error of an experiment's SGLD minus that of another method of the network."""
    return finals.between(runs.frame(ours), "sgld", runs.frame(OTHERS[task]), method)


def claimed(runs, task):
    """The same at the rate that table 3.1's claim names, which falls."""
    return beside(runs, FALLING if task == LENET else RUNS[task], task)


def by_temperature(runs, task=LENET):
    """Test error after equally many gradients at every temperature that was tried on a network.

    Returns:
        ``{temperature: error in percent, one number a seed}``, in order. The main run's is among
        them: its rates do not depend on its length.
    """
    tried = runs.frame(TEMPERATURES[task])
    last = tried["step"].max()
    found = {
        float(value): statistics.per_seed(rows, "test_error")
        for value, rows in tried.groupby("temperature")
    }
    main = runs.frame(RUNS[task])
    own = runs.parameters(RUNS[task], "sgld")["optimizer"]["temperature"]
    found[float(own)] = statistics.per_seed(main[main["step"] <= last], "test_error")
    return dict(sorted(found.items()))


def above_none(errors):
    """Error at each temperature above 0 minus that without noise, paired by seed."""
    return ladders.above(errors, base=0.0, unit="points")


def parting(differences):
    """The lowest temperature at which and above which the whole interval is above 0, or None."""
    return ladders.unbroken(sorted(differences.items(), reverse=True))


def _side(difference):
    """Where the whole interval of a difference lies, in words."""
    if not difference.apart():
        return APART
    return "above" if difference.above() else "below"


def answer(runs):
    """What was found, in one sentence."""
    words = []
    for task, name in NAMES.items():
        difference = claimed(runs, task)
        if difference.value is None:
            words.append(f"nowhere on {name}, where nothing ended")
        else:
            side = _side(difference)
            far = difference
            if side == "below":
                far = far.with_(value=-far.value, low=-far.high, high=-far.low)
            far = "" if side == APART else f"{format_brief(far)} "
            words.append(f"{far}{side} it on {name}")
    apart = parting(above_none(by_temperature(runs)))
    noise = "at no temperature tried does its noise raise LeNet's error"
    if apart is not None:
        at = rf"$\beta^{{-1}} = {format_power(apart / samples(runs, LENET))}$"
        noise = f"its noise measurably raises LeNet's error from {at} on"
        if apart == max(by_temperature(runs)):
            noise = f"only the highest temperature tried, {at}, measurably raises LeNet's error"
    short = "" if runs.scale == "paper" else "in short runs on few images "
    return (
        f"After as many gradients as Entropy-SGD, {short}Langevin dynamics with a falling rate "
        f"ends {words[0]} and {words[1]}; {noise}."
    )


def curves(runs, records):
    """Test error against effective epochs of all methods, a panel for each network."""
    from landscape import book

    panels, tables = {}, {}
    for letter, task in zip("ab", NAMES, strict=True):
        figure, ax = book.panel(height=3.1)
        book.curves(ax, runs.frame(RUNS[task]), "effective_epoch", "test_error", ["sgld"],
                    record=records.frame(RUNS[task]), log=True)  # fmt: skip
        if task == LENET:
            book.curve(ax, runs.frame(FALLING), "effective_epoch", "test_error", "sgld", log=True,
                       label="SGLD, falling rate", color=book.CYCLE[2], marker="P")  # fmt: skip
        others = ("entropy_sgd", BASELINE[task])
        book.curves(ax, runs.frame(OTHERS[task]), "effective_epoch", "test_error", others, log=True)
        book.log_axis(ax)
        ax.set(xlabel="effective epochs", ylabel="test error [%]", xlim=(0, None))
        ax.legend()
        panels[letter] = figure
        for name in (RUNS[task], OTHERS[task], *([FALLING] if task == LENET else [])):
            tables[name] = runs.frame(name)[["method", "seed", "effective_epoch", "test_error"]]
    return book.Picture(
        panels=panels, titles={"a": "LeNet on MNIST", "b": "All-CNN on CIFAR-10"}, data=tables,
        alt="Two panels, test error on a logarithmic axis against effective epochs for SGLD, "
        "Entropy-SGD and the network's usual optimizer. The table below states the final errors.",
    )  # fmt: skip


def comparison(runs):
    """Section 3.3.6 as a table: printed and cited numbers with ours beside."""
    from landscape import book

    values = claims.load("thesis-tab-3-1", runs.root).paper_values
    rows = []
    for task, name in NAMES.items():
        own, other = runs.frame(RUNS[task]), runs.frame(OTHERS[task])
        for method, frame, key, which in (
            ("sgld", own, f"{task}-sgld", ", constant rate" if task == LENET else ""),
            *([("sgld", runs.frame(FALLING), "", ", falling rate")] if task == LENET else []),
            ("entropy_sgd", other, f"{task}-entropy", ""),
            (BASELINE[task], other, f"{task}-{BASELINE[task]}", ""),
        ):
            epochs = frame.loc[frame["method"] == method, "effective_epoch"].max()
            after = f"after {format_number(epochs, digits=3)} effective epochs"
            ours, printed = book.Cell(str(finals.mean(frame, method)), details=after), "–"
            if key:
                after = "after " + values[key].what.split(", ")[-1]
                printed = book.Cell(str(values[key]), details=after)
            rows.append([name, label(method) + which, printed, ours])
    for key in ("quoted-mnist", "quoted-ptb", "quoted-char"):
        where, what = values[key].what.split(", ", 1)
        rows.append([where, what, str(values[key]), "–"])
    return book.Table(
        ["network", "method", "the work", f"this build ({runs.scale})"], rows, stack=True,
        label="sgld-comparison-errors",
        caption="Chaudhari (2018), section 3.3.6: final errors, printed and cited, and ours with "
        "95 % intervals",
    )  # fmt: skip


def temperatures(runs):
    """Test error against the temperature of the noise, and how far above that without noise."""
    from landscape import book
    from landscape.book import ladder_pictures

    errors, count = by_temperature(runs), samples(runs, LENET)
    means = {value: statistics.mean_interval(one) for value, one in errors.items()}
    still, panels = means.pop(0.0), {}
    lines = {
        1 / count: {"color": book.GREY, "linestyle": "--", "linewidth": 1,
                    "label": "posterior, $1/N$"},
        ENTROPY_NOISE: {"color": book.look("entropy_sgd").color, "linestyle": ":",
                        "label": "Entropy-SGD's noise"},
    }  # fmt: skip
    for letter, values, base, name in (
        ("a", means, still, "test error [%]"),
        ("b", above_none(errors), Measurement(0.0), "above no noise [points]"),
    ):
        marks = {value / count: one for value, one in values.items()}
        figure = ladder_pictures.levels(marks, base, "without noise", "sgld", lines)
        figure.axes[0].set(xlabel=r"temperature $\beta^{-1}$", ylabel=name)
        panels[letter] = figure
    panels["a"].axes[0].legend(loc="upper center")
    return book.Picture(
        panels=panels, titles={"a": "error", "b": "paired by seed"},
        alt="Two panels against the temperature of the noise on a logarithmic axis: test error, "
        "beside a horizontal band without noise, and its difference from that without noise, means "
        "over seeds with their intervals. The sentence below states the differences.",
        data=runs.frame(TEMPERATURES[LENET])[["temperature", "seed", "step", "test_error"]],
    )  # fmt: skip


def walk(settings, steps):
    """How far the noise alone moves a weight in so many steps: root mean square.

    ``sqrt(sum eta_t T)`` with ``eta_t = lr / (1 + t)^power``, and ``T`` the temperature.
    """
    t = np.arange(steps)
    etas = settings["lr"] / (1.0 + t) ** settings["power"]
    return float(np.sqrt(etas.sum() * settings["temperature"]))


def parted(runs):
    """Sentences: the difference at each temperature, and how far noise alone moves a weight."""
    count = samples(runs, LENET)
    differences = above_none(by_temperature(runs))
    epochs = runs.frame(TEMPERATURES[LENET])["effective_epoch"].max()
    said = "; ".join(
        f"{format_brief(one)} at ${format_power(value / count)}$"
        for value, one in differences.items()
    )
    steps = int(runs.frame(RUNS[LENET])["step"].max())
    far = walk(runs.parameters(RUNS[LENET], "sgld")["optimizer"], steps)
    return (
        f"LeNet's test error after {format_number(epochs, digits=2)} epochs above that without "
        rf"noise, paired by seed, against $\beta^{{-1}}$: {said}. At the posterior's temperature "
        f"noise alone moves every weight by {format_number(far, digits=2)} (root mean square) in "
        f"the main run's {steps} steps."
    )


def without_noise(runs):
    """A sentence: what the noise does on all-CNN, and what is left of the distance without it."""
    (warm,) = above_none(by_temperature(runs, ALLCNN)).values()
    tried, other = runs.frame(TEMPERATURES[ALLCNN]), runs.frame(OTHERS[ALLCNN])
    until = tried["effective_epoch"].max()
    # Entropy-SGD's last answer after no more gradients.
    other = other[(other["method"] == "entropy_sgd") & (other["effective_epoch"] < until + 1e-6)]
    left = finals.between(tried, "sgld", other, "entropy_sgd")
    return (
        f"On all-CNN, after {format_number(until, digits=2)} epochs, the noise of the posterior's "
        f"temperature adds {format_brief(warm)}; without noise the same steps "
        f"are {format_brief(left)} above Entropy-SGD."
    )


def falling(runs):
    """A sentence: what a falling rate changes on LeNet, and on how little the searches rest."""
    power = runs.parameters(FALLING, "sgld")["optimizer"]["power"]
    change = finals.between(runs.frame(FALLING), "sgld", runs.frame(RUNS[LENET]), "sgld")
    first = "On LeNet the best rate"
    if best(runs, LENET)["power"] == 0:
        first = "On LeNet the search's best rate does not fall at all; the best"
    return (
        f"{first} that falls ($b = {power:g}$) changes the final test error by "
        f"{format_brief(change)}, to {format_brief(claimed(runs, LENET))} above Entropy-SGD's."
    )


def against_usual(runs):
    """A sentence: whether LeNet's usual optimizer ends lower than Langevin dynamics here."""
    apart = beside(runs, FALLING, LENET, BASELINE[LENET])
    if not apart.has_interval:
        return f"On LeNet Langevin dynamics was not compared to {label(BASELINE[LENET])}."
    short = "" if runs.scale == "paper" else (
        " So short a run says little about that: the work's schedule, scaled, stops Adam too soon."
    )  # fmt: skip
    return (
        f"On LeNet Langevin dynamics with a falling rate ends {_side(apart)} "
        f"{label(BASELINE[LENET])}: {format_brief(apart)}.{short}"
    )


def best(runs, task):
    """The search's row with the lowest validation error at its end: rate ``lr`` and ``power``."""
    return finals.lowest(runs.frame(SEARCH[task]), "validation_error")


def search_tables(runs):
    """Validation error at the end of the search, a table for each network."""
    from landscape.book import search_tables

    def table(task, name):
        rows, winner = runs.frame(SEARCH[task]), best(runs, task)
        epochs = format_number(rows["effective_epoch"].max(), digits=2)
        return search_tables.two_settings(
            rows[rows["step"] == rows["step"].max()], ("lr", "power"), "validation_error",
            chosen=(winner["lr"], winner["power"]), head=r"rate $\frac{N}{2}\eta$",
            row=lambda lr: format_number(rate(lr, samples(runs, task)), digits=2),
            above=lambda power: f"$b = {power:g}$",
            caption=f"{name}: validation error after {epochs} epochs of the search, one run each; "
            "the lowest is taken",
        )  # fmt: skip

    return [table(*task) for task in NAMES.items()]
