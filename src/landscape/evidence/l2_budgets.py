"""Which L2 coefficient is best within a budget of epochs, and which one c / T predicts.

At a constant learning rate one run to the longest budget holds the runs of all shorter ones: the
best test accuracy within T epochs is the highest of the looks up to T ("the maximum performance
during training", Lewkowycz & Gur-Ari 2020, SM A). The prediction for a budget T is lambda = c / T,
where c = t_* lambda comes from a short run with a large lambda (section 3 there;
``landscape.optim.predicted_l2`` has it for one's own runs, this module for tables of many).

A page does ``tuning = read(runs)``, or ``tune(constants, probe, budgets)`` with tables of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from landscape.evidence import l2_times, statistics
from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.runs import Runs

#: The runs of figure 4 and of what is read from them, and the method that both have.
CONSTANTS, PROBE = "lewkowycz-fig-4-constants", "lewkowycz-fig-4-probe"
METHOD = "constant_l2"
#: The first epochs of figure 4's runs, from a card that was there for minutes.
BEGINNINGS = ("lewkowycz-fig-4-shortest", "lewkowycz-fig-4-short")
#: The work's budgets in epochs (SM A).
WORK = (50, 100, 250, 500, 1000, 1500, 2000)
TIME, STRENGTH = "effective_epoch", "l2"
#: "within 0.1 % of the optimal test accuracy": the bars of figure 4b, in points.
BARS = 0.1


def halved(longest: float, most: int = 6, shortest: float = 1.0) -> tuple[float, ...]:
    """Budgets in rising order: the longest, its half, and so on, none below the shortest."""
    found = [longest / 2**k for k in range(most)]
    return tuple(budget for budget in reversed(found) if budget >= shortest)


def probed(frame: pd.DataFrame, within: float = 0.0) -> pd.Series:
    """c = t_* lambda of every seed, in epochs times lambda, from the run with one large lambda.

    Args:
        frame: Its table, with the columns ``l2``, ``seed``, ``effective_epoch``, ``test_error``.
        within: Points of accuracy below the maximum at which it counts as reached; 0 for the peak
            itself, as figure 4a has it.

    Raises:
        ValueError: The table has several coefficients.
    """
    if frame[STRENGTH].nunique() != 1:
        raise ValueError("a probe has one L2 coefficient; pick one")
    times = l2_times.peak_times(frame, [STRENGTH], within, time=TIME).set_index("seed")
    return (times["t_star"] * times[STRENGTH])[times["t_star"] > 0].sort_index()


@dataclass(frozen=True)
class Tuning:
    """Highest accuracies by budget and coefficient, beside the predictions.

    Attributes:
        maxima: Index (budget, l2), rising; one column a seed; percent. Seeds that diverged or never
            rose for some coefficient are left out.
        c: t_* lambda of the probe by seed.
        left_out: Names of those seeds.
    """

    maxima: pd.DataFrame
    c: pd.Series
    left_out: tuple[str, ...] = ()

    @property
    def budgets(self) -> list[float]:
        """The budgets, rising."""
        return sorted(self.maxima.index.get_level_values(0).unique())

    @property
    def strengths(self) -> np.ndarray:
        """The grid of coefficients, rising."""
        return np.array(sorted(self.maxima.index.get_level_values(1).unique()))

    def best(self) -> pd.DataFrame:
        """The coefficient of the highest accuracy, budgets by seeds; of equal ones the largest."""
        return self._each(lambda table: table[::-1].idxmax())

    def best_of_mean(self) -> pd.Series:
        """The same by the mean over seeds, one a budget."""
        return self._each(lambda table: table[::-1].mean(axis=1).idxmax())

    def tuned(self) -> pd.DataFrame:
        """Accuracy at the coefficient with the best mean, budgets by seeds, percent."""
        best = self.best_of_mean()
        rows = {budget: self.maxima.loc[(budget, best[budget])] for budget in best.index}
        return pd.DataFrame(rows).T

    def mean_bars(self, margin: float = BARS) -> pd.DataFrame:
        """Smallest and largest coefficient (``low``, ``high``) that close to the best mean."""
        return self._each(lambda table: _ends(table.mean(axis=1), margin))

    def alike(self) -> dict[float, np.ndarray]:
        """By budget, the coefficients that the seeds cannot tell from the one with the best mean.

        Those whose accuracy, paired by seed, is not below the best one's by the whole 95 %
        interval. With a single seed nothing can be told apart.
        """
        return {budget: self._alike(self.maxima.loc[budget]) for budget in self.budgets}

    def _alike(self, table: pd.DataFrame) -> np.ndarray:
        top = table.loc[table[::-1].mean(axis=1).idxmax()]
        kept = []
        for strength, row in table.iterrows():
            gap = statistics.paired_difference(row, top)
            if not gap.has_interval or gap.high >= 0:
                kept.append(strength)
        return np.array(kept)

    def reach(self, margin: float = 1.0) -> pd.DataFrame:
        """The largest coefficient within so many points of the best, budgets by seeds."""
        return self._each(lambda table: table.apply(lambda row: _ends(row, margin)["high"]))

    def knee(self, points: float = 3.0) -> pd.DataFrame:
        """Where L2 begins to cost: budgets by seeds.

        The coefficient at which the accuracy falls so many points below that of the smallest one,
        for good as the coefficient grows, between two neighbours in log lambda; NaN where the
        largest coefficient does not lose as much.
        """
        return self._each(lambda table: table.apply(_falls, points=points))

    def reached(self, longest: float, factor: float = 2.0) -> np.ndarray:
        """The coefficients whose peak at ``factor`` c / lambda lies within a run so long.

        c is the geometric mean over the seeds.
        """
        c = np.exp(np.log(self.c).mean())
        return self.strengths[factor * c / self.strengths <= longest]

    def long(self) -> list[float]:
        """The longer half of the budgets; one in the middle is long."""
        return self.budgets[len(self.budgets) // 2 :]

    def predicted(self, factor: float = 1.0) -> pd.DataFrame:
        """``factor`` c / T, budgets by seeds."""
        return pd.DataFrame(
            {seed: [factor * c / budget for budget in self.budgets] for seed, c in self.c.items()},
            index=self.budgets,
        )

    def distance(self, factor: float = 1.0) -> pd.DataFrame:
        """Orders of magnitude between the prediction and the best, budgets by seeds."""
        return np.log10(self.best() / self.predicted(factor)).abs()

    def distance_to_alike(self) -> pd.DataFrame:
        """The same to the nearest of the coefficients that cannot be told from the best."""
        wanted = self.predicted()
        rows = {
            budget: [np.abs(np.log10(kept / c)).min() for c in wanted.loc[budget]]
            for budget, kept in self.alike().items()
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=wanted.columns)

    def accuracy(self, factor: float = 1.0) -> pd.DataFrame:
        """Accuracy at the prediction, budgets by seeds, percent.

        Interpolated between its neighbours in log lambda; beyond the grid that of its end.
        """
        wanted, at = np.log(self.predicted(factor)), np.log(self.strengths)
        return self._each(
            lambda table: pd.Series({
                seed: np.interp(wanted.loc[table.name, seed], at, table[seed])
                for seed in table.columns
            })
        )  # fmt: skip

    def price(self, factor: float = 1.0) -> pd.DataFrame:
        """Points that the prediction loses to the grid's best, budgets by seeds; at least 0."""
        return self._each(lambda table: table.max()) - self.accuracy(factor)

    def slope(self, table: pd.DataFrame) -> Measurement:
        """Exponent of the budget in coefficients (budgets by seeds), one fit a seed.

        Budgets at which some seed has none are left out.
        """
        table = table.dropna()
        if len(table) < 2:
            return not_run("a slope needs two budgets")
        fits = np.polyfit(np.log(table.index.to_numpy(float)), np.log(table.to_numpy(float)), 1)
        return self.over_seeds(pd.Series(fits[0], index=table.columns))

    def over_seeds(self, values: pd.Series, **fields: object) -> Measurement:
        """Mean over the seeds with its interval."""
        return statistics.mean_interval(values, diverged=self.left_out, **fields)

    def _each(self, function) -> pd.DataFrame | pd.Series:
        found = {}
        for budget in self.budgets:
            table = self.maxima.loc[budget]
            table.name = budget
            found[budget] = function(table)
        one = next(iter(found.values()))
        return pd.DataFrame(found).T if isinstance(one, pd.Series) else pd.Series(found)


def tune(
    constants: pd.DataFrame | None, probe: pd.DataFrame | None, budgets: Sequence[float]
) -> Tuning | Measurement:
    """Both tables as one ``Tuning``.

    Args:
        constants: Runs with every coefficient, to the longest budget at least.
        probe: Runs with one large coefficient and the same seeds.
        budgets: In epochs.

    Returns:
        The tuning over the seeds that both have; "not run" where none is left.

    Raises:
        ValueError: A run ends before the longest budget.
    """
    if constants is None or probe is None:
        return not_run("no runs")
    rows = []
    for budget in sorted(budgets):
        found = l2_times.best_accuracies(constants, [STRENGTH], budget, time=TIME)
        if (found["ended"] & found["best_accuracy"].notna()).any():
            raise ValueError(f"a run ended before the budget of {budget:g} epochs")
        rows.append(found.assign(budget=budget))
    maxima = pd.concat(rows).set_index(["budget", STRENGTH, "seed"])["best_accuracy"]
    maxima = maxima.sort_index().unstack("seed")
    c = probed(probe)
    kept = [seed for seed in maxima.columns if maxima[seed].notna().all() and seed in c.index]
    left = tuple(f"seed {seed}" for seed in maxima.columns if seed not in kept)
    if not kept:
        return not_run("no seed ended with every coefficient")
    return Tuning(maxima[kept], c[kept], left)


def read(runs: Runs) -> Tuning | Measurement:
    """The tuning of figure 4's runs: the work's budgets where they are as long, else halves."""
    constants, probe = runs.frame(CONSTANTS), runs.frame(PROBE)
    if constants is None or probe is None:
        return not_run("no runs")
    epochs = runs.parameters(CONSTANTS, METHOD)["run"]["epochs"]
    return tune(constants, probe, WORK if epochs >= WORK[-1] else halved(epochs))


def beginnings(runs: Runs) -> list[Tuning]:
    """The tunings of figure 4's first epochs with three budgets each, the shortest first.

    Those without a record, or whose seeds have no probe, are left out.
    """
    found = []
    for name in BEGINNINGS:
        frame, probe = runs.frame(name), runs.frame(PROBE)
        if frame is not None and probe is not None:
            found.append(tune(frame, probe, halved(frame[TIME].max(), most=3)))
    return [tuning for tuning in found if isinstance(tuning, Tuning)]


def factor_of(distance: float) -> str:
    """A distance in orders of magnitude as a factor, two digits: 2.15 is "140"."""
    return f"{float(f'{10**distance:.2g}'):g}"


def times_off(distance: Measurement) -> str:
    """The same with its interval where it has one: "140 times (1 to 18000)"."""
    ends = (factor_of(end) for end in (distance.low, distance.high))
    between = f" ({' to '.join(ends)})" if distance.has_interval else ""
    return f"{factor_of(distance.value)} times{between}"


def _falls(row: pd.Series, points: float) -> float:
    lost = row.iloc[0] - row.to_numpy() - points
    behind = np.logical_and.accumulate((lost >= 0)[::-1])[::-1]
    if not behind.any():
        return np.nan
    # Never the first: it loses nothing against itself.
    at = int(np.argmax(behind))
    part = -lost[at - 1] / (lost[at] - lost[at - 1])
    low, high = np.log(row.index[at - 1]), np.log(row.index[at])
    return float(np.exp(low + part * (high - low)))


def _ends(row: pd.Series, margin: float) -> pd.Series:
    near = row.index[row >= row.max() - margin - 1e-9]
    return pd.Series({"low": near.min(), "high": near.max()})
