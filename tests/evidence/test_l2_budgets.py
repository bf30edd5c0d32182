"""Best and predicted L2 coefficients by budget, on accuracies made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import l2_budgets
from landscape.evidence.measurement import Measurement
from landscape.optim import predicted_l2

STRENGTHS = [1e-4, 1e-3, 1e-2]


def curve(strength, seed, levels, diverged=0):
    """A run with a look an epoch at these accuracies."""
    return [
        {"l2": strength, "seed": seed, "effective_epoch": float(epoch), "step": epoch,
         "test_error": 100 - level, "diverged": diverged}
        for epoch, level in enumerate(levels)
    ]  # fmt: skip


def constants(seeds=3):
    """Within 1 epoch the large coefficient is best, within 2 the middle, within 4 the small one."""
    rows = []
    for seed in range(seeds):
        shift = seed / 10
        for strength, levels in zip(
            STRENGTHS,
            ([10, 20, 30, 40, 60], [10, 25, 50, 45, 40], [10, 30, 29, 20, 10]),
            strict=True,
        ):
            rows += curve(strength, seed, [level + shift for level in levels])
    return pd.DataFrame(rows)


def probe(seeds=3, strength=1e-2):
    """Its peak is at 2 epochs."""
    rows = [curve(strength, seed, [10, 20, 30, 30, 10]) for seed in range(seeds)]
    return pd.DataFrame([row for each in rows for row in each])


def tuning(**options):
    return l2_budgets.tune(constants(**options), probe(**options), (1, 2, 4))


def test_the_tuned_accuracy_is_that_of_the_best_mean_at_every_budget():
    tuned = tuning().tuned()
    assert list(tuned.index) == [1, 2, 4]
    assert tuned[0].tolist() == [30, 50, 60]
    assert tuned.loc[2].tolist() == [50, 50.1, 50.2]


def test_budgets_are_halved_down_to_the_shortest():
    assert l2_budgets.halved(64) == (2, 4, 8, 16, 32, 64)
    assert l2_budgets.halved(4) == (1, 2, 4)


def test_the_probe_gives_the_time_of_its_peak_times_its_coefficient():
    assert l2_budgets.probed(probe()).to_dict() == pytest.approx({0: 0.02, 1: 0.02, 2: 0.02})
    with pytest.raises(ValueError, match="one L2 coefficient"):
        l2_budgets.probed(constants())


def test_the_best_falls_with_the_budget_and_the_prediction_as_one_over_it():
    found = tuning()
    assert found.budgets == [1, 2, 4]
    assert found.best_of_mean().to_dict() == {1: 1e-2, 2: 1e-3, 4: 1e-4}
    assert (found.best()[0] == [1e-2, 1e-3, 1e-4]).all()
    assert found.predicted().loc[4, 1] == pytest.approx(0.005)
    assert found.distance().loc[4, 2] == pytest.approx(np.log10(50))
    assert found.distance(2).loc[4, 2] == pytest.approx(2)
    assert found.slope(found.best()).value == pytest.approx(-np.log(100) / np.log(4))


def test_prediction_and_bars_are_those_of_the_optimizers_module():
    found = tuning()
    epochs, levels = [0, 1, 2, 3, 4], [10.0, 20, 30, 30, 10]
    c = predicted_l2.coefficient(predicted_l2.peak_time(epochs, levels), 1e-2)
    assert found.c[0] == pytest.approx(c)
    assert found.predicted().loc[2, 0] == pytest.approx(predicted_l2.predicted_l2(c, 2))
    for margin in (0.1, 5.0, 40.0):
        for budget in found.budgets:
            mean = found.maxima.loc[budget].mean(axis=1)
            best, low, high = predicted_l2.tuned_range(mean.index, mean, margin)
            assert found.best_of_mean()[budget] == best
            assert tuple(found.mean_bars(margin).loc[budget]) == (low, high)


def test_accuracy_at_a_prediction_lies_between_its_neighbours():
    found = tuning()
    part = np.log(0.005 / 1e-3) / np.log(10)
    assert found.accuracy().loc[4, 0] == pytest.approx(50 + part * (30 - 50))
    assert found.price().loc[4, 0] == pytest.approx(60 - found.accuracy().loc[4, 0])
    assert found.accuracy().loc[1, 0] == 30  # beyond the grid


def test_what_seeds_cannot_tell_from_the_best_is_kept():
    apart = tuning()
    assert [list(kept) for kept in apart.alike().values()] == [[1e-2], [1e-3], [1e-4]]
    assert apart.distance_to_alike().equals(apart.distance())
    frame = constants()
    # The middle coefficient now beats the small one with one seed of three.
    late = (frame["effective_epoch"] == 4) & (frame["l2"] == 1e-3)
    frame.loc[late & (frame["seed"] == 0), "test_error"] = 35
    frame.loc[late & (frame["seed"] > 0), "test_error"] = 45
    close = l2_budgets.tune(frame, probe(), (1, 2, 4))
    assert list(close.alike()[4]) == [1e-4, 1e-3]
    assert close.distance_to_alike().loc[4, 0] == pytest.approx(np.log10(5))
    assert len(tuning(seeds=1).alike()[4]) == 3


def test_reach_is_the_largest_coefficient_near_the_best():
    found = tuning()
    assert found.reach(1.0).loc[4, 0] == 1e-4
    assert found.reach(10.0).loc[4, 0] == 1e-3


def test_knee_lies_between_the_neighbours_where_it_is_crossed():
    found = tuning()
    part = 10 / 20  # from 60 over 50 to 30: 20 points are lost half way to the largest
    assert found.knee(20).loc[4, 0] == pytest.approx(np.exp(np.log(1e-3) + part * np.log(10)))
    assert np.isnan(found.knee(35).loc[4, 0])
    # At 2 epochs the middle one is best: nothing falls for good.
    assert np.isnan(found.knee(5).loc[2, 0])
    assert found.slope(found.knee(5)).value is None


def test_reached_are_those_whose_peak_lies_within_the_run():
    found = tuning()
    assert list(found.reached(4)) == [1e-2]  # 2 c / lambda = 4 epochs
    assert list(found.reached(40)) == [1e-3, 1e-2]
    assert found.long() == [2, 4]


@pytest.mark.parametrize(
    ("distance", "words"), [(0, "1"), (2.15, "140"), (0.3, "2"), (5, "100000")]
)
def test_distances_are_told_as_factors(distance, words):
    assert l2_budgets.factor_of(distance) == words


def test_their_interval_is_told_where_there_is_one():
    assert l2_budgets.times_off(Measurement(2.15, 0.0, 4.26, n=3)) == "140 times (1 to 18000)"
    assert l2_budgets.times_off(Measurement(2.15)) == "140 times"


def test_of_equal_accuracies_the_larger_coefficient_is_best():
    frame = constants()
    frame["test_error"] = 50.0
    found = l2_budgets.tune(frame, probe(), (1, 4))
    assert (found.best() == 1e-2).all().all()
    assert found.best_of_mean()[4] == 1e-2


def test_seeds_that_diverged_are_left_out_by_name():
    frame = constants()
    frame.loc[(frame["seed"] == 1) & (frame["l2"] == 1e-2), "diverged"] = 1
    found = l2_budgets.tune(frame, probe(), (1, 4))
    assert list(found.maxima.columns) == [0, 2]
    assert found.left_out == ("seed 1",)
    assert found.over_seeds(found.distance().max()).diverged == ("seed 1",)
    frame["diverged"] = 1
    assert "no seed" in l2_budgets.tune(frame, probe(), (1, 4)).note
    assert l2_budgets.tune(None, probe(), (1, 4)).note == "no runs"


def test_a_run_that_ends_before_the_budget_is_refused():
    with pytest.raises(ValueError, match="before the budget of 8 epochs"):
        l2_budgets.tune(constants(), probe(), (1, 8))
