import numpy as np
import pytest

from landscape.analysis.intervals import (
    Estimate,
    correlation_time,
    from_chains,
    from_independent,
    weighted_sum,
)


def autoregression(phi, chains, length, rng):
    """x_t = phi x_{t-1} + noise, started in its stationary law: tau = (1 + phi)/(1 - phi)."""
    out = np.empty((chains, length))
    x = rng.standard_normal(chains) / np.sqrt(1 - phi**2)
    for t in range(length):
        out[:, t] = x
        x = phi * x + rng.standard_normal(chains)
    return out


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_correlation_time_of_an_autoregression(phi):
    series = autoregression(phi, 8, 20_000, np.random.default_rng(1))
    assert correlation_time(series) == pytest.approx((1 + phi) / (1 - phi), rel=0.12)


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_intervals_of_correlated_chains_cover_the_truth(phi):
    rng = np.random.default_rng(2)
    found = [from_chains(autoregression(phi, 4, 2000, rng)) for _ in range(200)]
    covered = sum(one.low <= 0 <= one.high for one in found)
    assert 180 <= covered <= 200


def test_chains_that_stayed_at_their_starts_widen_the_interval():
    rng = np.random.default_rng(3)
    stuck = rng.standard_normal((4, 500)) + np.array([[-3.0], [-1.0], [1.0], [3.0]])
    one = from_chains(stuck)
    assert one.low < -3 < 3 < one.high


def test_students_interval_and_sums():
    one = from_independent(np.array([1.0, 2.0, 3.0]))
    assert one.value == 2
    assert one.error == pytest.approx(1 / np.sqrt(3))
    assert one.high == pytest.approx(2 + 4.302653 / np.sqrt(3))
    both = weighted_sum([Estimate(1, 0.7, 1.3, 0.15), Estimate(2, 1.6, 2.4, 0.2)], [1, 10])
    assert both.value == 21
    assert both.high - 21 == pytest.approx(np.hypot(0.3, 4))
    assert both.error == pytest.approx(np.hypot(0.15, 2))


def test_a_constant_series_has_no_width():
    assert from_chains(np.full((2, 10), 4.0)) == Estimate(4.0, 4.0, 4.0, 0.0)


@pytest.mark.parametrize("call", [lambda: from_independent([1.0]), lambda: from_chains([[1, 2]])])
def test_one_value_has_no_error_bar(call):
    with pytest.raises(ValueError, match="at least 2"):
        call()
