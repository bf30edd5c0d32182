"""How infinitely wide networks test where their training loss is least, by degree and lambda.

The rows are those that ``landscape.experiments.kernel_theory`` calls ``elsewhere``: one row a
time, for several sets of training digits (``subset``), over which every interval is taken.
"""

from __future__ import annotations

import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement

BY = ["subset", "decay", "degree"]


def errors(rows: pd.DataFrame) -> pd.Series:
    """Test error in percent where the training loss is least, by ``BY``.

    The training loss of the linear model (degree 1) falls to the end.

    Args:
        rows: Columns ``BY``, ``training_loss`` and ``test_error``.
    """
    return rows.loc[rows.groupby(BY)["training_loss"].idxmin()].set_index(BY)["test_error"]


def levels(errors: pd.Series) -> tuple[list[float], list[int], list[int]]:
    """The values of lambda, the degrees and the sets of training digits, each in order."""
    decays, degrees, subsets = (
        sorted(errors.index.get_level_values(name).unique())
        for name in ("decay", "degree", "subset")
    )
    return decays, degrees, subsets


def against_linear(errors: pd.Series, decay: float, degree: int) -> Measurement:
    """Test error of a degree minus that of the linear model at one lambda, paired by subset."""
    own, linear = (errors.xs((decay, k), level=("decay", "degree")) for k in (degree, 1))
    return statistics.paired_difference(own, linear)
