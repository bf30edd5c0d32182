"""AutoL2's listing, the time of the peak, and where linear networks end."""

import numpy as np
import pytest

from landscape.errata import lewkowycz, lewkowycz_imagenet


def test_decays_of_the_listing():
    falling = np.linspace(1, 0, 6)
    assert lewkowycz.decays(falling, falling, printed=False) == []
    once = np.array([3.0, 2, 1, 2, 3, 0.5])
    assert lewkowycz.decays(falling, once, printed=False) == [4]
    assert lewkowycz.decays(falling, once, printed=True) == []
    assert lewkowycz.decays(once, falling, printed=True) == [4], "losses are as printed"


def test_the_time_of_the_peak_does_not_hang_on_the_settings():
    for settings in ({"slope": 0.4}, {"decay": 1e-2}, {"factor": 10.0}):
        row = lewkowycz.peak_of_performance(**settings)[0]
        assert row.check == pytest.approx(row.corrected, rel=0.02), settings


def test_a_linear_network_is_forgotten_above_the_edge():
    assert lewkowycz.trained_output(0.3, 16) == pytest.approx(0, abs=1e-6)
    assert lewkowycz.trained_output(0.05, 64) == pytest.approx(0.6, rel=1e-6)


def test_the_loss_is_least_where_the_prediction_is_the_label():
    unsure, sure = lewkowycz.sign_of_the_loss()
    assert unsure.check > sure.check > 0
    assert unsure.printed < sure.printed < 0


def test_the_printed_epochs_are_the_length_of_the_usual_training_in_steps():
    row, _ = lewkowycz_imagenet.length_of_runs()
    assert row.corrected == pytest.approx(91.0, abs=0.05)
    assert row.check == pytest.approx(90, abs=0.05)
