"""The slope on the most likely line and the smoothed strength."""

import pytest

from landscape.errata import richemond
from landscape.errors import LandscapeError


def test_both_forms_of_the_slope_agree_at_r_five():
    row = richemond.effective_step((0.25,))[0]
    assert row.printed == pytest.approx(row.corrected) == pytest.approx(4 / 3)


def test_smoothing():
    assert richemond.smoothed_strength([2.0, 1.0, 0.5], 1) == pytest.approx([1, 0.5, 0.25])
    assert richemond.smoothed_strength([2.0, 1.0], 3) == pytest.approx([1, 0.75])
    with pytest.raises(LandscapeError, match="must be positive"):
        richemond.smoothed_strength([0.0, 1.0], 3)
