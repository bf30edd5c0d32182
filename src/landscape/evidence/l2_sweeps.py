"""What a sweep over eta and lambda says: exponents, accuracies over lambda and rate, budgets.

For the figures of Lewkowycz & Gur-Ari (2020) whose form is that of figure 2. ``found`` are the rows
of ``landscape.evidence.l2_times.peak_times`` by ``lr`` and ``l2``; every number has an interval
over seeds, which are paired. Accuracies are in percent, their differences in points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence import l2_times, statistics
from landscape.evidence.measurement import Measurement, not_run

#: Points below the best without L2 from which on a lambda is said to cost accuracy.
COST = 2.0


def whole(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of runs that reached their horizon: those that were cut before have no t_*.

    The horizon is the usual product of steps, rate and lambda. Runs without L2 have none and are
    kept, as are those that diverged. Source: supplement A, where runs above 4,000 epochs are left
    out.
    """
    last = frame.groupby(["lr", "l2", "seed"])["step"].transform("max")
    rate = frame["lr"] * frame["l2"]
    lost = frame.groupby(["lr", "l2", "seed"])["diverged"].transform("max") > 0
    usual = (last * rate)[(rate > 0) & ~lost].median()
    # One step of grace: horizons are whole steps.
    return frame[((last + 1) * rate >= 0.9 * usual) | (rate == 0) | lost]


def slope(found: pd.DataFrame) -> Measurement:
    """Exponent of t_* against lambda, mean over the rates with three or more lambdas."""
    fits, points = [], 0
    for _, rows in found.groupby("lr"):
        law = l2_times.power_law(rows, ["l2"])
        if law is not None:
            fits.append(law.by_seed["l2"])
            points += law.points
    if not fits:
        return not_run("no rate has three lambdas whose runs peaked")
    seeds = pd.concat(fits, axis=1).dropna().mean(axis=1)
    return statistics.mean_interval(seeds, note=f"settings: {points}, rates: {len(fits)}")


def exponent(found: pd.DataFrame, few: str, left_out: str) -> Measurement:
    """Exponent of a time against lambda, every seed with its own fit.

    Args:
        found: Rows of ``peak_times`` or ``least_losses``, of one learning rate.
        few: Which coefficients are fewer than three where there is no fit.
        left_out: Why coefficients are left out of a fit.
    """
    law = l2_times.power_law(found, ["l2"])
    if law is None:
        return not_run(f"fewer than three coefficients {few}")
    note = f"{law.points} coefficients"
    if law.left_out:
        note += f"; {law.left_out} left out, {left_out}"
    return law.exponents["l2"].with_(note=note)


def difference(found: pd.DataFrame) -> Measurement:
    """a - b of t_* ~ eta^-a lambda^-b."""
    law = l2_times.power_law(found)
    if law is None:
        return not_run("fewer than four settings whose runs peaked")
    return statistics.mean_interval(law.by_seed["l2"] - law.by_seed["lr"])


def share(found: pd.DataFrame) -> Measurement:
    """What c'/(eta lambda) explains of the variance of log t_*."""
    folded = l2_times.collapse(found)
    return not_run("fewer than two settings whose runs peaked") if folded is None else folded.share


def apart_at_equal_lambda(found: pd.DataFrame) -> Measurement:
    """Spread of log(t_* eta) between rates at equal lambda: zero where t_* is any g(lambda)/eta."""
    peaks = found[(found["l2"] > 0) & (found["t_star"] > 0) & ~found["censored"].astype(bool)]
    flow = np.log(peaks["t_star"] * peaks["lr"])
    table = peaks.assign(log=flow).set_index(["lr", "l2", "seed"])["log"].unstack("seed").dropna()
    by = table.groupby("l2")
    freedom = len(table) - by.ngroups
    if not freedom:
        return not_run("no lambda at two rates")
    rest = ((table - by.transform("mean")) ** 2).sum() / freedom
    return statistics.mean_interval(np.sqrt(rest))


def accuracies(found: pd.DataFrame) -> pd.DataFrame:
    """Largest accuracies, rows (lr, l2), a column a seed; settings with all seeds only."""
    return found.set_index(["lr", "l2", "seed"])["best_accuracy"].unstack("seed").dropna()


def falls(found: pd.DataFrame) -> Measurement:
    """How far the smallest lambda is below the best, mean over rates, in points."""
    lost = []
    for _, rows in accuracies(found).groupby("lr"):
        rows = rows.droplevel("lr")
        rows = rows[rows.index > 0]
        if len(rows) > 1:
            lost.append(rows.loc[rows.mean(axis=1).idxmax()] - rows.loc[rows.index.min()])
    if not lost:
        return not_run("no rate has two lambdas")
    return statistics.mean_interval(pd.concat(lost, axis=1).mean(axis=1), unit="points")


def between_rates(found: pd.DataFrame) -> Measurement:
    """Largest minus smallest accuracy over rates, mean over the lambdas that all of them have."""
    table = accuracies(found)
    table = table[table.index.get_level_values("l2") > 0]
    rates = table.index.get_level_values("lr").nunique()
    by = table.groupby("l2")
    shared = by.size()[by.size() == rates].index
    if rates < 2 or not len(shared):
        return not_run("no lambda was trained to its horizon at every rate")
    gaps = (by.max() - by.min()).loc[shared].mean()
    return statistics.mean_interval(gaps, unit="points", note=f"lambdas: {len(shared)}")


def gain(found: pd.DataFrame, best: bool = False) -> Measurement:
    """Accuracy at the smallest (or best) lambda minus that without L2, same rate, in points."""
    table = accuracies(found)
    both = [lr for lr, rows in table.groupby("lr") if 0.0 in rows.droplevel("lr").index]
    some = table[(table.index.get_level_values("l2") > 0)
                 & table.index.get_level_values("lr").isin(both)]  # fmt: skip
    if some.empty:
        return not_run("no rate was run with and without L2")
    chosen = [some.mean(axis=1).idxmax()]
    if not best:
        small = some.index.get_level_values("l2").min()
        chosen = [key for key in some.index if key[1] == small]
    gaps = pd.concat([table.loc[key] - table.loc[(key[0], 0.0)] for key in chosen], axis=1)
    return statistics.mean_interval(
        gaps.mean(axis=1), unit="points",
        note=f"lambda = {chosen[0][1]:.3g}, eta = {', '.join(f'{key[0]:.3g}' for key in chosen)}",
    )  # fmt: skip


def costly(found: pd.DataFrame) -> pd.Series:
    """Whether the runs' setting is more than ``COST`` points below the best without L2."""
    means = found.groupby(["lr", "l2"])["best_accuracy"].transform("mean")
    none = means[found["l2"] == 0].max()
    return (means < none - COST) & (found["l2"] > 0)


def shortened(
    frame: pd.DataFrame, by: Sequence[str] = ("lr", "l2"), share: float = 0.5
) -> Measurement:
    """t_* if every run had ended after a share of its steps, over its t_*.

    It is one where the accuracy peaks and falls, and ``share`` where the largest of many noisy
    looks can be anywhere: then t_* goes as the length of a run, and so as 1/lambda, whatever the
    network does. A peak in the part that is cut off makes it smaller than one, too.

    Args:
        frame: The sweep's table, of runs that reached their horizon.
        by: The columns that tell its configurations apart.
        share: Of the steps of each run with L2.

    Returns:
        The ratio, geometric mean over configurations, with its interval over seeds.
    """
    key = [*by, "seed"]
    frame = frame[frame["l2"] > 0]
    last = frame.groupby(key)["step"].transform("max")
    times = [
        l2_times.peak_times(rows, by).set_index(key)["t_star"]
        for rows in (frame[frame["step"] <= share * last * (1 + 1e-9)], frame)
    ]
    logs = np.log((times[0] / times[1]).where((times[0] > 0) & (times[1] > 0)))
    seeds = np.exp(logs.unstack("seed").dropna().mean(axis=0))
    return statistics.ratio_of_means(seeds, np.ones(len(seeds)))


def power(of: str, exponent: Measurement) -> str:
    """``$of^{value}$ (low to high)``, for sentences."""
    ends = f" ({exponent.low:.2f} to {exponent.high:.2f})" if exponent.has_interval else ""
    return f"${of}^{{{exponent.value:.2f}}}${ends}"


def accuracies_until(frame: pd.DataFrame, until: float) -> pd.DataFrame:
    """Largest accuracies up to a step, rows lambda, a column a seed; lambdas with all seeds only.

    Args:
        frame: The sweep's table, of one learning rate.
        until: Steps; infinity for whole runs.
    """
    rows = l2_times.best_accuracies(frame, ["l2"], until)
    return rows.set_index(["l2", "seed"])["best_accuracy"].unstack("seed").dropna()


def lack(table: pd.DataFrame) -> pd.Series:
    """Accuracy at the lambda with the best mean minus that at the smallest, one number a seed."""
    return table.loc[table.mean(axis=1).idxmax()] - table.loc[table.index.min()]


def budget_rate(found: pd.DataFrame, near: float) -> float:
    """The rate with most lambdas; of several the nearest to ``near``."""
    counts = found.groupby("lr")["l2"].nunique()
    full = counts[counts == counts.max()].index
    return min(full, key=lambda lr: abs(np.log(lr / near)))


def budget_loss(
    frame: pd.DataFrame, found: pd.DataFrame, budget: float, rate: float
) -> Measurement:
    """Accuracy within a budget at the best lambda minus that at the smallest non-zero one.

    Args:
        frame: The sweep's table.
        found: Its peaks.
        budget: Steps.
        rate: The learning rate.
    """
    frame = frame[(frame["lr"] == rate) & (frame["l2"] > 0)]
    rows = l2_times.within_budget(frame, ["lr", "l2"], budget, found)
    table = rows.set_index(["l2", "seed"])["best_accuracy"].unstack("seed").dropna()
    if len(table) < 2:
        return not_run("fewer than two lambdas")
    best = table.mean(axis=1).idxmax()
    return statistics.mean_interval(
        table.loc[best] - table.loc[table.index.min()], unit="points",
        note=f"best at lambda = {best:.3g}, smallest {table.index.min():.3g}, eta = {rate:.3g}",
    )  # fmt: skip
