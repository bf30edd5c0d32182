"""Means over disorder of critical points, beside what is expected."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.experiments.critical_point_summary import summary
from landscape.theory import kac_rice

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results/laptop/1-spin-glass/critical-point-counts"
# Written by an earlier version of this project from the same stored rows: case, N, B, found, its
# standard error, expected minima.
KNOWN = [
    ("descents", 20, -0.3208828, 1.15, 0.0819178, 1.125672),
    ("descents", 20, 0.07454668, 2.6, 0.3026201, 2.574962),
    ("descents", 50, 0.07454668, 2.166667, 0.2409996, 2.913969),
    ("descents", 50, 0.3333333, 34.08333, 1.422004, 39.33601),
    ("search", 6, -0.0746096, 7.933333, 1.330399, 1.768866),
    ("search", 10, 3.700743e-17, 23.125, 9.332044, 2),
    ("search", 10, 0.3333333, 284.75, 23.04169, 6.080387),
]


def test_means_and_their_errors_for_each_number_of_spins_and_field():
    rows = pd.DataFrame(
        {"spins": [8, 8, 8], "field": [0.0] * 3, "b": [1 / 3] * 3, "starts": 60, "converged": 60,
         "found": [4, 6, 8], "unseen": [0, 1, 2]}
    )  # fmt: skip
    (row,) = summary({"descents": rows}).to_dict("records")
    assert (row["case"], row["spins"], row["draws"], row["starts"]) == ("descents", 8, 3, 180)
    assert (row["found"], row["with_unseen"]) == (6, 7)
    assert row["found_se"] == pytest.approx(2 / np.sqrt(3))
    assert row["expected_minima"] == pytest.approx(kac_rice.expected_minima(8, 1 / 3), rel=1e-9)


def test_the_stored_rows_give_what_they_gave():
    tables = {case: pd.read_csv(FOLDER / case / "results.csv") for case in ("descents", "search")}
    found = summary(tables)
    assert len(found) == 36
    for case, n, b, *known in KNOWN:
        row = found[(found["case"] == case) & (found["spins"] == n) & np.isclose(found["b"], b)]
        values = row[["found", "found_se", "expected_minima"]].iloc[0].to_numpy(float)
        np.testing.assert_allclose(values, known, rtol=1e-6)
