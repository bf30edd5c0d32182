"""Fields of many strengths and decay times, each beside Adam of the same seeds.

``Cells`` are ``{(J, tau0): (mean final error, its difference from Adam)}``, errors of validation in
percent.
"""

from __future__ import annotations

import pandas as pd

from landscape.evidence import finals, statistics
from landscape.evidence.measurement import Measurement
from landscape.evidence.races import ERROR

Cells = dict[tuple[float, float], tuple[float, Measurement]]


def cells(sweep: pd.DataFrame, others: pd.DataFrame) -> Cells:
    """What every field ended with.

    Args:
        sweep: Columns of ``results/`` and the field's, ``J`` and ``tau0``.
        others: Holds Adam's runs of the same network.

    Returns:
        The cells of those fields that have a run that ended, and Adam one of its seed.
    """
    adam = finals.final(others[others["seed"].isin(sweep["seed"])], "adam", ERROR)
    found = {}
    for point, rows in sweep.groupby(["J", "tau0"]):
        both = statistics.common_seeds(statistics.per_seed(rows, ERROR), adam)
        if len(both[0]):
            found[point] = (both[0].mean(), statistics.paired_difference(*both, unit="%"))
    return found


def sentence(found: Cells, stated: tuple[float, float]) -> str:
    """How many fields beat Adam, and where the stated one ranks; without a full stop."""
    lower, higher = (sum(getattr(gap, side)() for _, gap in found.values())
                     for side in ("below", "above"))  # fmt: skip
    chance = f"about {0.025 * len(found):.1f} of each are expected from chance alone"
    text = (f"Of {len(found)} fields {lower} ended below Adam by more than the interval and "
            f"{higher} above it ({chance})")  # fmt: skip
    if stated in found:
        rank = 1 + sum(mean < found[stated][0] for mean, _ in found.values())
        text += f"; the stated one ranks {_ordinal(rank)}"
    return text


def _ordinal(number: int) -> str:
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number, "th")  # of at most twenty
