"""Critical points that were found beside those that are expected, without simulating."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from landscape.theory import kac_rice


def summary(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Means over disorder of what was found beside what is expected.

    Args:
        tables: By case, ``descents`` and ``search``: one row for each number of spins, field and
            disorder.

    Returns:
        One row per case, N and field with mean and standard error (``_se``) of the number found and
        of found plus unseen (Chao's estimate).
    """
    rows: list[dict[str, Any]] = []
    for case, table in tables.items():
        table = table.assign(with_unseen=table["found"] + table["unseen"])
        for n, part in table.groupby("spins"):
            strengths = part["b"].unique()
            points, lowest = kac_rice.expected_counts(int(n), strengths)
            expected = dict(zip(strengths, zip(points, lowest, strict=True), strict=True))
            for b, group in part.groupby("b"):
                row = {"case": case, "spins": n, "field": group["field"].iloc[0], "b": b,
                       "draws": len(group), "starts": group["starts"].sum(),
                       "converged": group["converged"].sum(),
                       "expected_critical": expected[b][0],
                       "expected_minima": expected[b][1]}  # fmt: skip
                for name in ("found", "with_unseen"):
                    row[name] = group[name].mean()
                    row[f"{name}_se"] = group[name].std(ddof=1) / math.sqrt(len(group))
                rows.append(row)
    return pd.DataFrame(rows)
