"""AutoL2's listing and the time of the peak."""

import numpy as np
import pytest

from landscape.errata import lewkowycz


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
