"""From which budget on AutoL2 pays (ours: the work shows one budget).

The rules stood before the runs. AutoL2 at a constant rate does not know how long the run will be,
so that one run has every budget. Its gain at a budget is its highest accuracy so far minus that of
constants, paired by seed: of the best constant of the grid at that budget; of the better one of two
constants (mean over all pairs, the better one by its mean over seeds); of one constant (mean over
the grid); and of the predicted one, c / budget. From which budget on it pays is said by
``landscape.evidence.l2_gains``.
"""

import numpy as np
import pandas as pd

from landscape.evidence import l2_budgets, l2_gains, statistics
from landscape.evidence import l2_races as budgets
from landscape.evidence.measurement import format_measurement, format_number
from landscape.theory import auto_l2_clock

AUTO_RUNS, CONSTANTS = "lewkowycz-fig-s9-auto", "lewkowycz-fig-4-constants"
PROBE = "lewkowycz-fig-4-probe"
LOWER_RUNS, SET_RUNS = "when-autol2-pays", "when-autol2-pays-on-set"
PUBLISHED, LOWER, ON_SET = "auto_l2", "auto_l2_lower_start", "auto_l2_on_set"
FIVE, UNDIVIDED = "auto_l2_every_5", "auto_l2_undivided"
NAMES = {PUBLISHED: "from 0.1", LOWER: "from 0.01", ON_SET: "from 0.1, clean images"}
#: What AutoL2 is compared with: constants that have had as many trials, or a probe.
ONE, TWO, ALL, PREDICTED = "one constant", "better of two", "best of all", "predicted"
REFRACTORY = 0.1  # of the work: 0.1 / lambda steps
CHANCE = 15  # percent: above the 10 % of chance by more than a look's fluctuation
WORK_C, WORK_STEPS = 0.0066, 50_000 / 1024  # epochs times lambda, steps an epoch


def read(runs):
    """All runs with AutoL2 and the constants; lambda by constant."""
    frames = [runs.frame(name) for name in (AUTO_RUNS, LOWER_RUNS, SET_RUNS)]
    constant, names = budgets.constants(runs, CONSTANTS, runs.frame(CONSTANTS))
    return pd.concat([*frames, constant], ignore_index=True), names


def predicted(runs, looks):
    """Accuracy at lambda = c / budget with the seed's own c, seeds by budgets.

    Between its neighbours on the grid, in log lambda; beyond the grid that of its end.
    """
    tuning = l2_budgets.tune(runs.frame(CONSTANTS), runs.frame(PROBE), list(looks))
    return tuning.accuracy().T


def rivals(runs, found, constants):
    """What AutoL2 is compared with, by name: accuracies, seeds by budgets."""
    names = list(constants)
    return {
        ONE: l2_gains.chosen(found, names, 1), TWO: l2_gains.chosen(found, names, 2),
        ALL: l2_gains.chosen(found, names, len(names)),
        PREDICTED: predicted(runs, found[PUBLISHED].columns),
    }  # fmt: skip


def best_of_two(found):
    """The better one of AutoL2's two starts at every budget, by its mean over seeds."""
    return l2_gains.chosen(found, [PUBLISHED, LOWER], 2)


def coefficient(runs):
    """c of this build in epochs, mean over seeds."""
    return float(l2_budgets.probed(runs.frame(PROBE)).mean())


def steps_per_epoch(frame):
    """Updates of the weights in an epoch."""
    last = frame.loc[frame["step"].idxmax()]
    return last["step"] / last[budgets.EPOCH]


def measured(runs):
    """Frame, constants, accuracies of all methods and those of the rivals."""
    frame, constants = read(runs)
    found = l2_gains.accuracies(frame, [*NAMES, FIVE, *constants])
    return frame, constants, found, rivals(runs, found, constants)


def answer(runs):
    """What was found, in one sentence."""
    _, constants, found, others = measured(runs)
    ours = (PUBLISHED, FIVE, LOWER)
    as_is, five, lower = (l2_gains.surely(found[one], others[ONE]) for one in ours)
    over_all = [l2_gains.gains(found[one], others[ALL]) for one in ours]
    over_best = sum(l2_gains.pays_from(table, "low") is not None for table in over_all)
    cases = f"in {over_best} of the three cases" if over_best else "never"
    return (
        f"Against a constant $\\lambda$ picked blindly AutoL2 pays measurably {five} if measured "
        f"every 5 steps, {lower} if begun at 0.01, and {as_is} as in figure S9; against the best "
        f"of {len(constants)} {cases}."
    )


def by_the_mean(runs):
    """Sentences: the budgets without regard to the interval, and what the intervals are."""
    _, _, found, others = measured(runs)
    seeds = len(found[PUBLISHED])
    return (
        f"By the mean over {seeds} seeds: AutoL2 as in figure S9 gains over the best constant "
        f"{l2_gains.when(found[PUBLISHED], others[ALL])}, over one picked blindly "
        f"{l2_gains.when(found[PUBLISHED], others[ONE])}; begun at a tenth, over the best "
        f"{l2_gains.when(found[LOWER], others[ALL])}. Every interval is for its budget alone."
    )


# What the page shows


def draw_gains(ours, others, limits):
    """Gain of AutoL2 over each rival against the budget."""
    from landscape import book

    figure, ax = book.panel(height=3.3)
    for color, (name, other) in zip(book.CYCLE, others.items(), strict=False):
        table = l2_gains.gains(ours, other)
        ax.plot(table.index, table["value"], color=color, label=name)
        if name in (ONE, ALL):
            ax.fill_between(table.index, table["low"], table["high"], color=color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    ax.axhline(0, color=book.INK, linewidth=0.8)
    book.log_axis(ax, "x")
    ax.set(xlabel="budget [epochs]", ylabel="gain of AutoL2 [points]", ylim=limits)
    ax.legend(fontsize=8.5)
    return figure


def picture(runs):
    """Gains against the budget, for both starts."""
    from landscape import book

    _, _, found, others = measured(runs)
    data = {
        f"{NAMES[method]} over {name}": l2_gains.gains(found[method], other)
        for method in (PUBLISHED, LOWER) for name, other in others.items()
    }  # fmt: skip
    seen = pd.concat(data)["value"]
    limits = (1.1 * seen.min(), seen.max() - 0.1 * seen.min())
    return book.Picture(
        panels={letter: draw_gains(found[method], others, limits)
                for letter, method in (("a", PUBLISHED), ("b", LOWER))},
        titles={"a": r"from $\lambda = 0.1$, as in figure S9", "b": r"from $\lambda = 0.01$"},
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
        ("one trial: from 0.1", found[PUBLISHED], ONE),
        ("one trial: from 0.1, every 5 steps", found[FIVE], ONE),
        ("one trial: from 0.01", found[LOWER], ONE),
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


def unit(runs):
    """What lambda is multiplied with so that the refractory time is the work's 0.1 / lambda."""
    return REFRACTORY / runs.parameters(AUTO_RUNS, PUBLISHED)["auto_l2"]["refractory"]


def draw_clock(runs, frame):
    """lambda times steps for every start, with c in steps."""
    from landscape import book

    c, scale = coefficient(runs) * steps_per_epoch(frame), unit(runs)
    figure, ax = book.panel(height=3.1)
    for color, method in zip(("#D55E00", "#0072B2", "#009E73"), NAMES, strict=True):
        rows = budgets.rows_of(frame, method)
        for number, (_, one) in enumerate(rows[rows["step"] > 0].groupby("seed")):
            ax.plot(one["step"], scale * one["step"] * one["strength"], color=color, linewidth=1,
                    alpha=0.8, label=None if number else NAMES[method])  # fmt: skip
    ax.axhspan(*auto_l2_clock.band(), color=book.GREY, alpha=0.2, linewidth=0)
    ax.axhline(scale * c, color=book.INK, linewidth=1, label="c, this build")
    ax.axhline(
        WORK_C * WORK_STEPS, color=book.INK, linewidth=1, linestyle="--", label="c, the work"
    )
    ax.set(xscale="log", yscale="log", xlabel="steps", ylabel=r"$\lambda\cdot$steps")
    figure.legend(loc="outside upper center", ncols=2, fontsize=8.5)
    return figure


def clock_picture(runs):
    """lambda x steps of each start, and accuracies."""
    from landscape import book
    from landscape.book import auto_l2_pictures

    frame, constants = read(runs)
    return book.Picture(
        panels={"a": draw_clock(runs, frame),
                "b": auto_l2_pictures.accuracies(
                    frame, constants, list(NAMES), others=False, names=NAMES)},
        titles={"a": r"$\lambda$ times steps so far", "b": "test accuracy"},
        alt="On the left lambda times the number of steps so far against steps, a saw-tooth inside "
        "a grey band, for AutoL2 from 0.1, from 0.01 and measuring on clean images, with the "
        "coefficient c in steps as lines; on the right their test accuracies and the best "
        "constant's against epochs.",
    )  # fmt: skip


def clock(runs):
    """Sentences: AutoL2's clock against the time that lambda needs."""
    frame, _ = read(runs)
    own = unit(runs) * coefficient(runs) * steps_per_epoch(frame)
    low, high = auto_l2_clock.band()
    return (
        f"An AutoL2 that decays whenever it may keeps $\\lambda\\cdot$steps between "
        f"{format_number(low, 2)} and {format_number(high, 2)}. The best accuracy comes at "
        f"$\\lambda t_* = c$: {format_number(WORK_C * WORK_STEPS, 2)} steps in the work, "
        f"{format_number(own, 2)} here."
    )


def starts(runs):
    """How long each AutoL2 leaves the network at chance, and what it reaches."""
    from landscape import book

    frame, constants = read(runs)
    best = budgets.best(frame, list(constants))
    shared = budgets.rows_of(frame, UNDIVIDED)[budgets.EPOCH].max()
    rows = []
    for method in (*NAMES, FIVE, UNDIVIDED, best):
        own = budgets.rows_of(frame, method)
        left = "–"
        if method != best:
            begun = own.groupby("seed")["strength"].transform("first")
            # The first look without it, as on figure S9's page.
            after = own[own["strength"] < 0.99 * begun].groupby("seed")["step"].min()
            left = f"{after.mean():.0f}"
        cells = (budgets.highest(frame, method, part) for part in (shared, None))
        means = (statistics.mean_interval(cell).with_(n=None) for cell in cells)
        rows.append([
            {**NAMES, FIVE: "from 0.1, every 5 steps", UNDIVIDED: "from 0.1, printed numbers",
             best: rf"best constant, {constants[best]:g}"}[method],
            left, _first(own), *(format_measurement(mean) for mean in means),
        ])  # fmt: skip
    rows[-2][-1] = "not run"
    return book.Table(
        ["AutoL2", r"first $\lambda$ left by step", f"above {CHANCE} % from step",
         f"highest in {shared:g} epochs [%]", "highest in all [%]"], rows, stack=True,
        label="when-autol2-pays-starts",
        caption="What the first lambda does; means over seeds, accuracies with 95 % intervals",
    )  # fmt: skip


def _first(rows):
    """Mean step of the first look above chance, and how many runs have none."""
    steps = statistics.time_to_threshold(rows, "test_error", 100 - CHANCE, "step")
    if steps.isna().all():
        return "never"
    never = f", {steps.isna().sum()} of {len(steps)} never" if steps.isna().any() else ""
    return f"{steps.mean():.0f}{never}"


def shrinking(runs):
    """Sentences: how far the first two lambdas shrink the weights, for both intervals."""
    parts = []
    for method in (PUBLISHED, FIVE):
        settings = runs.parameters(AUTO_RUNS, method)
        auto, optimizer = settings["auto_l2"], settings["optimizer"]
        first, second = auto_l2_clock.soonest(auto)
        rest = auto_l2_clock.left(auto, optimizer["lr"], optimizer["momentum"])
        parts.append(
            f"measured every {auto['every']} steps, after {first} and {second} steps, by which the "
            f"penalty alone would leave {format_number(rest, 2)} of every weight"
        )
    return f"The first two decays come, at the soonest: {'; '.join(parts)}."
