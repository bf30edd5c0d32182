"""Shares of a gain: against Fieller's interval by brute force, and where none can be named."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from landscape.evidence import shares


def pair(seed=0, n=8, part=0.4, whole=1.0, spread=0.2):
    draws = np.random.default_rng(seed)
    common = draws.normal(0, spread, n)
    return (pd.Series(part + common + draws.normal(0, spread, n)),
            pd.Series(whole + common + draws.normal(0, spread, n)))  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_holds_the_ratios_that_a_t_test_does_not_refuse(seed):
    part, whole = pair(seed)
    found = shares.share(part, whole)
    grid = np.linspace(-2, 3, 5001)
    rests = part.to_numpy() - grid[:, None] * whole.to_numpy()
    kept = grid[stats.ttest_1samp(rests, 0, axis=1).pvalue >= 0.05]
    assert found.value == pytest.approx(part.mean() / whole.mean())
    assert (found.low, found.high) == pytest.approx((min(kept), max(kept)), abs=2e-3)
    assert found.n == 8


def test_it_covers_as_often_as_it_says():
    hits = [
        (found := shares.share(*pair(seed, n=5, spread=0.1))).low <= 0.4 <= found.high
        for seed in range(400)
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.03)


def test_no_share_of_a_gain_that_may_be_none():
    part, whole = pair(whole=0.01)
    found = shares.share(part, whole)
    assert found.value is None
    assert "covers zero" in found.note


def test_seeds_are_paired_and_one_says_nothing():
    part, whole = pair()
    shuffled = whole.sample(frac=1, random_state=1)
    assert shares.share(part, shuffled) == shares.share(part, whole)
    assert shares.share(part.iloc[:3], whole) == shares.share(part.iloc[:3], whole.iloc[:3])
    assert shares.share(part.iloc[:1], whole).note == "fewer than two seeds"


def test_a_whole_of_itself_is_one():
    _, whole = pair()
    found = shares.share(whole, whole)
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
