"""From which budget on AutoL2 pays (ours: the work shows one budget).

The rules stood before the runs. AutoL2 at a constant rate does not know how long the run will be, so
one run has every budget. Its gain at a budget is its highest accuracy so far minus that of constants,
paired by seed: of the best constant of the grid at that budget, of the better one of two constants
(mean over all pairs, the better one by its mean over seeds), of one constant (mean over the grid),
and of the predicted one, c / budget. It pays from the budget on from which the mean gain stays above
zero until the end, and measurably where the 95 % interval over seeds does.
"""

import itertools

import numpy as np
import pandas as pd

from landscape.evidence import l2_races as budgets
from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number

AUTO_RUNS, CONSTANTS = "lewkowycz-fig-s9-auto", "lewkowycz-fig-4-constants"
LOWER_RUNS, SET_RUNS = "when-autol2-pays", "when-autol2-pays-on-set"
PUBLISHED, LOWER, ON_SET = "auto_l2", "auto_l2_lower_start", "auto_l2_on_set"
NAMES = {PUBLISHED: "from 0.1", LOWER: "from 0.01", ON_SET: "from 0.1, clean images"}
#: What AutoL2 is compared with: constants that have had as many trials, or a probe.
ONE, TWO, ALL, PREDICTED = "one constant", "better of two", "best of all", "predicted"
REFRACTORY = 0.1  # of the work: 0.1 / lambda steps
WORK_C, WORK_STEPS = 0.0066, 50_000 / 1024  # epochs times lambda, steps an epoch


def read(runs):
    """All runs with AutoL2 and the constants; lambda by constant."""
    frames = [runs.frame(name) for name in (AUTO_RUNS, LOWER_RUNS, SET_RUNS, CONSTANTS)]
    constants = budgets.strengths(runs, CONSTANTS, list(frames[-1]["method"].unique()))
    return pd.concat(frames, ignore_index=True), constants


def accuracies(frame, methods):
    """Highest accuracy so far: for each method a table, seeds by budgets (looks after the first)."""
    found = {}
    for method in methods:
        rows = statistics.finished(budgets.rows_of(frame, method))
        table = 100 - rows.pivot(index="seed", columns=budgets.EPOCH, values="test_error")
        found[method] = table.cummax(axis=1).iloc[:, 1:]
    return found


def chosen(found, constants, number):
    """Accuracy of the best of ``number`` constants, mean over all their choices, seeds by budgets.

    The best is by the mean over seeds, at every budget anew.
    """
    means = {name: found[name].mean() for name in constants}
    total, count = 0, 0
    for names in itertools.combinations(constants, number):
        winner = pd.DataFrame({name: means[name] for name in names}).idxmax(axis=1)
        picked = {at: found[winner[at]][at] for at in winner.index}
        total, count = total + pd.DataFrame(picked), count + 1
    return total / count


def predicted(found, constants, c):
    """Accuracy at lambda = c / budget, between its neighbours on the grid, seeds by budgets."""
    budgets_of = next(iter(found.values())).columns
    values = {
        at: budgets.between({constants[name]: found[name][at] for name in constants}, c / at)
        for at in budgets_of
    }
    return pd.DataFrame(values)


def rivals(found, constants, c):
    """What AutoL2 is compared with, by name: accuracies, seeds by budgets."""
    return {
        ONE: chosen(found, constants, 1), TWO: chosen(found, constants, 2),
        ALL: chosen(found, constants, len(constants)), PREDICTED: predicted(found, constants, c),
    }  # fmt: skip


def best_of_two(found):
    """The better one of AutoL2's two starts at every budget, by its mean over seeds."""
    return chosen(found, [PUBLISHED, LOWER], 2)


def gains(ours, other):
    """Mean gain in points with its interval at every budget: value, low, high."""
    rows = {}
    for at in ours.columns:
        pair = statistics.common_seeds(ours[at], other[at])
        found = statistics.paired_difference(*pair)
        rows[at] = (found.value, found.low, found.high)
    return pd.DataFrame(rows, index=["value", "low", "high"]).T


def pays_from(table, column="value"):
    """First budget from which on a gain stays above zero to the end; None if it does not at last."""
    above = (table[column] > 0).to_numpy()
    if not above[-1]:
        return None
    return float(table.index[len(above) - np.argmin(above[::-1]) if not above.all() else 0])


def coefficient(runs):
    """c of this build in epochs."""
    raise NotImplementedError


def steps_per_epoch(frame):
    """Updates of the weights in an epoch."""
    last = frame.loc[frame["step"].idxmax()]
    return last["step"] / last[budgets.EPOCH]


def measured(runs):
    """Frame, constants, accuracies of all methods and those of the rivals."""
    frame, constants = read(runs)
    found = accuracies(frame, [*NAMES, *constants])
    return frame, constants, found, rivals(found, constants, coefficient(runs))


def when(ours, other):
    """In words: from which budget on it pays, and whether that is measurable."""
    table = gains(ours, other)
    first, sure = pays_from(table), pays_from(table, "low")
    if first is None:
        return f"at no budget up to {table.index[-1]:g} epochs"
    if first == table.index[0]:
        told = "at every budget"
    else:
        told = f"from {format_number(first, 1)} epochs on"
    if sure is None:
        return f"{told}, not measurably"
    if sure == first:
        return told
    return f"{told}, measurably from {format_number(sure, 1)}"


def answer(runs):
    """What was found, in one sentence."""
    _, _, found, others = measured(runs)
    return (
        f"AutoL2 as published gains over the best constant $\\lambda$ "
        f"{when(found[PUBLISHED], others[ALL])}, over one picked blindly "
        f"{when(found[PUBLISHED], others[ONE])}; begun at 0.01 instead of 0.1, over the best "
        f"{when(found[LOWER], others[ALL])}."
    )


# What the page shows


def draw_gains(ours, others):
    """Gain of AutoL2 over each rival against the budget."""
    from landscape import book

    figure, ax = book.panel(height=3.3)
    for color, (name, other) in zip(book.CYCLE, others.items(), strict=False):
        table = gains(ours, other)
        ax.plot(table.index, table["value"], color=color, label=name)
        if name in (ONE, ALL):
            ax.fill_between(table.index, table["low"], table["high"], color=color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    ax.axhline(0, color=book.INK, linewidth=0.8)
    book.log_axis(ax, "x")
    ax.set(xlabel="budget [epochs]", ylabel="gain of AutoL2 [points]")
    ax.legend(fontsize=8.5)
    return figure


def picture(runs):
    """Gains against the budget, for both starts."""
    from landscape import book

    _, _, found, others = measured(runs)
    data = {
        f"{NAMES[method]} over {name}": gains(found[method], other)
        for method in (PUBLISHED, LOWER) for name, other in others.items()
    }  # fmt: skip
    return book.Picture(
        panels={"a": draw_gains(found[PUBLISHED], others), "b": draw_gains(found[LOWER], others)},
        titles={"a": r"from $\lambda = 0.1$, as published", "b": r"from $\lambda = 0.01$"},
        alt="Two panels, AutoL2 from 0.1 and from 0.01: its gain in points of accuracy against the "
        "budget in epochs, over one constant of the grid, the better of two, the best of all and "
        "the predicted one, with a line at zero. The table below states the numbers.",
        data=pd.concat(data, names=["comparison", "epochs"]).reset_index(),
    )  # fmt: skip


def table(runs):
    """Gains at some budgets, trial for trial."""
    from landscape import book

    frame, _, found, others = measured(runs)
    own, ends = steps_per_epoch(frame), found[PUBLISHED].columns
    shown = [ends[int(np.argmin(abs(ends - ends[-1] * part)))] for part in (1 / 8, 1 / 4, 1 / 2, 1)]
    pairs = (
        ("one trial: from 0.1", found[PUBLISHED], ONE), ("one trial: from 0.01", found[LOWER], ONE),
        ("a probe: from 0.1", found[PUBLISHED], PREDICTED),
        ("a probe: from 0.01", found[LOWER], PREDICTED),
        ("two trials: the better start", best_of_two(found), TWO),
        ("many trials: from 0.1", found[PUBLISHED], ALL),
        ("many trials: the better start", best_of_two(found), ALL),
    )  # fmt: skip
    rows = []
    for name, ours, other in pairs:
        each = [statistics.paired_difference(*statistics.common_seeds(ours[at], others[other][at]))
                for at in shown]  # fmt: skip
        rows.append([f"{name}, against {other}",
                     *(format_measurement(one.with_(n=None)) for one in each)])  # fmt: skip
    heads = [f"{at:.1f} epochs, {at * own:.0f} steps" for at in shown]
    return book.Table(
        ["AutoL2 minus constants [points]", *heads], rows, stack=True,
        label="when-autol2-pays-gains",
        caption="Gains of AutoL2 at four budgets, paired by seed, with 95 % intervals",
    )  # fmt: skip


def draw_clock(frame, c):
    """lambda times steps for every start, with c in steps."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for color, method in zip(("#D55E00", "#0072B2", "#009E73"), NAMES, strict=True):
        rows = budgets.rows_of(frame, method)
        for number, (_, one) in enumerate(rows[rows["step"] > 0].groupby("seed")):
            ax.plot(one["step"], one["step"] * one["strength"], color=color, linewidth=1,
                    alpha=0.8, label=None if number else NAMES[method])  # fmt: skip
    ax.axhspan(*band(), color=book.GREY, alpha=0.2, linewidth=0)
    ax.axhline(c * steps_per_epoch(frame), color=book.INK, linewidth=1, label="c, this build")
    ax.axhline(
        WORK_C * WORK_STEPS, color=book.INK, linewidth=1, linestyle="--", label="c, the work"
    )
    ax.set(xscale="log", yscale="log", xlabel="steps", ylabel=r"$\lambda\cdot$steps")
    ax.legend(fontsize=8.5)
    return figure


def band(refractory=REFRACTORY, factor=10):
    """Least and largest lambda x steps of an AutoL2 that decays as soon as it is allowed to.

    The waits at lambda, 10 lambda, ... add up to (refractory / lambda) (1 + 1/10 + ...), which is
    when lambda falls.
    """
    most = refractory * factor / (factor - 1)
    return most / factor, most


def clock_picture(runs):
    """lambda x steps of each start, and accuracies."""
    from landscape import book
    from landscape.book import l2_pictures

    frame, constants = read(runs)
    return book.Picture(
        panels={"a": draw_clock(frame, coefficient(runs)),
                "b": l2_pictures.accuracies(frame, constants, list(NAMES), others=False)},
        titles={"a": r"$\lambda$ times steps so far", "b": "test accuracy"},
        alt="On the left lambda times the number of steps so far against steps, a saw-tooth inside "
        "a grey band, for AutoL2 from 0.1, from 0.01 and measuring on clean images, with the "
        "coefficient c in steps as lines; on the right their test accuracies and the best "
        "constant's against epochs.",
    )  # fmt: skip


def clock(runs):
    """Sentences: AutoL2's clock against the time that lambda needs."""
    frame, _ = read(runs)
    own = coefficient(runs) * steps_per_epoch(frame)
    low, high = band()
    return (
        f"An AutoL2 that decays whenever it may keeps $\\lambda\\cdot$steps between "
        f"{format_number(low, 2)} and {format_number(high, 2)}. The best accuracy comes at "
        f"$\\lambda t_* = c$: {format_number(WORK_C * WORK_STEPS, 2)} steps in the work, "
        f"{format_number(own, 2)} here."
    )


def at_chance(runs):
    """Sentences: how long each start leaves the network at chance, in steps and of the run."""
    frame, _ = read(runs)
    last = frame["step"].max()
    told = []
    for method in (PUBLISHED, LOWER, ON_SET):
        rows = budgets.rows_of(frame, method)
        first = statistics.time_to_threshold(rows, "test_error", 100 - CHANCE, "step")
        kept = rows[rows["strength"] >= 0.099].groupby("seed")["step"].max()
        held = f", $\\lambda = 0.1$ until step {kept.mean():.0f}" if len(kept) else ""
        told.append(f"{NAMES[method]}: step {first.mean():.0f}{held}")
    return (
        f"First look with an accuracy above {CHANCE} %, mean over seeds: {'; '.join(told)}. "
        f"The run has {last:,} steps."
    )


#: Percent: above the 10 % of chance by more than a look's fluctuation.
CHANCE = 15
