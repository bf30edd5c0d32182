"""Intervals against textbook formulas, scipy and brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from landscape.evidence import statistics as s

numbers = st.lists(st.floats(-100, 100), min_size=3, max_size=12)


def close(measurement, low, high):
    assert measurement.low == pytest.approx(low, rel=1e-9, abs=1e-9)
    assert measurement.high == pytest.approx(high, rel=1e-9, abs=1e-9)


@given(numbers)
def test_mean_interval_is_scipys(x):
    found = s.mean_interval(x, unit="%")
    spread = stats.sem(x)
    low, high = (
        (found.value, found.value)
        if spread == 0
        else stats.t.interval(0.95, len(x) - 1, np.mean(x), spread)
    )
    close(found, low, high)
    assert (found.n, found.unit) == (len(x), "%")


def test_a_mean_leaves_out_what_is_not_there():
    values = pd.Series([1.0, np.nan, 3.0])
    assert s.mean_of_known(values, unit="%") == s.mean_interval([1.0, 3.0], unit="%")
    none = s.mean_of_known(values[1:2], missing="no data set has both")
    assert (none.value, none.note) == (None, "no data set has both")
    with pytest.raises(ValueError, match="not finite"):
        s.mean_of_known(pd.Series([1.0, np.inf]))


@given(numbers, numbers)
def test_difference_is_scipys_welch(a, b):
    found = s.difference(a, b, level=0.9)
    if np.var(a) + np.var(b) > 1e-6:
        result = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
        assert found.low == pytest.approx(result.low, rel=1e-6, abs=1e-6)
        assert found.high == pytest.approx(result.high, rel=1e-6, abs=1e-6)
    assert found.n == min(len(a), len(b))


def test_difference_of_constants_is_a_point():
    found = s.difference([1.0, 1.0], [3.0, 3.0, 3.0])
    assert (found.value, found.low, found.high) == (-2, -2, -2)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=9))
def test_pairing_is_the_interval_of_differences(pairs):
    a, b = map(list, zip(*pairs, strict=True))
    found = s.paired_difference(a, b)
    twin = s.mean_interval([x - y for x, y in pairs])
    assert (found.value, found.low, found.high) == (twin.value, twin.low, twin.high)


def test_pairing_matches_seeds_not_positions():
    a = pd.Series({0: 1.0, 1: 5.0, 2: 9.0})
    found = s.paired_difference(a, (a + 1).loc[[2, 0, 1]])
    assert (found.value, found.low, found.high) == (-1, -1, -1)
    with pytest.raises(ValueError, match="same seeds"):
        s.paired_difference(a, a.iloc[:2])
    with pytest.raises(ValueError, match="3 and 2"):
        s.paired_difference([1, 2, 3], [1, 2])


def test_pairing_is_narrower_than_welch_when_seeds_matter():
    seed = np.array([0.0, 10.0, 20.0, 30.0])
    a, b = seed + [0.1, 0, 0.1, 0], seed + 1
    paired, unpaired = s.paired_difference(a, b), s.difference(a, b)
    assert paired.high < 0 < unpaired.high


def test_one_run_has_no_interval():
    for found in (s.mean_interval([2.0]), s.paired_difference([2.0], [1.0]),
                  s.difference([2.0], [1.0]), s.bootstrap_interval([2.0])):  # fmt: skip
        assert found.low is None
        assert found.n == 1


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [1.0, float("inf")]])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="no runs|not finite"):
        s.mean_interval(bad)


def test_level_must_be_a_coverage():
    with pytest.raises(ValueError, match="between 0 and 1"):
        s.mean_interval([1, 2], level=95)


def test_student_interval_covers_as_promised():
    rng = np.random.default_rng(1)
    hits = [
        (m := s.mean_interval(rng.normal(3, 2, size=4))).low <= 3 <= m.high for _ in range(2000)
    ]
    assert 0.935 <= np.mean(hits) <= 0.965


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)), min_size=2, max_size=8))
def test_ratio_inverts_with_its_arguments(pairs):
    a, b = map(list, zip(*pairs, strict=True))
    forth, back = s.ratio_of_means(a, b), s.ratio_of_means(b, a)
    assert forth.value == pytest.approx(1 / back.value)
    assert forth.low == pytest.approx(1 / back.high)
    assert forth.value == pytest.approx(stats.gmean(a) / stats.gmean(b))


def test_ratio_needs_positive_values():
    with pytest.raises(ValueError, match="positive"):
        s.ratio_of_means([0.0, 1.0], [1.0, 1.0])


def test_a_geometric_mean_is_the_mean_of_logarithms():
    found, logs = s.geometric_mean([1, 10, 100], unit="epochs"), s.mean_interval([0, 1, 2])
    assert found.value == pytest.approx(10)
    close(found, 10**logs.low, 10**logs.high)
    assert (found.n, found.unit) == (3, "epochs")


def test_bootstrap_is_the_same_every_time_and_matches_brute_force():
    x = [1.03, 2.41, 4.17, 8.59, 2.9]
    found = s.bootstrap_interval(x, resamples=2000, seed=3)
    assert found == s.bootstrap_interval(x, resamples=2000, seed=3)
    assert found != s.bootstrap_interval(x, resamples=2000, seed=4)
    rng = np.random.default_rng(3)
    picks = rng.integers(5, size=(2000, 5))
    means = sorted(np.mean([x[i] for i in row]) for row in picks)
    close(found, np.quantile(means, 0.025), np.quantile(means, 0.975))
    median = s.bootstrap_interval(x, statistic=np.median)
    assert median.value == 2.9


def test_bootstrap_of_all_resamples_of_three():
    """Ends lie among the 27 equally likely resample means, as enumeration says."""
    x = [0.0, 1.0, 5.0]
    exact = sorted((a + b + c) / 3 for a in x for b in x for c in x)
    found = s.bootstrap_interval(x, level=0.9, resamples=40_000)
    assert found.low == pytest.approx(np.quantile(exact, 0.05), abs=0.34)
    assert min(abs(found.low - value) for value in exact) < 1e-9


@given(st.integers(1, 60), st.data())
def test_wilson_solves_its_own_equation(trials, data):
    successes = data.draw(st.integers(0, trials))
    found = s.wilson_interval(successes, trials)
    reference = stats.binomtest(successes, trials).proportion_ci(0.95, "wilson")
    close(found, reference.low, reference.high)
    assert found.n == trials


def test_wilson_refuses_the_impossible():
    with pytest.raises(ValueError, match="impossible"):
        s.wilson_interval(4, 3)


def frame(rows, method=None):
    """Rows (seed, step, epoch, error, diverged)."""
    table = pd.DataFrame(rows, columns=["seed", "step", "effective_epoch", "error", "diverged"])
    return table if method is None else table.assign(method=method)


CURVES = frame([
    (1, 0, 0.0, 90, 0), (1, 10, 1.0, 50, 0), (1, 20, 2.0, 10, 0),
    (0, 0, 0.0, 80, 0), (0, 10, 1.0, 20, 0), (0, 20, 2.0, 30, 0),
    (2, 0, 0.0, 85, 0), (2, 10, 1.0, np.nan, 1),
])  # fmt: skip


def test_one_number_a_seed_leaves_diverged_seeds_out():
    assert s.per_seed(CURVES, "error").to_dict() == {0: 30, 1: 10}
    assert s.per_seed(CURVES, "error", "min").to_dict() == {0: 20, 1: 10}
    assert s.per_seed(CURVES, "error", "first").to_dict() == {0: 80, 1: 90}
    assert s.diverged_runs(CURVES) == ("seed 2",)
    assert s.diverged_runs(CURVES.assign(method="adam")) == ("adam seed 2",)
    assert set(s.finished(CURVES)["seed"]) == {0, 1}


def test_shuffled_rows_give_the_same_numbers():
    shuffled = CURVES.sample(frac=1, random_state=0)
    assert s.per_seed(shuffled, "error").equals(s.per_seed(CURVES, "error"))
    assert s.area(shuffled, "error", 2).equals(s.area(CURVES, "error", 2))


def test_time_to_threshold_counts_censored_runs_as_missing():
    found = s.time_to_threshold(CURVES, "error", 20)
    assert found.to_dict() == {0: 1.0, 1: 2.0}
    found = s.time_to_threshold(CURVES, "error", 15)
    assert np.isnan(found[0])
    assert found[1] == 2.0


def test_area_is_the_mean_height_up_to_a_point_between_evaluations():
    assert s.area(CURVES, "error", 2.0).to_dict() == {0: (50 + 25) / 2, 1: (70 + 30) / 2}
    half = s.area(CURVES, "error", 1.5)  # interpolated: seed 1 is at 30 there
    assert half[1] == pytest.approx((70 * 1 + 40 * 0.5) / 1.5)
    with pytest.raises(ValueError, match="ends at"):
        s.area(CURVES, "error", 3.0)


@given(st.lists(st.floats(0, 100), min_size=4, max_size=9), st.floats(0.2, 2.9))
def test_area_agrees_with_a_fine_sum(heights, until):
    rows = [(0, i, float(i), h, 0) for i, h in enumerate(heights)]
    grid = (np.arange(40_000) + 0.5) * until / 40_000
    slow = np.interp(grid, np.arange(len(heights)), heights).mean()
    assert s.area(frame(rows), "error", until)[0] == pytest.approx(slow, rel=1e-4, abs=1e-4)


def test_common_seeds_keeps_the_shared_ones_in_order():
    a = pd.Series({2: 1.0, 0: 2.0, 1: np.nan})
    b = pd.Series({0: 5.0, 1: 6.0, 2: 7.0, 3: 8.0})
    first, second = s.common_seeds(a, b)
    assert first.to_dict() == {0: 2.0, 2: 1.0}
    assert second.to_dict() == {0: 5.0, 2: 7.0}
