"""Accuracies in a fixed and in a growing time, on curves made by hand."""

import pandas as pd
import pytest

from landscape.evidence import l2_growing_time as times
from landscape.evidence import l2_races


def runs(ends, epochs):
    """Accuracy climbs to a mark above its end at half time; seed s is s higher."""
    frame = pd.DataFrame([
        {"method": f"constant_l2_{l2:g}", "seed": seed, "step": i, "effective_epoch": at * longest,
         "test_error": 100 - (end + seed + (i == 1)), "diverged": 0}
        for (l2, end), longest in zip(ends.items(), epochs, strict=True) for seed in range(3)
        for i, at in enumerate((0.0, 0.5, 1.0))
    ])  # fmt: skip
    return frame, {f"constant_l2_{l2:g}": l2 for l2 in ends}


FIXED = runs({0.001: 40.0, 0.01: 50.0, 0.1: 30.0}, (10, 10, 10))


def test_accuracies_by_lambda_and_the_best():
    found = times.accuracies(FIXED)
    assert found[0.01].tolist() == [51, 52, 53]
    assert times.accuracies(FIXED, l2_races.final)[0.01].tolist() == [50, 51, 52]
    assert times.best_of(found) == 0.01
    gain = times.gain(found, 0.01, 0.1)
    assert (gain.value, gain.n, gain.unit) == (20, 3, "points")


def test_lambdas_whose_runs_all_diverged_are_left_out():
    frame, names = FIXED
    lost = frame.assign(diverged=(frame["method"] == "constant_l2_0.1").astype(int))
    assert list(times.accuracies((lost, names))) == [0.001, 0.01]
    one = frame.assign(diverged=((frame["method"] == "constant_l2_0.1") & (frame["seed"] > 0)
                                 | (frame["method"] == "constant_l2_0.01") & (frame["seed"] < 1)))
    assert not times.gain(times.accuracies((one, names)), 0.01, 0.1).finite


def test_the_run_of_the_fixed_time_is_one_of_the_growing_times():
    growing = runs({0.1: 31.0, 0.001: 60.0}, (1, 100))
    found, epochs = times.growing(growing, FIXED)
    assert list(found) == [0.001, 0.01, 0.1]
    assert found[0.01].tolist() == [51, 52, 53]
    assert epochs == pytest.approx({0.1: 1, 0.001: 100, 0.01: 10})
    found, epochs = times.growing(runs({0.3: 31.0}, (1,)), FIXED)
    assert list(found) == list(epochs) == [0.3]
