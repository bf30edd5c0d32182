"""Counted critical points: means with intervals that stay possible."""

import pandas as pd
import pytest

from landscape.evidence import critical_points


def test_an_interval_of_counts_does_not_reach_below_the_least_possible_number():
    mean = critical_points.counted([1, 1, 1, 3], 1)
    assert (mean.value, mean.low) == (1.5, 1)
    assert mean.high == pytest.approx(1.5 + 3.182446 * 0.5)  # Student's t, 3 degrees of freedom
    assert critical_points.counted([4], 1).low is None


def test_means_add_those_unseen_and_measure_fields_in_units_of_the_critical_one():
    rows = pd.DataFrame({"spins": 8, "field": 3**0.5, "found": [4, 6], "unseen": [0, 2]})
    (row,) = critical_points.means(rows, 2).to_dict("records")
    assert (row["spins"], row["mean"], row["low"]) == (8, 6, 2)
    assert row["field"] == pytest.approx(1)
