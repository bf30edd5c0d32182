"""A ladder of levels, each tried with the same seeds: from which level on something is seen.

One interval that leaves nothing out may be chance where its neighbours do not: only an unbroken row
of them from the ladder's end counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement


def above(
    values: Mapping[float, pd.Series], base: float, unit: str = ""
) -> dict[float, Measurement]:
    """The values at every other level minus those at a base, paired by seed.

    Args:
        values: By level, one number a seed each.
        base: One of the levels.
        unit: Of the values; percentages differ in points.

    Returns:
        By level, in the order given; levels that share no seed with the base are left out.
    """
    pairs = {
        level: statistics.common_seeds(one, values[base])
        for level, one in values.items() if level != base
    }  # fmt: skip
    return {
        level: statistics.paired_difference(*pair, unit=unit)
        for level, pair in pairs.items() if len(pair[0])
    }  # fmt: skip


def unbroken(
    levels: Iterable[tuple[float, Measurement | None]], bound: float = 0.0
) -> float | None:
    """The last level of an unbroken row whose whole intervals lie above a bound.

    Args:
        levels: (level, measurement), from the end of the ladder at which the row has to begin.
        bound: What they lie above.

    Returns:
        None where the first one does not, or has no interval.
    """
    found = None
    for level, one in levels:
        if one is None or not one.has_interval or one.low <= bound:
            break
        found = level
    return found
