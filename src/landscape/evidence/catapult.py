"""The catapult: above 2 / curvature the loss rises at first, then training finds a flatter place.

``first`` has one row a network: ``lr``, ``seed``, ``rise`` (largest over first loss), the curvature
(largest Hessian eigenvalue) at the ``start`` and the ``end`` of the first steps, and ``diverged``.
A quadratic with that curvature diverges where the learning rate times it is above 2. Source:
Lewkowycz & Gur-Ari (2020), figure S5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run


def first_steps(losses: pd.DataFrame, curvature: pd.DataFrame) -> pd.DataFrame:
    """One row a network, as above.

    Args:
        losses: Columns ``lr``, ``seed``, ``step``, ``loss``: the loss in every step.
        curvature: Columns ``lr``, ``seed``, ``start``, ``end``, ``diverged``.
    """
    groups = losses.sort_values("step").groupby(["lr", "seed"])["loss"]
    rise = (groups.max() / groups.first()).rename("rise").reset_index()
    return curvature.merge(rise, on=["lr", "seed"])


def geometric(values: pd.Series, names: Sequence[str] = ()) -> Measurement:
    """Geometric mean over seeds of positive values; ``names`` are the networks that diverged."""
    if len(values) == 0:
        return not_run("all networks diverged")
    return statistics.geometric_mean(values, diverged=names)


def at_rate(first: pd.DataFrame, lr: float) -> dict[str, Measurement]:
    """What the first steps do at one learning rate, means over seeds.

    Returns:
        ``rise``; ``above``, eta times curvature over 2 at the start; ``flatter``, the same after
        the steps. The first and the last are of the networks that did not diverge.
    """
    rows = first[np.isclose(first["lr"], lr)]
    good = rows[rows["diverged"] == 0]
    names = tuple(f"seed {seed}" for seed in rows.loc[rows["diverged"] == 1, "seed"])
    return {
        "rise": geometric(good["rise"], names),
        "above": geometric(lr * rows["start"] / 2),
        "flatter": geometric(lr * good["end"] / 2, names),
    }
