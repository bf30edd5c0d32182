"""Panels of end points on a spin glass, on points made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.book import spin_glass_pictures as draw


def test_the_background_is_the_energy_near_points_and_empty_far_away():
    x, y = (np.array([0.0, 0.01, 1.0]) for _ in range(2))
    field, extent = draw.background(x, y, np.array([2.0, 2.0, 4.0]), 0.025, size=80)
    assert np.nanmin(field) == pytest.approx(2)
    assert np.nanmax(field) == pytest.approx(4)
    assert np.isnan(field[0, -1])
    assert extent[0] < 0 < 1 < extent[1]


def test_minima_are_counted_by_energy_and_drawn():
    found = pd.DataFrame({"energy": [-1.55, -1.55, -1.52, -1.5], "draw": [0, 0, 1, 1]})
    (ax,) = draw.energies(found, 2, 20, 3, found).axes
    assert sum(bar.get_height() for bar in ax.patches[:24]) == pytest.approx(2)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(labels) == {"found, this build", "found, record", "exact, $N = 20$"}
    (ax,) = draw.energies(found, 2, 20, 3).axes
    assert "found, record" not in [text.get_text() for text in ax.get_legend().get_texts()]
