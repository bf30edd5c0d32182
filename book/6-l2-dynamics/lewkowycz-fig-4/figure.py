"""Measuring c and predicting the L2 coefficient (Lewkowycz & Gur-Ari 2020, figure 4)."""

import numpy as np

from landscape.evidence import claims, l2_budgets, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number, not_run
from landscape.evidence.runs import Runs

ID = "lewkowycz-fig-4"
RUNS, PROBE, METHOD = l2_budgets.CONSTANTS, l2_budgets.PROBE, l2_budgets.METHOD
#: Steps an epoch and learning rate of the work, whose epochs c is turned into (C65).
STEPS, RATE = 50_000 / 1024, 0.2
#: The accuracy after the decay is the mean over this last part of the probe.
LAST = 0.25


def measure(runs):
    """Distances from the best to the predicted coefficient, and the shape of the probe."""
    tuning = l2_budgets.read(runs)
    if runs.frame(PROBE) is None:
        return {}
    if isinstance(tuning, Measurement):
        # The probe says what it has to say by itself: a card makes it in minutes.
        alone = {"c2": shape(runs, l2_budgets.probed(statistics.finished(runs.frame(PROBE))))}
        return alone if tuning.note == "no runs" else {"c1": tuning, "c2": tuning}
    return {
        "c1": {
            "best": tuning.over_seeds(tuning.distance().max()),
            "long": tuning.over_seeds(tuning.distance().loc[tuning.long()].max()),
            "alike": tuning.over_seeds(tuning.distance_to_alike().max()),
            "falls": tuning.slope(tuning.best()),
            "knee": tuning.slope(tuning.knee()),
            "reach": tuning.slope(tuning.reach()),
        },
        "c2": shape(runs, tuning.c),
    }


def shape(runs, c):
    """Claim 2: when the probe peaks, what it loses again, and c."""
    probe = curves(runs)
    return {
        "inside": statistics.mean_interval(probe.idxmax() / probe.index[-1]),
        "decays": statistics.mean_interval(probe.max() - late(probe), unit="points"),
        "fair": fallen(probe),
        "c": in_the_works_epochs(runs, c),
    }


def curves(runs):
    """Test accuracy of the probe, percent: looks (epochs) by seeds that did not diverge."""
    frame = statistics.finished(runs.frame(PROBE))
    return 100 - frame.pivot(index="effective_epoch", columns="seed", values="test_error")


def late(probe):
    """Mean accuracy over the last quarter of the probe, by seed."""
    return probe[probe.index > (1 - LAST) * probe.index[-1] + 1e-9].mean()


def fallen(probe):
    """Accuracy where the other seeds have their peak, minus the seed's mean at the end.

    No seed chooses its own look, so that the luck of the highest one does not count as a decay.
    """
    if probe.shape[1] < 2:
        return not_run("needs two seeds")
    lost = late(probe)
    return statistics.mean_interval(
        [probe.loc[probe.drop(columns=seed).mean(axis=1).idxmax(), seed] - lost[seed]
         for seed in probe], unit="points",
    )  # fmt: skip


def conversion(runs):
    """What an epoch of ours is in epochs of the work, counted in steps times learning rate."""
    settings = runs.parameters(PROBE, METHOD)
    samples = settings["data"]["train_samples"] or 50_000
    steps = samples / settings["run"]["batch_size"]
    return steps / STEPS * settings["optimizer"]["lr"] / RATE


def in_the_works_epochs(runs, c):
    """The geometric mean of c, converted."""
    return statistics.geometric_mean(conversion(runs) * c, unit="epochs")


def finding(found):
    """How far the best coefficient is from the prediction, and what the probe shows."""
    best, long, decays = found["c1.best"], found["c1.long"], found["c2.decays"]
    if best.value is None or decays.value is None:
        return "Nothing was measured."
    off = f"at worst {l2_budgets.times_off(best.measurement)} off the prediction c/T"
    worst, later = (l2_budgets.factor_of(item.value) for item in (best, long))
    # Below one order of magnitude with the whole interval.
    if best.measurement.below(1):
        where = f"within an order of magnitude of c/T at every budget (a factor of {worst} at most)"
    elif long.measurement.below(1):
        where = (
            f"within an order of magnitude of c/T at the longer budgets (a factor of {later} at "
            f"most), not at the shorter ones ({worst})"
        )
    elif found["c1.alike"].measurement.below(1):
        where = (
            f"{off}, but one that seeds cannot tell from it is within ten times at "
            "every budget"
        )
    else:
        where = f"{off}, not measurably within ten"
    lost = f"ends {format_number(decays.value, 1)} points below its peak"
    if decays.verdict.word != "reproduced":
        lost = "does not measurably fall again"
    elif not found["c2.fair"].measurement.above():
        lost += ", partly by chance"
    small = "On a narrow network the" if best.verdict.scale != "work" else "The"
    # A record of the probe alone, which a card makes in minutes, is of another network.
    own = decays.verdict.scale == "work" != best.verdict.scale
    probe = "on the work's own network the short probe's" if own else "the short probe's"
    return f"{small} best L2 coefficient is {where}; {probe} accuracy {lost}."


def picture(runs):
    """The work's two panels: the probe, and tuned and predicted coefficients."""
    from landscape import book
    from landscape.book import budget_pictures

    tuning, probe = l2_budgets.read(runs), curves(runs)
    strength = runs.frame(PROBE)["l2"].iloc[0]
    figure, ax = book.panel(height=3.1)
    for seed in probe:
        ax.plot(probe.index * strength, probe[seed], color=book.CYCLE[0], alpha=0.35, linewidth=1)
    ax.plot(probe.index * strength, probe.mean(axis=1), color=book.CYCLE[0],
            label=f"mean of {probe.shape[1]} seeds")  # fmt: skip
    for seed, c in tuning.c.items():
        ax.axvline(c, color=book.CYCLE[1], linewidth=1, linestyle="--",
                   label="$c$, seed by seed" if seed == tuning.c.index[0] else None)  # fmt: skip
    work = claims.load(ID, runs.root).paper_values["c"].value / conversion(runs)
    ax.axvline(work, color=book.INK, linewidth=1, linestyle=":", label="the work's, converted")
    ax.set(xlabel=r"$t\,\lambda$ [epochs]", ylabel="test accuracy [%]", xlim=(0, None))
    ax.legend(loc="lower right")
    names = ["l2", "seed", "effective_epoch", "test_error", "training_loss"]
    return book.Picture(
        panels={"a": figure, "b": budget_pictures.against_budget(tuning, {1.0: "$c/T$"})},
        titles={"a": f"probe with $\\lambda = {strength:g}$", "b": "tuned and predicted"},
        alt="Two panels. Left, the test accuracy of a short run with a large L2 coefficient "
        "against time times coefficient, one line a seed and their mean, with dashed lines at each "
        "seed's peak. "
        "Right, on logarithmic axes, the best coefficient against the budget of epochs with bars, "
        "and the falling line of the prediction. The table below has the numbers.",
        data={"constants": runs.frame(RUNS)[names], "probe": runs.frame(PROBE)[names]},
    )  # fmt: skip


def table(runs):
    """By budget: best, bars, what cannot be told apart, the prediction and its price."""
    from landscape.book import budget_tables

    return budget_tables.tuned_and_predicted(l2_budgets.read(runs), "lewkowycz-fig-4-budgets")


def certain(runs):
    """What c is, and how many coefficients the seeds cannot tell from the best."""
    tuning = l2_budgets.read(runs)
    alike, every = tuning.alike(), len(tuning.strengths)
    first, last = tuning.budgets[0], tuning.budgets[-1]
    c = statistics.geometric_mean(tuning.c, unit="epochs")
    converted = in_the_works_epochs(runs, tuning.c)
    work = claims.load(ID, runs.root).paper_values["c"]
    return (
        f"The probes give $c$ = {format_measurement(c)}; counted in steps times learning rate that "
        f"is {format_measurement(converted)}, of the work's kind, where the work has {work}. With "
        f"{tuning.maxima.shape[1]} seeds, {len(alike[first])} of {every} coefficients cannot be "
        f"told from the best within {format_number(first)} epochs and {len(alike[last])} within "
        f"{format_number(last)}."
    )


def collapse(runs):
    """What L2 costs within each budget, against coefficient times budget over c."""
    from landscape import book
    from landscape.book import budget_pictures

    tuning = l2_budgets.read(runs)
    figure, ax = book.panel(height=3.1)
    c = np.exp(np.log(tuning.c).mean())
    for budget, color in zip(tuning.budgets, book.CYCLE, strict=False):
        table = tuning.maxima.loc[budget]
        ax.plot(table.index * budget / c, (table - table.iloc[0]).mean(axis=1), "o-", color=color,
                markersize=4, label=f"$T$ = {budget:g}")  # fmt: skip
    ax.axvline(1, color=book.INK, linestyle="--", linewidth=1)
    ax.set(xscale="log", xlabel=r"$\lambda\,T/c$", ylabel="against the smallest [points]")
    ax.legend(title="epochs")
    right, ax = book.panel(height=3.1)
    knee = tuning.knee()
    ax.plot(knee.index, knee.to_numpy(), "o", color=book.CYCLE[0], markersize=4)
    ax.plot([], [], "o", color=book.CYCLE[0], markersize=4, label="three points lost, each seed")
    budget_pictures.draw_prediction(ax, tuning, 1.0, "$c/T$", book.CYCLE[1])
    ax.set(xscale="log", yscale="log", xlabel="budget $T$ [epochs]", ylabel=budget_pictures.LAMBDA)
    book.ticks_at(ax, tuning.budgets)
    ax.legend()
    return book.Picture(
        panels={"a": figure, "b": right},
        titles={"a": "cost in units of $c/T$", "b": "where L2 begins to cost"},
        alt="Two panels. Left, accuracy against that of the smallest coefficient, one line a "
        "budget, against coefficient times budget over c: level, then falling. Right, on "
        "logarithmic axes, the coefficient at which three points are lost against the budget, one "
        "mark a seed, with the falling line of the prediction.",
    )  # fmt: skip


def edge(runs):
    """The exponent of the knee, and where it lies in units of c / T."""
    tuning = l2_budgets.read(runs)
    slope, knee = tuning.slope(tuning.knee()), tuning.knee().dropna()
    if slope.value is None:
        return "Three points are not lost at two budgets."
    units = np.exp(np.log(knee.mul(knee.index, axis=0) / tuning.c).mean(axis=1))
    power, low, high = (format_number(end, 2) for end in (slope.value, slope.low, slope.high))
    first, last = (format_number(unit, digits=2) for unit in (units.iloc[0], units.iloc[-1]))
    return (
        f"Three points are lost at a coefficient that falls as $T^{{{power}}}$ (95 % interval of "
        f"the exponent {low} to {high}): at {first} times $c/T$ within "
        f"{format_number(units.index[0])} epochs, at {last} times within "
        f"{format_number(units.index[-1])}."
    )


def undone(runs):
    """What the largest coefficients lose again after their peak."""
    frame = statistics.finished(runs.frame(RUNS))
    last = frame["effective_epoch"] > (1 - LAST) * frame["effective_epoch"].max()
    by = frame.groupby(["l2", "seed"])["test_error"]
    lost = (
        (frame[last].groupby(["l2", "seed"])["test_error"].mean() - by.min()).groupby("l2").mean()
    )
    *rest, largest = lost.index[-3:]
    words = " and ".join(
        f"{format_number(lost[strength], 1)} points with {format_number(strength)}"
        for strength in rest
    )
    return (
        f"From its peak to the mean of the run's last quarter the accuracy falls by {words}, by "
        f"{format_number(lost[largest], 1)} with {format_number(largest)}; part of each is that a "
        "peak is the highest of many noisy looks: with the smallest coefficient it is "
        f"{format_number(lost.iloc[0], 1)}."
    )


def beginnings(root):
    """What the work's own network does within its shortest budgets, where a record has it."""
    from landscape import book
    from landscape.book import budget_tables

    recorded = l2_budgets.beginnings(Runs.recorded(root))
    if recorded:
        return budget_tables.shortest(recorded, "lewkowycz-fig-4-beginnings")
    names = " ".join((PROBE, *l2_budgets.BEGINNINGS))
    return book.Note(
        "The work's own network within its shortest budget and a tenth of it is declared and "
        "not run; a GPU begins with", f'make gpu GPU="--only {names}"',
    )  # fmt: skip
