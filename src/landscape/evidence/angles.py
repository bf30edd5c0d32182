"""How fast an angle that is measured once an outer step changes during runs: one number a seed.

Tables have the columns ``seed``, ``update`` and the angle in degrees
(``landscape.experiments.gradient_angles``). Thesis, section 3.3.5, says "changes much more rapidly"
and no more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def mean_angle(rows: pd.DataFrame, column: str = "angle") -> pd.Series:
    """Mean over the run in degrees."""
    return _by_seed(rows, column, np.mean)


def change(rows: pd.DataFrame, column: str = "angle") -> pd.Series:
    """Mean absolute change from one outer step to the next, in degrees."""
    return _by_seed(rows, column, lambda a: np.abs(np.diff(a)).mean())


def memory(rows: pd.DataFrame, column: str = "angle") -> pd.Series:
    """Correlation of the angle with itself one outer step later."""
    return _by_seed(rows, column, lambda a: np.corrcoef(a[1:], a[:-1])[0, 1])


def drift(rows: pd.DataFrame, column: str = "angle") -> pd.Series:
    """Mean absolute change between the means of consecutive fifths of the run, in degrees."""
    return _by_seed(rows, column, lambda a: np.abs(np.diff(_fifths(a))).mean())


def _fifths(values: np.ndarray) -> list[float]:
    return [float(part.mean()) for part in np.array_split(values, 5)]


def _by_seed(rows: pd.DataFrame, column: str, function: Callable) -> pd.Series:
    ordered = rows.sort_values(["seed", "update"])
    return ordered.groupby("seed")[column].agg(lambda a: float(function(a.to_numpy())))
