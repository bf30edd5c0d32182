"""Least training losses of runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence.loss_minima import least_losses, mean_growth


def run(losses, l2=0.1, seed=0, diverged=0):
    lost = [0] * (len(losses) - 1) + [diverged]
    return pd.DataFrame({"lr": 0.5, "l2": l2, "seed": seed, "step": range(len(losses)),
                         "training_loss": losses, "diverged": lost})  # fmt: skip


def test_the_least_loss_its_step_and_what_it_grows_by():
    rows = pd.concat([run([4, 1, 2]), run([4, 2, 1], seed=1), run([4, 1, np.nan], 0.2, diverged=1)])
    found = least_losses(rows)
    assert found["t_star"].tolist()[:2] == [1, 2]
    assert found["censored"].tolist() == [False, True, False]
    assert found["growth"].tolist()[:2] == [2, 1]
    assert found["diverged"].tolist() == [False, False, True]
    assert found.iloc[2][["t_star", "least", "last", "growth"]].isna().all()


def test_growth_is_averaged_geometrically_over_coefficients_then_seeds():
    rows = pd.concat(
        run([4, 1, growth], l2, seed)
        for l2, seed, growth in [(0.1, 0, 2), (0.1, 1, 4), (0.2, 0, 8), (0.2, 1, 1)]
    )
    measured = mean_growth(least_losses(rows))
    assert (measured.value, measured.n) == (pytest.approx(np.sqrt(8)), 2)
    assert measured.low < 2 < 4 < measured.high


def test_a_diverged_seed_takes_its_coefficient_with_it():
    rows = pd.concat([run([4, 1, 2]), run([4, 1, 2], seed=1), run([4, 1, 9], 0.2),
                      run([4, 1, np.nan], 0.2, 1, diverged=1)])  # fmt: skip
    assert mean_growth(least_losses(rows)).value == pytest.approx(2)
    lost = pd.concat([run([4, 1, np.nan], diverged=1), run([4, 1, 2], seed=1)])
    assert mean_growth(least_losses(lost)).note == "no coefficient without a diverged seed"
