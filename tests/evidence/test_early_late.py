"""Rates early and late, on four networks made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import early_late


def network(lr, seed, early, end, l2=0.02):
    """Fitted at step 20, least loss at 50, twice it at the end."""
    rows = [(0, 0.2, 90, 90), (20, 0.05, 0, early), (50, 0.01, 0, end + 1), (100, 0.02, 0, end)]
    return [
        {"lr": lr, "l2": l2, "seed": seed, "step": step, "training_loss": loss,
         "training_error": error, "test_error": test, "diverged": 0}
        for step, loss, error, test in rows
    ]  # fmt: skip


@pytest.fixture
def frame():
    """The largest rate is 8 points better when fitted, and 2 at the end."""
    rows = [network(lr, seed, early + seed, end + seed) for seed in (0, 1)
            for lr, early, end in ((0.2, 38, 27), (0.8, 30, 25))]  # fmt: skip
    return pd.DataFrame(sum(rows, []))


def test_accuracies_when_fitted_and_at_the_end(frame):
    early, late = early_late.when_fitted(frame, 0.02), early_late.at_end(frame, 0.02)
    assert early.loc[0].tolist() == [62, 70]
    assert late.loc[1].tolist() == [72, 74]
    assert early_late.when_fitted(frame, 0.02, "step").loc[0].tolist() == [20, 20]
    assert early_late.ends_apart(early).value == 8
    assert early_late.ends_apart(late).unit == "points"
    assert early_late.shrinking(frame, 0.02).value == pytest.approx(2 / 8)


def test_a_network_that_never_fits_is_missing_early_only(frame):
    never = (frame["lr"] == 0.8) & (frame["seed"] == 1)
    frame.loc[never, "training_error"] = 3
    early = early_late.when_fitted(frame, 0.02)
    assert np.isnan(early.loc[1, 0.8])
    apart = early_late.ends_apart(early)
    assert (apart.n, apart.note) == (1, "1 of 4 networks never get there")
    assert early_late.at_end(frame, 0.02).notna().all(axis=None)
    frame.loc[frame["lr"] == 0.8, "training_error"] = 3
    assert not early_late.ends_apart(early_late.when_fitted(frame, 0.02)).finite
    assert not early_late.shrinking(frame, 0.02).finite


def test_diverged_networks_are_left_out_by_name(frame):
    frame.loc[(frame["lr"] == 0.2) & (frame["seed"] == 1) & (frame["step"] == 50), "diverged"] = 1
    rows, names = early_late.kept(frame)
    assert len(rows) == 12
    assert names == ("rate 0.2, coefficient 0.02, seed 1",)
    assert np.isnan(early_late.at_end(frame, 0.02).loc[1, 0.2])


def test_no_spread_is_known_better_than_one_image():
    table = pd.DataFrame({0.2: [70.0, 71.0, np.nan], 0.8: [70.0, 73.0, 75.0]})
    assert early_late.spreads(table).tolist() == [early_late.RESOLUTION, 2.0]


def test_the_loss_rises_again_from_its_minimum(frame):
    ratios, times = early_late.minima(frame, 0.02)
    assert ratios.tolist() == pytest.approx([2, 2])
    assert times.tolist() == pytest.approx([50 * 0.02 * 0.5] * 2)


def test_coefficients_are_those_above_zero(frame):
    both = pd.concat([frame.assign(l2=l2) for l2 in (0.04, 0.0, 0.02)])
    assert early_late.coefficients(both) == [0.02, 0.04]
