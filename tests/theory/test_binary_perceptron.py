"""Exact expectations of the binary perceptron against all data sets and all inputs."""

import math

import numpy as np
import pytest
from reference import perceptron_reference as slow

from landscape.errors import LandscapeError
from landscape.theory import binary_perceptron as theory


@pytest.mark.parametrize(("length", "patterns"), [(3, 1), (3, 3), (5, 2)])
def test_expected_numbers_are_means_over_all_data_sets(length, patterns):
    solutions, isolated, pairs = slow.expected(length, patterns)
    assert theory.expected_counts(length, patterns) == pytest.approx((solutions, isolated))
    for k in range(1, length + 1):
        per_solution = math.comb(length, k) * (1 - theory.disagreement(length, k)) ** patterns
        assert float(pairs[k] / solutions) == pytest.approx(float(per_solution))


@pytest.mark.parametrize(("length", "patterns"), [(3, 2), (3, 3), (5, 2)])
def test_expected_students_are_means_over_all_data_sets(length, patterns):
    solutions, isolated, _ = slow.expected(length, patterns, teacher=(1, -1, 1, 1, -1)[:length])
    assert theory.expected_students(length, patterns) == pytest.approx((solutions, isolated))


def test_numpy_integers_do_not_overflow():
    for expected in (theory.expected_counts, theory.expected_students):
        assert expected(np.int64(17), np.int64(14)) == expected(17, 14)


def test_disagreement_counts_inputs():
    x = (1,) * 5
    for k in range(6):
        other = (-1,) * k + (1,) * (5 - k)
        assert theory.disagreement(5, k) == pytest.approx(float(slow.disagreement(x, other)))


def test_the_nearest_solution_is_where_one_is_expected():
    length, patterns = 51, 41
    k = theory.nearest_solution(length, patterns)
    ways = [math.comb(length, j) * (1 - float(theory.disagreement(length, j))) ** patterns
            for j in range(1, k + 1)]  # fmt: skip
    assert sum(ways[:-1]) < 1 <= sum(ways)
    assert theory.nearest_solution(3, 100) == 3  # nobody is expected: as far as can be


def test_below_the_gap_the_expected_number_falls_and_above_it_grows():
    gaps = [theory.isolation_gap(alpha) for alpha in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert np.all(np.diff(gaps) > 0)
    omega, alpha = gaps[3], 0.8

    def rate(x):
        entropy = -x * math.log(x) - (1 - x) * math.log(1 - x)
        return entropy + alpha * math.log(1 - math.acos(1 - 2 * x) / math.pi)

    assert rate(omega) == pytest.approx(0, abs=1e-9)
    assert rate(omega / 2) < 0 < rate(2 * omega)
    # Long perceptrons come near the limit from above: factors that do not grow with d.
    found = theory.nearest_solution(4001, 3201) / 4001
    assert omega < found < 1.2 * omega


def test_what_cannot_be_is_refused():
    with pytest.raises(LandscapeError, match="odd length"):
        theory.expected_counts(4, 2)
    with pytest.raises(LandscapeError, match="odd length"):
        theory.expected_students(4, 2)
    with pytest.raises(LandscapeError, match="alpha is 0"):
        theory.isolation_gap(0)
