"""All solutions of binary perceptrons (thesis figure 3.3): what is measured, drawn and said."""

from functools import cache

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import (
    Measurement,
    format_measurement,
    format_number,
    not_run,
)
from landscape.theory import binary_perceptron as theory

NAME = "thesis-fig-3-3"
MAIN, LOW, RADIUS = 0.8, 0.4, 2
EXACT_LENGTH = 1001
GAPS = (0.2, 0.4, 0.6, 0.8)
STORAGE, TEACHER = 0.833, 1.245  # section 3.1.1


def solutions(runs, case="teacher", alpha=MAIN):
    """One row a length and data set at this alpha; None where there is no record."""
    table = runs.table(NAME, case)
    return None if table is None else table[np.isclose(table["alpha"], alpha)]


def entropy(runs, alpha=MAIN):
    """Local entropy against test error at the largest length, one row a data set."""
    table = runs.table(NAME, "teacher", "entropy")
    return table[np.isclose(table["alpha"], alpha) & (table["d"] == table["d"].max())]


def longest(table):
    """Rows of the largest length, by data set."""
    return table[table["d"] == table["d"].max()].set_index("data_set")


def slopes(table, values):
    """Slope of `values` against d of each replicate: data set i of every length, one line."""
    lines = table.assign(value=values).dropna(subset=["value"]).groupby("data_set")
    return pd.Series({
        i: np.polyfit(rows["d"], rows["value"], 1)[0] for i, rows in lines if len(rows) > 1
    })  # fmt: skip


def mean(values, **fields):
    """Mean with its interval; values that do not exist are left out."""
    values = values.dropna()
    if not len(values):
        return not_run("no data set has both")
    return statistics.mean_interval(values, **fields)


@cache
def largest_difference():
    """Largest difference of arccos(q) / pi from P(disagree) and from P(agree), all overlaps."""
    differing = np.arange(EXACT_LENGTH + 1)
    exact = theory.disagreement(EXACT_LENGTH, differing)
    angle = theory.generalisation_error(1 - 2 * differing / EXACT_LENGTH)
    return float(np.abs(angle - exact).max()), float(np.abs(angle - (1 - exact)).max())


def extrapolated(table, shift):
    """Where a straight line in 1/d through (patterns + shift)/d ends, one line a replicate."""
    lines = table.assign(x=1 / table["d"], y=(table["patterns"] + shift) / table["d"])
    return pd.Series({
        i: np.polyfit(rows["x"], rows["y"], 1)[1] for i, rows in lines.groupby("data_set")
    })  # fmt: skip


def measure(runs):
    """What the claims compare; intervals are over data sets."""
    table = solutions(runs)
    if table is None:
        return {}
    last, low = longest(table), longest(solutions(runs, alpha=LOW))
    chosen = entropy(runs)
    limits = {case: runs.table(NAME, case, "limits") for case in ("teacher", "random")}
    learned = limits["random"][limits["random"]["d"] == limits["random"]["d"].max()]
    share = last["isolated"] / last["solutions"]
    isolated = slopes(table, np.log1p(table["isolated"]))
    right, printed = largest_difference()
    points = {"unit": "points"}
    return {
        "c1": {
            "isolated": mean(isolated),
            "clusters": mean(slopes(table, table["clusters"])),
            "slower": mean(isolated - slopes(table, np.log1p(table["clusters"]))),
            "better": mean(last["error_isolated"] - last["error_clusters"], **points),
            "connected": mean(last["error_isolated"] - last["error_connected"], **points),
            "entropy": mean(chosen[f"correlation_{RADIUS}"]),
        },
        "c2": {"limit": Measurement(right), "printed": Measurement(printed)},
        "c3": {
            "width": mean(slopes(table, table["width"])),
            "fewer": mean(share - last["in_clusters"] / last["solutions"]),
        },
        "c4": {
            "typical": mean(share),
            "every": mean(low["isolated"] / low["solutions"]),
            "rising": mean(slopes(table, table["isolated"] / table["solutions"])),
            "gap": Measurement(min(map(theory.isolation_gap, GAPS))),
        },
        "c5": {
            "picked": mean(chosen[f"shell_{RADIUS}"] - chosen["error"], **points),
            "ball": mean(chosen[f"ball_{RADIUS}"] - chosen["error"], **points),
            "margin": mean(chosen[f"shell_{RADIUS}"] - chosen["margin"], **points),
        },
        "c6": {
            "printed": _solvable(learned, 0.6),
            "above": _solvable(learned, 1.2),
            "storage": mean(extrapolated(limits["random"], 0.5)),
            "teacher": mean(extrapolated(limits["teacher"], 0.5)),
        },
    }


def _solvable(rows, alpha):
    """Share of the data sets with a solution at alpha times d patterns."""
    return statistics.wilson_interval(int((rows["patterns"] >= alpha * rows["d"]).sum()), len(rows))


def finding(found):
    """What the enumeration says about the cartoon, in one sentence."""
    if found["c1.isolated"].value is None:
        return "Nothing was measured."
    return "draft"
