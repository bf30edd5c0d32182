"""Tables of ``experiments.widths`` brought together, without measuring anything."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

RUN = ["method", "seed", "at"]


def measured(measures: pd.DataFrame, sampled: pd.DataFrame) -> pd.DataFrame:
    """One row a kept network, with ``sampled_width`` and its ``error`` where chains were run."""
    if "sampled_width" not in sampled:
        return measures.assign(sampled_width=np.nan, error=np.nan)
    return measures.merge(sampled[[*RUN, "sampled_width", "error"]], on=RUN, how="left")


def changed(rescaled: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """By what factor rescaling changes each measure at most: whole layers, and single units.

    Args:
        rescaled: The table of that case.
        names: Column -> the measure's name.
    """
    base = rescaled[(rescaled["kind"] == "layer") & (rescaled["factor"] == 1)].iloc[0]
    body = []
    for column, name in names.items():
        row = {"measure": name}
        for kind in ("layer", "unit"):
            off = np.log(rescaled.loc[rescaled["kind"] == kind, column] / base[column])
            row[kind] = float(np.exp(off.abs().max()))
        body.append(row)
    return pd.DataFrame(body, columns=["measure", "layer", "unit"])


def chosen_rates(frame: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, float]:
    """Each method's rate with the lowest mean training loss at the end of the search.

    Args:
        frame: Rows of the search.
        columns: Method -> the grid's column.
    """
    found = {}
    for method, column in columns.items():
        rows = frame[frame["method"] == method]
        bad = rows.groupby(column)["diverged"].max()
        rows = rows[rows[column].isin(bad.index[bad == 0])]
        last = rows.sort_values("step").groupby([column, "seed"])["training_loss"].last()
        found[method] = float(last.groupby(column).mean().idxmin())
    return found
