"""The draws of figure 2.2's three regimes beside the exact expectations, without simulating."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from landscape.theory import kac_rice
from landscape.theory.spin_glass import field_parameter

_GIVEN = ["spins", "p", "field", "starts", "converged"]


def summary(draws: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Means over the disorder draws.

    Args:
        draws: By regime, its table ``draws``: one row a draw.
        settings: The simulation's.

    Returns:
        One row a regime: the mean over draws of every column, its standard error
        (``<column>_se``), and Kac-Rice's expected numbers of minima and critical points.
        Source: Chaudhari (2018), eq. (2.15) and section 2.4.1; expectations after Fyodorov (2013).
    """
    rows = []
    for regime, table in draws.items():
        table = table.assign(minima_and_unseen=table["minima"] + table["unseen"])
        n, field = settings["spins"], settings["fields"][regime]
        b = field_parameter(field, settings["p"], settings["coupling"])
        row: dict[str, Any] = {
            "regime": regime, "spins": n, "field": field, "b": b, "draws": len(table),
            "expected_minima": kac_rice.expected_minima(n, b),
            "expected_critical_points": kac_rice.expected_critical_points(n, b),
            "starts": table["starts"].sum(), "converged": table["converged"].sum(),
        }  # fmt: skip
        measured = table.select_dtypes("number").columns.difference([*_GIVEN, "draw"])
        for name in measured:
            values = table[name].dropna()
            row[name] = values.mean()
            row[f"{name}_se"] = values.std(ddof=1) / np.sqrt(len(values))
        rows.append(row)
    return pd.DataFrame(rows)
