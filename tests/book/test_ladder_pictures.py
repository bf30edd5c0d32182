"""The panel of a ladder: marks by level beside the base's band."""

import pytest

from landscape.book import ladder_pictures
from landscape.evidence.measurement import Measurement


def test_levels_stand_beside_the_base():
    marks = {1e-3: Measurement(2, 1, 3, 3), 1e-1: Measurement(4, 3, 5, 3)}
    lines = {1e-2: {"label": "here", "color": "#000000"}}
    base = Measurement(1.5, 1, 2, 3)
    (ax,) = ladder_pictures.levels(marks, base, "none", "sgld", lines).axes
    assert [line.get_label() for line in ax.lines[:2]] == ["none", "here"]
    assert ax.containers[0][0].get_xydata().tolist() == [[1e-3, 2], [1e-1, 4]]
    assert ax.get_xlim() == pytest.approx((1e-3 / 3, 0.3))
    assert len(ax.patches) == 1
    (ax,) = ladder_pictures.levels(marks, Measurement(0.0), "none", "sgld", {}).axes
    assert len(ax.patches) == 0, "no band without an interval"
