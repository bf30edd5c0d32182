"""The coefficient that one short run predicts, against all that were tried (ours: a small network).

The rules were fixed before the runs. The probe is the largest coefficient; c is the time of its
first highest test accuracy times that coefficient, geometric mean over seeds; lambda = c / T is
taken to the nearest coefficient that was tried. The tuned one has the highest mean accuracy among
all but the probe, the accuracy being the best up to T, and what a seed loses by the prediction is
the difference to it in the same seed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from landscape.evidence import l2_races, l2_times, statistics, words
from landscape.evidence.measurement import Measurement, format_measurement, format_number

RUNS = "predict-your-l2"
PAGE = Path(__file__).with_name("page.md")
#: Budgets as parts of the longest.
BUDGETS = (0.03, 0.1, 0.3, 1.0)
TUNED_WITHIN = 0.1  # points, as in the work's figure 4b


@dataclass(frozen=True)
class Budget:
    """What a budget of T epochs gives.

    Attributes:
        epochs: T.
        predicted: c / T, with the interval of c.
        tried: The coefficient that was tried and is nearest to it.
        tuned: The best of those tried.
        low: The smallest within a tenth of a point of it.
        high: The largest.
        best: Mean accuracy of the tuned one, percent.
        loss: Accuracy of the tuned one minus that of the predicted one, points, paired by seed.
        least: The same for the smallest coefficient tried, which needs no prediction.
    """

    epochs: int
    predicted: Measurement
    tried: float
    tuned: float
    low: float
    high: float
    best: float
    loss: Measurement
    least: Measurement


def frame_of(runs):
    """The sweep's table; one pass over the samples a step, so that steps are epochs."""
    return runs.frame(RUNS)


def probe_of(frame):
    """The largest coefficient."""
    return float(frame["l2"].max())


def coefficient(frame, within=0.0):
    """c = t_* lambda of the probe in epochs, geometric mean over seeds with its interval."""
    rows = frame[frame["l2"] == probe_of(frame)]
    times = l2_times.peak_times(rows, ["l2"], within=within)
    return l2_times.mean_peak_time(times, probe_of(frame))


def by_coefficient(frame, within=0.0):
    """t_* lambda of every coefficient, for the question whether c is a constant."""
    times = l2_times.peak_times(frame, ["l2"], within=within)
    return {float(l2): l2_times.mean_peak_time(rows, float(l2))
            for l2, rows in times.groupby("l2")}  # fmt: skip


def budgets_of(frame):
    """The budgets in epochs."""
    longest = int(frame["step"].max())
    return [max(1, round(part * longest)) for part in BUDGETS]


def until(frame, epochs):
    """Best accuracies up to a budget, percent, [seed, coefficient], without the probe."""
    tried = frame[frame["l2"] < probe_of(frame)]
    best = l2_times.best_accuracies(tried, ["l2"], epochs)
    return best.pivot_table(index="seed", columns="l2", values="best_accuracy")


def found(runs):
    """c and what every budget gives."""
    frame = frame_of(runs)
    c = coefficient(frame)
    rows = []
    for epochs in budgets_of(frame):
        table = until(frame, epochs)
        means = table.mean()
        tried = np.array(table.columns, dtype=float)
        ends = (None if v is None else v / epochs for v in (c.value, c.low, c.high))
        strength = Measurement(*ends, n=c.n)
        at = float(tried[np.argmin(np.abs(np.log(tried / strength.value)))])
        tuned = float(means.idxmax())
        near = tried[(means >= means.max() - TUNED_WITHIN - 1e-9).to_numpy()]
        loss, least = (statistics.mean_interval(table[tuned] - table[other], unit="points")
                       for other in (at, tried.min()))  # fmt: skip
        rows.append(Budget(epochs, strength, at, tuned, float(near.min()), float(near.max()),
                           float(means.max()), loss, least))  # fmt: skip
    return c, rows


def factor(budget):
    """How many times larger than the tuned coefficient the predicted one is, or smaller."""
    ratio = budget.predicted.value / budget.tuned
    return max(ratio, 1 / ratio), ratio > 1


def answer(runs):
    """How good the prediction is for the longest budget, and how bad for the shorter ones."""
    _, rows = found(runs)
    *shorter, last = rows
    off = [factor(one) for one in shorter[::-1]]
    way = {True: " too large", False: " too small"}.get(off[0][1]) if (
        len({larger for _, larger in off}) == 1) else " off"  # fmt: skip
    times = f"is {format_number(factor(last)[0], 1)} times off"
    costs = []
    for lost in (one.loss for one in shorter[::-1]):
        digits = 0 if lost.value >= 3 else 1
        costs.append(format_number(lost.value, digits) + l2_races.ends(lost, digits))
    best = "finds" if last.tried == last.tuned else times
    return (
        f"On a small network one short run {best} the best $\\lambda$ tried for {last.epochs:,} "
        f"epochs, where the smallest loses {format_number(last.least.value, 1)} points; for "
        f"{words.listed(f'{one.epochs}' for one in shorter[::-1])} epochs its answer is "
        f"{words.listed(format_number(far, digits=2) for far, _ in off)} times{way} and costs "
        f"{words.listed(costs)} points."
    )


def needed(frame):
    """Epochs until the best accuracy with the smallest coefficient, where the penalty is idle."""
    least = float(frame["l2"].min())
    times = l2_times.peak_times(frame[frame["l2"] == least], ["l2"], within=l2_times.WITHIN)
    return float(np.exp(np.log(times["t_star"]).mean()))


def draw_accuracies(runs):
    """Best accuracy against the coefficient, a curve a budget, with the predicted one."""
    from landscape import book

    frame = frame_of(runs)
    _, rows = found(runs)
    figure, ax = book.panel(height=3.1)
    for one, color in zip(rows, book.CYCLE, strict=False):
        means = until(frame, one.epochs).mean()
        ax.plot(means.index, means, "o-", color=color, markersize=3.5, label=f"$T = {one.epochs}$")
        ax.plot(one.tried, means[one.tried], "s", color=color, markersize=9, fillstyle="none")
    ax.set(xscale="log", xlabel=r"$\lambda$", ylabel="best test accuracy (%)")
    ax.legend(loc="lower center", fontsize=9)
    return figure


def draw_coefficients(runs):
    """The predicted coefficients and the tuned ones against the budget."""
    from landscape import book

    _, rows = found(runs)
    figure, ax = book.panel(height=3.1)
    epochs = np.array([one.epochs for one in rows], dtype=float)
    values, low, high = (np.array([getattr(one.predicted, name) for one in rows], dtype=float)
                         for name in ("value", "low", "high"))  # fmt: skip
    ax.fill_between(epochs, low, high, color=book.CYCLE[0], alpha=0.25, linewidth=0)
    ax.plot(epochs, values, color=book.CYCLE[0], label="predicted, $c/T$")
    tuned = np.array([one.tuned for one in rows])
    bars = np.array([[one.tuned - one.low, one.high - one.tuned] for one in rows]).T
    ax.errorbar(epochs, tuned, yerr=bars, fmt="o", color=book.CYCLE[1], capsize=4, label="tuned")
    ax.set(xscale="log", yscale="log", xlabel="budget $T$ (epochs)", ylabel=r"$\lambda$")
    ax.legend(loc="upper right", fontsize=9)
    return figure


def picture(runs):
    """Both panels with their data."""
    from landscape import book

    frame = frame_of(runs)
    _, rows = found(runs)
    curves = pd.concat([until(frame, one.epochs).mean().rename("accuracy").reset_index()
                        .assign(budget=one.epochs) for one in rows], ignore_index=True)  # fmt: skip
    points = pd.DataFrame([{"budget": one.epochs, "predicted": one.predicted.value,
                            "tuned": one.tuned, "low": one.low, "high": one.high}
                           for one in rows])  # fmt: skip
    return book.Picture(
        {"a": draw_accuracies(runs), "b": draw_coefficients(runs)},
        titles={"a": "all that were tried", "b": "predicted and tuned"},
        alt="Left, best test accuracy against the coefficient for four budgets: the curves are "
        "level at small coefficients and fall at large ones; squares mark the predictions, low on "
        "the fall for the shortest budget, on the level part for the longest. Right, predicted "
        "and tuned coefficients against the budget; the predicted line falls onto the tuned ones.",
        data={"accuracies": curves, "coefficients": points},
    )  # fmt: skip


def table(runs):
    """One row a budget."""
    from landscape import book

    _, rows = found(runs)
    return book.Table(
        ["budget", "predicted", "tried there", "tuned (within a tenth of a point)",
         "accuracy, tuned", "lost by the prediction", "lost by the smallest tried"],
        [[f"{one.epochs:,}", f"{one.predicted.value:.1e}", f"{one.tried:.1e}",
          f"{one.tuned:.1e} ({one.low:.1e} to {one.high:.1e})", f"{one.best:.1f} %",
          *(format_measurement(lost.with_(n=None)) for lost in (one.loss, one.least))]
         for one in rows],
        caption="Predicted against tuned, mean over seeds; differences paired by seed with their "
        "95 % interval", label="predicted-and-tuned", stack=True,
    )  # fmt: skip


def reading(runs):
    """How far c is from a constant on this network, and where it ceases to be one."""
    frame = frame_of(runs)
    _, rows = found(runs)
    each = {l2: one.value for l2, one in by_coefficient(frame).items() if one.value is not None}
    tuned = rows[-1].tuned
    above = [value for l2, value in each.items() if l2 >= tuned]
    least = min(each)
    return (
        f"From the probe, $\\lambda = {probe_of(frame):g}$, down to the best coefficient of the "
        f"longest budget, {tuned:.1e}, $t_*\\lambda$ stays between "
        f"{format_number(min(above), digits=2)} and {format_number(max(above), digits=2)} epochs: "
        f"one number, within a factor of {max(above) / min(above):.1f}. At {least:.1e} it has "
        f"fallen to {format_number(each[least], digits=2)}, because the peak comes when the "
        f"network is trained, after about {float(f'{needed(frame):.2g}'):.0f} epochs, whatever "
        "$\\lambda$ is. Budgets shorter than that are what the rule is not made for."
    )


def crossing(runs):
    """Whether the tuned coefficient falls with the budget as the prediction does."""
    _, (first, *_, last) = found(runs)
    fold = first.predicted.value / last.predicted.value
    level = "" if first.tuned > 2 * last.tuned else " does not fall with it: it"
    chance = " That the two meet at the longest budget may be chance." if level else ""
    return (
        f"From {first.epochs:,} to {last.epochs:,} epochs the prediction falls by a factor of "
        f"{format_number(fold, 0)}; the tuned coefficient{level} goes from {first.tuned:.1e} to "
        f"{last.tuned:.1e}.{chance}"
    )


def interval(runs):
    """The measured c with both tolerances."""
    frame = frame_of(runs)
    first, loose = (coefficient(frame, within).with_(unit="epochs", n=None)
                    for within in (0.0, l2_times.WITHIN))  # fmt: skip
    also = f", and {format_measurement(loose)}" if loose != first else ", and the same"
    return (
        f"Three seeds of the probe give $c$ = {format_measurement(first)} by the first "
        f"maximum{also} by the first time within half a point of it."
    ).replace("Three", {2: "Two", 3: "Three", 5: "Five"}.get(frame["seed"].nunique(), "The"))


def bias(runs):
    """What the comparison favours, in one sentence."""
    frame = frame_of(runs)
    tries, seeds = frame["l2"].nunique() - 1, frame["seed"].nunique()
    return (
        f"The tuned coefficient is the best of {tries} means of {seeds} seeds on the test images "
        "themselves, so part of its lead is luck; the prediction has looked at one coefficient."
    )


def probe_picture():
    """The program's short run, and long ones with what it predicts, with the data."""
    from landscape.book import own_model

    return own_model.picture(PAGE)


def says():
    """What the program found, and what that is worth in long runs."""
    from landscape.book import own_model

    return own_model.sentence(PAGE)
