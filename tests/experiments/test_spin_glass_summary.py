"""Means over draws of the spin glass, beside what is expected."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.experiments import settings
from landscape.experiments.spin_glass_summary import summary
from landscape.theory import kac_rice

ROOT = Path(__file__).parents[2]
REGIMES = ("exponential", "polynomial", "trivial")
# Written by an earlier version of this project from the same stored draws: mean number of minima,
# its standard error, the number expected, the mean energy.
KNOWN = {
    "results/laptop/1-spin-glass/thesis-fig-2-2": [
        [164.3333, 3.412396, 200.7539, -1.559227],
        [1.725, 0.1560223, 2.027749, -2.43839],
        [1, 0, 1.01263, -3.48012],
    ],
    "records/thesis-fig-2-2/2026-11-22": [
        [187.8333, 3.32081, 200.7539, -1.559565],
        [2.02, 0.1222516, 2.027749, -2.433759],
        [1.01, 0.01, 1.01263, -3.475545],
    ],
}
COLUMNS = ["minima", "minima_se", "expected_minima", "energy_mean"]


def draws(counts):
    rows = len(counts)
    return pd.DataFrame(
        {"draw": range(rows), "spins": 16, "p": 3, "field": 0.1, "starts": 20, "converged": 19,
         "minima": counts, "unseen": [0.5] * rows, "distance_minima": [np.nan] + [0.5] * (rows - 1),
         "method": "cold"}
    )  # fmt: skip


def test_means_and_their_errors_leave_out_what_is_not_there():
    given = {"spins": 16, "p": 3, "coupling": 1.0, "fields": {"cold": 0.1}}
    (row,) = summary({"cold": draws([3, 5, 7])}, given).to_dict("records")
    assert (row["regime"], row["draws"], row["starts"], row["converged"]) == ("cold", 3, 60, 57)
    assert (row["minima"], row["minima_and_unseen"]) == (5, 5.5)
    assert row["minima_se"] == pytest.approx(2 / np.sqrt(3))
    assert (row["distance_minima"], row["distance_minima_se"]) == (0.5, 0)
    assert row["expected_minima"] == kac_rice.expected_minima(16, row["b"])
    assert "method" not in row


@pytest.mark.parametrize("folder", KNOWN)
def test_the_stored_draws_give_what_they_gave(folder):
    profile = "laptop" if "laptop" in folder else "paper"
    given = settings.resolved("thesis-fig-2-2", profile, ROOT)
    tables = {regime: pd.read_csv(ROOT / folder / regime / "draws.csv") for regime in REGIMES}
    found = summary(tables, given).set_index("regime")[COLUMNS]
    np.testing.assert_allclose(found.loc[list(REGIMES)], KNOWN[folder], rtol=1e-6)
