"""Slopes, extrapolations and curves on tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from landscape.experiments import perceptron_summary as summary
from landscape.theory import binary_perceptron

TABLE = pd.DataFrame(
    [{"d": d, "data_set": i, "alpha": alpha, "patterns": round(alpha * d), "value": (2 + i) * d}
     for d in (9, 11, 13) for i in (0, 1) for alpha in (0.4, 0.8)]
)  # fmt: skip


def test_rows_of_an_alpha_and_of_the_largest_length():
    rows = summary.at_alpha(TABLE, 0.1 + 0.7)
    assert len(rows) == 6
    assert list(summary.longest(rows).index) == [0, 1]
    assert set(summary.longest(rows)["d"]) == {13}


def test_slopes_are_those_of_replicates():
    rows = summary.at_alpha(TABLE, 0.4)
    assert dict(summary.slopes(rows, rows["value"])) == pytest.approx({0: 2, 1: 3})
    gaps = rows["value"].where((rows["data_set"] == 0) | (rows["d"] == 9))
    assert list(summary.slopes(rows, gaps).index) == [0]  # one value makes no line


def test_a_straight_line_in_one_over_d_is_continued():
    limits = pd.DataFrame(
        [{"d": d, "data_set": i, "patterns": (0.8 + i + 2 / d) * d - 0.5}
         for d in (13, 19, 25) for i in (0, 1)]
    )  # fmt: skip
    assert dict(summary.extrapolated(limits)) == pytest.approx({0: 0.8, 1: 1.8})


def test_shares_count_data_sets_that_get_so_far():
    limits = pd.DataFrame({"d": [10, 10, 20], "patterns": [8, 10, 15]})
    found = summary.shares(limits, np.array([0.5, 0.8, 0.9, 1.1]))
    assert list(found["d = 10"]) == [1, 1, 0.5, 0]
    assert list(found["d = 20"]) == [1, 0, 0, 0]


def test_expected_numbers_are_averaged_over_the_patterns_of_the_data_sets():
    table = pd.DataFrame({"d": [9, 9, 11], "patterns": [7, 8, 9]})
    found = summary.expected_isolated(table)
    expected = np.mean([binary_perceptron.expected_students(9, n)[1] for n in (7, 8)])
    assert found[9] == pytest.approx(expected)
    every, isolated = binary_perceptron.expected_counts(9, 7)
    assert summary.isolated_share(0.8, [9]) == [isolated / every]
    assert summary.nearest(0.8, [25]) == [2]


def test_the_largest_difference_is_that_of_all_overlaps():
    differing = np.arange(10)
    exact = binary_perceptron.disagreement(9, differing)
    angle = np.arccos(1 - 2 * differing / 9) / np.pi
    expected = np.abs(angle - exact).max(), np.abs(angle - 1 + exact).max()
    assert summary.largest_difference(9) == pytest.approx(expected)
