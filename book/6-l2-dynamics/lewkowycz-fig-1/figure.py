"""Time budgets, the predicted lambda and AutoL2 (figure 1): what is measured and drawn."""

import numpy as np
import pandas as pd

from landscape.evidence import figures, l2_budgets, statistics
from landscape.evidence import l2_races as budgets
from landscape.evidence.l2_growing_time import accuracies, best_of, gain, growing
from landscape.evidence.measurement import Measurement, format_measurement, format_number, not_run

ID = "lewkowycz-fig-1"
FIXED, INVERSE = "lewkowycz-fig-s10-schedule", "lewkowycz-fig-1-inverse-time"
CONSTANTS, PROBE = "lewkowycz-fig-4-constants", "lewkowycz-fig-4-probe"
AUTO = "auto_l2"
#: First drop of the rate, as part of the run (section 2).
DROP = 0.3
PRINTED_C, PRINTED_T, PRINTED = 0.0066, 200, 1e-4
GAP = 0.4  # points, section 1.1


def by_strength(runs, experiment):
    """Runs of an experiment, and lambda by constant; None where there are none."""
    frame = runs.frame(experiment)
    return None if frame is None else budgets.constants(runs, experiment, frame)


def inverse(runs):
    """Accuracies by lambda in a time proportional to 1/lambda, and these times in epochs."""
    return growing(by_strength(runs, INVERSE), by_strength(runs, FIXED))


def coefficient(runs):
    """c in epochs, measured at a large lambda, mean over seeds."""
    return float(l2_budgets.probed(runs.frame(PROBE)).mean())


def fixed_time(runs):
    """Claim 1: the best lambda against both ends of the grid."""
    fixed = by_strength(runs, FIXED)
    found, ends = accuracies(fixed), accuracies(fixed, budgets.final)
    least, most = min(found), max(found)
    return {
        "smaller": gain(found, best_of(found), least),
        "larger": gain(found, best_of(found), most),
        "smaller-end": gain(ends, best_of(ends), least),
    }


def inverse_time(runs):
    """Claim 2: a time proportional to 1/lambda."""
    found, _ = inverse(runs)
    least, second = sorted(found)[:2]
    fixed = accuracies(by_strength(runs, FIXED))
    pair = statistics.common_seeds(found[least], fixed[least]) if least in fixed else ((), ())
    return {
        "rises": gain(found, least, max(found)),
        "plateau": gain(found, least, second),
        "time": statistics.paired_difference(*pair, unit="points") if len(pair[0])
        else not_run("the smallest lambda has no run of the fixed time"),
    }  # fmt: skip


def at_budgets(runs):
    """Highest accuracies by budget, tuned and predicted, at a constant rate.

    Returns:
        The tuning, and two tables of accuracies, budgets by seeds: at the coefficient with the best
        mean, and at the seed's own prediction.
    """
    constants = runs.frame(CONSTANTS)
    longest = constants[budgets.EPOCH].max()
    tuning = l2_budgets.tune(constants, runs.frame(PROBE), l2_budgets.halved(longest))
    return tuning, tuning.tuned(), tuning.accuracy()


def worst_gap(runs):
    """Claim 3: tuned minus predicted at the budget where the mean of it is largest."""
    tuning, tuned, predicted = at_budgets(runs)
    gaps = tuned - predicted
    worst = gaps.mean(axis=1).idxmax()
    return tuning.over_seeds(
        gaps.loc[worst], unit="points", note=f"at a budget of {worst:g} epochs"
    )  # fmt: skip


def auto(runs):
    """Claim 4: AutoL2 against the tuned constant, from the runs of figure S9."""
    frame, names = figures.load("lewkowycz-fig-S9", runs.root).read(runs)
    best = budgets.best(frame, list(names))
    return {
        "faster": budgets.time_to_best(frame, list(names), AUTO, best),
        "better": budgets.gap_to_best(frame, list(names), AUTO),
        "end": budgets.gap_to_best(frame, list(names), AUTO, budgets.final),
    }


def with_schedule(runs):
    """Claim 5: the rule c / (0.3 T) in print and in the runs with the schedule."""
    fixed = frame, _ = by_strength(runs, FIXED)
    found, c = accuracies(fixed), l2_budgets.probed(runs.frame(PROBE))
    table = pd.DataFrame(found).dropna()
    table = table[table.index.isin(c.index)]
    guess = c[table.index] / (DROP * frame[budgets.EPOCH].max())
    decades = np.log10(table.idxmax(axis=1).astype(float) / guess)
    away = statistics.mean_interval(decades, unit="decades")
    grid = np.log(table.columns.to_numpy(float))
    there = pd.Series({seed: np.interp(np.log(guess[seed]), grid, row)
                       for seed, row in table.iterrows()})  # fmt: skip
    cost = statistics.paired_difference(table[best_of(found)], there, unit="points")
    printed = PRINTED_C / (DROP * PRINTED_T)
    return {
        "arithmetic": Measurement(abs(printed / PRINTED - 1)),
        "below": away, "magnitude": away, "cost": cost,
    }  # fmt: skip


def measure(runs):
    """Everything, claim by claim."""
    if any(runs.frame(name) is None for name in (FIXED, INVERSE, CONSTANTS, PROBE)):
        printed = PRINTED_C / (DROP * PRINTED_T)
        return {"c5": {"arithmetic": Measurement(abs(printed / PRINTED - 1))}}
    return {
        "c1": fixed_time(runs), "c2": inverse_time(runs), "c3": worst_gap(runs),
        "c4": auto(runs), "c5": with_schedule(runs),
    }  # fmt: skip


def finding(found):
    """A peak at a fixed time, what the prediction costs, what AutoL2 gains."""
    low, high = found["c1.smaller"], found["c1.larger"]
    time, gap, end = found["c2.time"], found["c3"], found["c4.better"]
    if low.value is None or gap.value is None or end.value is None:
        return "Nothing was measured."
    sides = [side for side, one in (("below", low), ("above", high)) if sure(one.measurement)]
    peak = (
        f"falls {' and '.join(sides)} its best $\\lambda$"
        if sides
        else "has no clear best $\\lambda$"
    )
    if len(sides) == 1:
        peak += f", not measurably {'above' if sides == ['below'] else 'below'}"
    gained = time.value is not None and sure(time.measurement)
    longer, cost = (f"{format_number(one.value, 1)} points{budgets.ends(one.measurement)}"
                    for one in (time, gap))  # fmt: skip
    longer = f"; more time lifts a small one by {longer}" if gained else ""
    return (
        f"In a fixed time accuracy {peak}{longer}; at the worst budget the predicted "
        f"$\\lambda$ costs {cost}; AutoL2 {budgets.lead(end.measurement)} the tuned constant."
    )


def sure(measured):
    """Whether a gain's interval lies above zero."""
    return measured.has_interval and measured.low > 0


def _points(ax, found, **options):
    from landscape import book

    each = {one: statistics.mean_interval(values) for one, values in found.items()}
    book.errorbars(ax, each, elinewidth=1, **options)


def draw_times(runs):
    """Panel a: accuracy against lambda, in a fixed time and in one proportional to 1/lambda."""
    from landscape import book

    fixed = frame, names = by_strength(runs, FIXED)
    figure, ax = book.panel(height=3.1)
    times, color = inverse(runs), book.CYCLE
    ends = frame[budgets.EPOCH].max()
    _points(ax, accuracies(fixed), color=color[0], marker="o", label=f"{ends:g} epochs")
    _points(ax, accuracies(fixed, budgets.final), color=color[0], marker="o", linestyle=":",
            markerfacecolor=book.PAPER, alpha=0.7, label="the same, at the end")  # fmt: skip
    product = max(times[1].values()) * min(times[1], key=lambda one: one)
    _points(ax, times[0], color=color[1], marker="s",
            label=rf"{format_number(product, digits=2)}$\,/\,\lambda$ epochs")  # fmt: skip
    ax.set(xscale="log", xlabel=r"$\lambda$", ylabel="highest test accuracy [%]")
    book.ticks_at(ax, sorted(names.values()))
    ax.legend(fontsize=8.5)
    return figure


def draw_budgets(runs):
    """Panel b: accuracy against the budget, tuned and predicted."""
    from landscape import book

    _, tuned, predicted = at_budgets(runs)
    figure, ax = book.panel(height=3.1)
    _points(ax, dict(tuned.T.items()), color=book.INK, marker="D", label=r"tuned $\lambda$")
    beside = {budget * 1.03: each for budget, each in predicted.T.items()}
    _points(ax, beside, color=book.CYCLE[1], marker="s",
            label=r"$\lambda_{\mathrm{pred}} = c\,/\,T$")  # fmt: skip
    ax.set(xscale="log", xlabel="budget $T$ [epochs]", ylabel="highest test accuracy [%]")
    book.ticks_at(ax, list(tuned.index))
    ax.legend(fontsize=8.5)
    return figure


def draw_auto(runs):
    """Panel c: AutoL2 and the tuned constant during training."""
    from landscape.book import auto_l2_pictures

    frame, names = figures.load("lewkowycz-fig-S9", runs.root).read(runs)
    return auto_l2_pictures.accuracies(frame, names, (AUTO,), others=False)


def picture(runs):
    """The three panels."""
    from landscape import book

    fixed, times = by_strength(runs, FIXED), inverse(runs)
    tables = {"fixed": pd.DataFrame(accuracies(fixed)), "as 1/lambda": pd.DataFrame(times[0])}
    data = pd.concat(tables).stack()
    return book.Picture(
        panels={"a": draw_times(runs), "b": draw_budgets(runs), "c": draw_auto(runs)},
        titles={"a": "time budgets, with schedule", "b": "tuned and predicted, constant rate",
                "c": "AutoL2, constant rate"},
        alt="First panel: highest test accuracy against lambda for a fixed time and for a time "
        "proportional to one over lambda. Second: accuracy against the budget for the tuned and "
        "the predicted lambda. Third: test accuracy against epochs for AutoL2 and the tuned "
        "constant. The tables below state the numbers.",
        data=data.rename_axis(["time", "seed", "lambda"]).rename("accuracy").reset_index(),
    )  # fmt: skip


def time_table(runs):
    """Accuracies by lambda, in the fixed time and in one proportional to 1/lambda."""
    from landscape import book

    fixed, (growing_time, epochs), rows = by_strength(runs, FIXED), inverse(runs), []
    columns = accuracies(fixed), accuracies(fixed, budgets.final), growing_time
    for strength in sorted(set(columns[0]) | set(columns[2])):
        cells = [
            format_measurement(statistics.mean_interval(found[strength]).with_(n=None))
            if strength in found else "–" for found in columns
        ]  # fmt: skip
        time = format_number(epochs[strength], digits=3) if strength in epochs else "–"
        rows.append([f"{strength:g}", cells[0], cells[1], time, cells[2]])
    return book.Table(
        [r"$\lambda$", "fixed time, highest [%]", "at the end [%]", r"epochs $\propto 1/\lambda$",
         "highest [%]"], rows, stack=True, label=f"{ID}-times",
        caption="Test accuracies with the schedule, with 95 % intervals",
    )  # fmt: skip


def budget_table(runs):
    """The tuned and the predicted lambda at every budget, and what the prediction costs."""
    from landscape import book

    tuning, tuned, predicted = at_budgets(runs)
    best, guesses, rows = tuning.best_of_mean(), tuning.predicted().mean(axis=1), []
    for budget in tuning.budgets:
        cost = tuning.over_seeds(tuned.loc[budget] - predicted.loc[budget], unit="points")
        top = tuning.over_seeds(tuned.loc[budget], unit="%")
        rows.append([f"{budget:g}", f"{best[budget]:g}", f"{guesses[budget]:.2g}",
                     *(format_measurement(one.with_(n=None)) for one in (top, cost))])  # fmt: skip
    return book.Table(
        ["budget [epochs]", r"tuned $\lambda$", r"$\lambda_{\mathrm{pred}}$", "tuned, highest",
         "tuned minus predicted"], rows, stack=True, label=f"{ID}-budgets",
        caption="What the prediction costs at a constant rate, with 95 % intervals",
    )  # fmt: skip


def beyond(runs):
    """Sentence: the budgets at which the prediction costs more than the work's 0.4 points."""
    tuning, tuned, predicted = at_budgets(runs)
    costs = {budget: tuning.over_seeds(tuned.loc[budget] - predicted.loc[budget])
             for budget in tuning.budgets}  # fmt: skip
    more = [f"{budget:g}" for budget, one in costs.items() if one.has_interval and one.low > GAP]
    less = [f"{budget:g}" for budget, one in costs.items() if one.has_interval and one.high < GAP]
    return (
        f"The whole interval lies above the work's {GAP:g} points at {_listed(more)} of the "
        f"{len(costs)} budgets, and below it at {_listed(less)}. The verdict asks at the one with "
        "the largest mean, where three seeds spread most; this count was made after the runs."
    )


def _listed(budgets_):
    return f"{len(budgets_)} ({', '.join(budgets_)} epochs)" if budgets_ else "none"


def rule_with_schedule(runs):
    """Sentences: c, and the rule with the schedule in print and here."""
    fixed = frame, _ = by_strength(runs, FIXED)
    ends, c = frame[budgets.EPOCH].max(), coefficient(runs)
    best = best_of(accuracies(fixed))
    return (
        f"In print $c/(0.3\\,T)$ is {PRINTED_C / (DROP * PRINTED_T):.2g} at {PRINTED_T} epochs, a "
        f"fifth of the tuned 0.0005. Here $c$ is {c:.2g} epochs, so that the rule gives "
        f"{c / (DROP * ends):.2g} at {ends:g} epochs, where {best:g} was best of the grid."
    )
