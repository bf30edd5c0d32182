"""What is read off the tables of `perceptron_landscape`: rows, slopes, extrapolations, curves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from landscape.theory import binary_perceptron


def at_alpha(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Rows of one alpha."""
    return table[np.isclose(table["alpha"], alpha)]


def longest(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the largest length, by data set."""
    return table[table["d"] == table["d"].max()].set_index("data_set")


def slopes(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Slope of ``values`` against d of each replicate: data set i of every length, one line.

    Values that do not exist are left out; a replicate with one value has no slope.
    """
    lines = table.assign(value=values).dropna(subset=["value"]).groupby("data_set")
    return pd.Series({
        i: np.polyfit(rows["d"], rows["value"], 1)[0] for i, rows in lines if len(rows) > 1
    })  # fmt: skip


def extrapolated(limits: pd.DataFrame) -> pd.Series:
    """Threshold alpha of long perceptrons: where each replicate's straight line in 1/d ends.

    The limit is the last number of patterns that is still below the threshold; a half is added,
    because the threshold lies between it and the next.
    """
    lines = limits.assign(x=1 / limits["d"], y=(limits["patterns"] + 0.5) / limits["d"])
    return pd.Series({
        i: np.polyfit(rows["x"], rows["y"], 1)[1] for i, rows in lines.groupby("data_set")
    })  # fmt: skip


def shares(limits: pd.DataFrame, alphas: np.ndarray) -> pd.DataFrame:
    """Share of the data sets of each length that have a limit of at least alpha d patterns."""
    found = {"alpha": alphas}
    for d, rows in limits.groupby("d"):
        reached = rows["patterns"].to_numpy()
        found[f"d = {d}"] = [(reached >= alpha * d - 1e-9).mean() for alpha in alphas]
    return pd.DataFrame(found)


def expected_isolated(table: pd.DataFrame) -> pd.Series:
    """Exact mean number of isolated students at each length, at the data sets' own patterns."""
    return pd.Series({
        d: np.mean([_students(d, n)[1] for n in rows["patterns"]]) for d, rows in table.groupby("d")
    })  # fmt: skip


@cache
def _students(length: int, patterns: int) -> tuple[float, float]:
    return binary_perceptron.expected_students(length, patterns)


def isolated_share(alpha: float, lengths: list[int]) -> list[float]:
    """Expected isolated solutions over expected solutions, random answers, exact."""
    found = [binary_perceptron.expected_counts(d, round(alpha * d)) for d in lengths]
    return [isolated / every for every, isolated in found]


def nearest(alpha: float, lengths: list[int]) -> list[int]:
    """Flips within which another solution is expected, random answers, exact."""
    return [binary_perceptron.nearest_solution(d, round(alpha * d)) for d in lengths]


@cache
def largest_difference(length: int) -> tuple[float, float]:
    """Largest difference of arccos(q) / pi from P(disagree) and from P(agree), all overlaps q.

    Half of the overlaps suffice: the other half has the opposite vectors.
    """
    differing = np.arange(length // 2 + 1)
    exact = binary_perceptron.disagreement(length, differing)
    angle = binary_perceptron.generalisation_error(1 - 2 * differing / length)
    return float(np.abs(angle - exact).max()), float(np.abs(angle - (1 - exact)).max())
