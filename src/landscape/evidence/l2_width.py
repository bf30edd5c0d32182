"""How far networks of finite width are from the theory of infinite width under L2: the rules.

They read the table of ``landscape.experiments.wide_training`` and were fixed before its runs. Each
network is compared with the theory that has its own kernel at the start and its own steps, so that
what is left is its width:

* ``apart`` is the length of f_network - f_theory on the samples, as a share of the labels'; it is
  read where the theory's loss (gradient flow) is least, and at the end.
* Its *exponent* is the slope of log apart against log width at one lambda, one a seed, with the
  interval over seeds. The work's corrections are of order 1/n, which would make it -1.
* The *departure* is the first time at which the trained kernel is twice the theory's. Weights that
  shrink as exp(-lambda t) from spectral norms of sqrt(n) meet those of a fixed point of order one,
  n^((k-1)/(2k)), at lambda t = ln(n)/(2k) + const: the *slope* against ln n is expected there.
* A network *ends* where its size, the length of f as a share of the labels', is at the last time.
  Pairs of the same lambda n^((k-1)/k), the power in eq. (S20), but different widths should end
  alike: the mean difference of their sizes, paired by seed, is the *collapse*.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run

RUN = ["decay", "width", "seed"]
TWICE = 2.0
#: A network whose size is below this share of the labels' is forgotten.
FORGOTTEN = 0.1
#: Factor around the edge within which nothing is asked of a network.
NEAR = 1.2


def strength(decay, width, degree: int):
    """lambda n^((k-1)/k), what eq. (S20) has of lambda and the width."""
    return decay * np.asarray(width, dtype=float) ** ((degree - 1) / degree)


def networks(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a network: apart at the minimum and at the end, departure, size and loss at the end.

    Args:
        rows: The table of one degree, one row a time.
    """
    found = []
    for key, one in rows.groupby(RUN):
        one = one.sort_values("time")
        at, last = one.loc[one["loss_flow"].idxmin()], one.iloc[-1]
        degree = int(last["degree"])
        before = one[one["time"] <= at["time"]]
        off = (before["loss"] / before["loss_flow"] - 1).abs().max()
        found.append(dict(zip(RUN, key, strict=True)) | {
            "degree": degree, "strength": float(strength(key[0], key[1], degree)),
            "minimum": at["time"], "at_minimum": at["apart"], "at_end": last["apart"],
            "steps_off": one["apart_steps"].max(), "loss_off": off,
            "departure": departure(one), "size": last["norm"],
            "loss_share": last["loss"] / last["loss_zero"],
            "theory_share": last["loss_flow"] / last["loss_zero"],
        })  # fmt: skip
    return pd.DataFrame(found)


def departure(one: pd.DataFrame) -> float:
    """First time at which the kernel is twice the theory's, between rows; nan if never."""
    time, ratio = one["time"].to_numpy(), (one["kernel"] / one["kernel_theory"]).to_numpy()
    after = np.flatnonzero(ratio > TWICE)
    if not len(after) or after[0] == 0:
        return np.nan
    i = after[0]
    log = np.log(ratio[i - 1 : i + 1])
    part = (np.log(TWICE) - log[0]) / (log[1] - log[0])
    return float(time[i - 1] + part * (time[i] - time[i - 1]))


def least(found: pd.DataFrame) -> float:
    """The smallest lambda, at which the widths are compared."""
    return float(found["decay"].min())


def sided(found: pd.DataFrame, edge: float) -> bool:
    """Whether networks below the edge are remembered at the end and those above it forgotten.

    Args:
        found: Rows of ``networks``; those within a fifth of the edge do not count.
        edge: lambda n^((k-1)/k) from which on zero is stable.
    """
    off = np.log(found["strength"] / edge)
    clear = found[off.abs() > np.log(NEAR)]
    return bool(((clear["size"] < FORGOTTEN) == (off[clear.index] > 0)).all())


def exponent(found: pd.DataFrame, column: str, decay: float) -> Measurement:
    """Slope of log column against log width at one lambda, over seeds."""
    return _slopes(found[found["decay"] == decay], column, np.log)


def departure_slope(found: pd.DataFrame, decay: float) -> Measurement:
    """Slope of lambda times departure against ln(width) at one lambda, over seeds."""
    return _slopes(found[found["decay"] == decay], "departure", lambda time: decay * time)


def local_powers(found: pd.DataFrame, column: str, decay: float) -> tuple[float, float]:
    """Powers of the width between the two narrowest and between the two widest, at one lambda.

    Of geometric means over seeds.
    """
    rows = found[found["decay"] == decay]
    return _first_and_last(np.log(rows[column]).groupby(rows["width"]).mean())


def local_departure_slopes(found: pd.DataFrame, decay: float) -> tuple[float, float]:
    """Slopes of lambda times departure between the two narrowest and between the two widest.

    Of means over seeds, at one lambda; widths that never depart are left out.
    """
    rows = found[found["decay"] == decay]
    return _first_and_last(decay * rows.groupby("width")["departure"].mean().dropna())


def at_widest(found: pd.DataFrame, column: str, decay: float) -> float:
    """Mean of a column over the widest networks at one lambda."""
    rows = found[found["decay"] == decay]
    return float(rows.loc[rows["width"] == rows["width"].max(), column].mean())


def collapse(found: pd.DataFrame) -> Measurement:
    """Mean difference of the sizes at the end, wider less narrower, of pairs of equal strength."""
    each = []
    for _, one in found.groupby("seed"):
        off = []
        for _, group in one.groupby(one["strength"].round(9)):
            group = group.sort_values("width")
            off += list(group["size"].diff().dropna())
        if off:
            each.append(np.mean(off))
    return statistics.mean_interval(each) if each else not_run("no two have the same strength")


def _first_and_last(means: pd.Series) -> tuple[float, float]:
    """First and last slope of values by width against ln(width)."""
    slopes = np.diff(means) / np.diff(np.log(means.index))
    return slopes[0], slopes[-1]


def _slopes(found: pd.DataFrame, column: str, shown) -> Measurement:
    slopes = []
    for _, one in found.groupby("seed"):
        one = one[np.isfinite(one[column]) & (one[column] > 0)]
        if one["width"].nunique() >= 2:
            slopes.append(np.polyfit(np.log(one["width"]), shown(one[column]), 1)[0])
    return statistics.mean_interval(slopes) if slopes else not_run("fewer than two widths")
