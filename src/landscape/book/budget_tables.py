"""Tables of what L2 coefficients reach within budgets of epochs (Lewkowycz & Gur-Ari 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.tables import Table
from landscape.evidence.measurement import format_measurement, format_number

if TYPE_CHECKING:
    import pandas as pd

    from landscape.evidence.l2_budgets import Tuning


def tuned_and_predicted(tuning: Tuning, label: str) -> Table:
    """By budget: best, bars, what cannot be told apart, the prediction and its price."""
    best, bars, alike = tuning.best_of_mean(), tuning.mean_bars(), tuning.alike()
    wanted, price, rows = tuning.predicted(), tuning.price(), []
    for budget in tuning.budgets:
        loss = tuning.over_seeds(price.loc[budget], unit="points")
        rows.append([
            format_number(budget), format_number(best[budget]),
            span(bars.loc[budget]), span((alike[budget].min(), alike[budget].max())),
            f"{len(alike[budget])} of {len(tuning.strengths)}", _predicted(wanted.loc[budget]),
            format_measurement(loss),
        ])  # fmt: skip
    return Table(
        ["budget [epochs]", r"best $\lambda$", "within 0.1 points",
         "cannot be told from the best", "how many of them", r"$c/T$", "lost at $c/T$"],
        rows, stack=True, label=label,
        caption="Tuned and predicted coefficients: best mean over seeds, the work's bars, and "
        "those that the seeds cannot tell from the best",
    )  # fmt: skip


def shortest(tunings: Sequence[Tuning], label: str) -> Table:
    """The same of records of the first epochs alone, with the accuracies."""
    rows, seeds = [], set()
    for tuning in tunings:
        seeds.add(tuning.maxima.shape[1])
        best, wanted = tuning.best_of_mean(), tuning.predicted()
        for budget in tuning.budgets:
            top = tuning.maxima.loc[(budget, best[budget])].mean()
            rows.append([
                format_number(budget), str(len(tuning.strengths)), format_number(best[budget]),
                f"{top:.1f} %", _predicted(wanted.loc[budget]),
                f"{tuning.accuracy().loc[budget].mean():.1f} %",
            ])  # fmt: skip
    return Table(
        ["budget [epochs]", "coefficients", r"best $\lambda$", "its accuracy", "$c/T$",
         "accuracy there"], rows, stack=True, label=label,
        caption="The work's own network within the shortest budgets, from records "
        f"({' and '.join(f'n = {n}' for n in sorted(seeds))}); that at $c/T$ is interpolated "
        "between coefficients. They judge nothing: the claims are about budgets up to 2000 epochs",
    )  # fmt: skip


def span(ends: Sequence[float]) -> str:
    """Two ends as words, one number where they are equal."""
    low, high = (format_number(float(end)) for end in ends)
    return low if low == high else f"{low} to {high}"


def _predicted(wanted: pd.Series) -> str:
    """A budget's prediction, geometric mean over seeds."""
    return format_number(np.exp(np.log(wanted).mean()), digits=2)
