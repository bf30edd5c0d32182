"""Whether t_* hangs on the length of a run, on runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import l2_sweeps
from landscape.evidence.measurement import Measurement


def sweep(accuracy, seeds=3):
    """Runs of 2/lambda steps with 64 rows; ``accuracy`` of step times lambda."""
    rows = []
    for l2 in (0.0, 0.001, 0.01):
        steps = np.arange(1, 65) * 2 / (l2 or 0.01) / 64
        for seed in range(seeds):
            error = 100 - accuracy(steps * (l2 or 0.01), seed)
            rows.append(pd.DataFrame({
                "lr": 1.0, "l2": l2, "seed": seed, "step": steps, "test_error": error,
                "least_test_error": np.minimum.accumulate(error), "diverged": 0,
            }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_a_peak_in_the_first_half_does_not_move():
    found = l2_sweeps.shortened(sweep(lambda t, _: 50 - 20 * np.abs(t - 0.5)))
    assert found.value == pytest.approx(1)


def test_an_accuracy_that_goes_on_rising_goes_with_the_length():
    found = l2_sweeps.shortened(sweep(lambda t, _: 20 * t))
    assert found.value == pytest.approx(0.5, rel=0.05)


def test_two_peaks_by_hand():
    """With the higher at 1.5 and the lower at 0.5, half of a run has a third of its t_*."""
    found = l2_sweeps.shortened(sweep(
        lambda t, _: 40.0 * np.isclose(t, 0.5) + 60 * np.isclose(t, 1.5) + 1))  # fmt: skip
    assert found.value == pytest.approx(1 / 3)


def test_a_power_in_words():
    assert l2_sweeps.power("x", Measurement(-1.0, -1.1, -0.9, 3)) == "$x^{-1.00}$ (-1.10 to -0.90)"
    assert l2_sweeps.power("x", Measurement(-1.0)) == "$x^{-1.00}$"
