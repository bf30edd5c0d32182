"""The runs that say whether lambda = c / T carries over, by case: what the rules are asked of.

A case is an optimizer at a constant rate, or SGD with a schedule; ``carry_over`` has the rules.
Tables are those of ``landscape.experiments.l2_carry_over``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from landscape.evidence import carry_over as rules
from landscape.evidence import l2_times
from landscape.evidence.carry_over import Budget
from landscape.evidence.measurement import Measurement
from landscape.evidence.runs import Runs

NAME = "does-the-rule-carry-over"
#: Tried after the other runs had been seen: it is shown and has no part in the answer.
SLOWER = "does-the-rule-carry-over-slower"
CONSTANT = {"sgd": "SGD", "entropy_sgd": "Entropy-SGD", "parle": "Parle", "adamw": "AdamW",
            "adam": "Adam, L2 in the gradient"}  # fmt: skip
SCHEDULES = {"sgd_steps": "SGD, steps", "sgd_cosine": "SGD, cosine"}
NAMES = CONSTANT | SCHEDULES
SHOWN = {"sgd": "SGD", "entropy_sgd": "Entropy-SGD", "entropy_sgd_slower": "Entropy-SGD, slower",
         **NAMES}  # fmt: skip
#: The prediction that answers: the work's own where it has one.
MAIN = {"sgd_steps": "first_drop", "sgd_cosine": "budget"}


def read(runs: Runs, case: str, name: str = "results") -> pd.DataFrame:
    """A table of a case; the slower one has an experiment of its own."""
    if case.endswith("_slower"):
        return runs.table(SLOWER, case.removesuffix("_slower"), name)
    return runs.table(NAME, case, name)


def part(runs: Runs, case: str, name: str = "grid") -> pd.DataFrame:
    """Rows of one part of a case."""
    rows = read(runs, case)
    return rows[rows["part"] == name]


def expected(runs: Runs, case: str, rule: str | None = None) -> pd.DataFrame:
    """The predictions of a case by one rule, by default the one that answers."""
    found = read(runs, case, "predictions")
    return found[found["rule"] == (rule or MAIN.get(case, "budget"))]


def budgets_of(runs: Runs, case: str) -> list[int]:
    """Budgets of gradients, in order."""
    return sorted(part(runs, case, "predicted")["budget"].unique())


def compare(runs: Runs, case: str, rule: str | None = None) -> list[Budget]:
    """Tuned against predicted at every budget of a case."""
    grid, trained, predictions = (part(runs, case), part(runs, case, "predicted"),
                                  expected(runs, case, rule))  # fmt: skip
    found = []
    for budget in budgets_of(runs, case):
        own = grid[grid["budget"] == budget] if case in SCHEDULES else grid
        of = [rows[rows["budget"] == budget] for rows in (trained, predictions)]
        found.append(rules.compared(own, *of, budget))
    return found


def c_of(runs: Runs, case: str) -> Measurement:
    """c of the short runs, in gradients."""
    return rules.shared_c(expected(runs, case, "budget"))


def law_rows(runs: Runs, case: str) -> pd.DataFrame:
    """Rows that the exponent is fitted over: those of the longest budget."""
    grid = part(runs, case)
    return rules.fitted(grid[grid["budget"] == grid["budget"].max()])


def times(runs: Runs, case: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """t_* of a case's runs with a constant rate: of the grid and at other rates."""
    rows = read(runs, case)
    rows = rows[rows["part"].isin(("grid", "rates"))]
    return rows, l2_times.peak_times(rows, ["rate", "l2"])


def product_rows(runs: Runs, case: str) -> pd.DataFrame:
    """Rows for the exponents in rate and strength: fitted strengths at every rate."""
    rows = times(runs, case)[0]
    return pd.concat([rules.fitted(of) for _, of in rows.groupby("rate")])


def product(runs: Runs, case: str) -> l2_times.PowerLaw | None:
    """Exponents of t_* in rate and strength; None where there are too few."""
    rows = product_rows(runs, case)
    if rows.empty or rows["rate"].nunique() < 2:
        return None
    return l2_times.power_law(l2_times.peak_times(rows, ["rate", "l2"]), ["rate", "l2"],
                              censored=True)  # fmt: skip


def clock_rows(runs: Runs, case: str) -> pd.DataFrame:
    """Runs with a schedule whose peaks the sum of the rates puts within the run."""
    grid, c = part(runs, case), c_of(runs, case)
    if not c.finite:
        return grid.iloc[:0]
    kept = []
    for _, of in grid.groupby("budget"):
        end = of["clock"].max()
        kept += [one for l2, one in of.groupby("l2") if l2 > 0 and c.value / l2 <= end
                 and not one["diverged"].any()]  # fmt: skip
    return pd.concat(kept) if kept else grid.iloc[:0]


def at_budget(runs: Runs, budget: int) -> tuple[dict[str, pd.Series], dict[str, float]]:
    """Mean best accuracy within a budget by strength, and the prediction, by case."""
    means, predictions = {}, {}
    for case in ("sgd", *SCHEDULES):
        grid = part(runs, case)
        grid = grid[grid["budget"] == budget] if case in SCHEDULES else grid
        means[case] = rules.accuracies(grid, budget).mean(axis=1)
        own = expected(runs, case)
        predictions[case] = np.exp(np.log(own.loc[own["budget"] == budget, "l2"]).mean())
    return means, predictions
