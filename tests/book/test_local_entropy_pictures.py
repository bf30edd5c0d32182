"""What figure 3.2 leaves open: bounds, averages, estimates."""

import math

import numpy as np
import pytest

from landscape.book import local_entropy_pictures as more
from landscape.theory import line_entropy
from landscape.theory.line_loss import WIDE_AND_SHARP, two_wells


def test_the_bound_is_where_laplace_stops_finding_a_crossing():
    for ratio in (2.0, 9.0):
        gap = more.largest_gap(ratio)
        for factor, ends in ((0.99, False), (1.01, True)):
            wide, sharp = two_wells(factor * gap, ratio).wells
            found = line_entropy.laplace_crossing(factor * gap, wide.curvature, sharp.curvature)
            assert math.isinf(found) == ends


def test_what_crosses_lies_below_the_bound():
    table = more.widths()
    crosses = np.isfinite(table["crossing"])
    bounds = table["ratio"].map(more.largest_gap)
    assert (table["gap"][crosses] < 1.02 * bounds[crosses]).all()
    assert crosses[table["gap"] < 0.9 * bounds].all()
    both = table[crosses & (table["crossing"] < 0.1)]
    assert (np.abs(both["laplace"] / both["crossing"] - 1) < 0.15).all()


def test_above_the_largest_beta_the_sharp_valley_wins():
    table = more.temperatures()
    assert (np.isfinite(table["crossing"]) == (table["beta"] < more.largest_beta())).all()
    shown = table["crossing"][np.isfinite(table["crossing"])]
    assert (np.diff(shown) > 0).all()
    assert f"{more.largest_beta():.2f}" in more.prices_said()


def test_averaging_changes_sides_first():
    table = more.variances()
    first = {name: table["variance"][table[name] < 0].min() for name in ("averaged", "entropy")}
    assert first["averaged"] < first["entropy"]
    assert line_entropy.crossing(WIDE_AND_SHARP) < first["entropy"]
    assert "0.019" in more.averages_said()


def test_errors_shrink_with_all_steps_averaged_and_not_with_the_works_average(monkeypatch):
    monkeypatch.setattr(more, "CHAINS", 60)
    monkeypatch.setattr(more, "LENGTHS", (5, 20, 300))
    more.errors.cache_clear()
    table = more.errors().set_index(["average", "L"])
    more.errors.cache_clear()
    assert table.loc[("alpha", 300), "spread"] > 1.5 * table.loc[("all", 300), "spread"]
    assert table.loc[("alpha", 5), "bias"] > table.loc[("alpha", 300), "bias"]
    assert table.loc[("cold", 20), "spread"] < 0.01
    assert np.allclose(table["error"] ** 2, table["bias"] ** 2 + table["spread"] ** 2)


def test_pictures_offer_what_they_draw():
    for picture in (more.prices(), more.averages()):
        assert set(picture.panels) == set(picture.titles) == {"a", "b"}
    (ax,) = more.averages().panels["b"].axes
    twins = more.averages().data["twins"]
    np.testing.assert_allclose(ax.lines[2].get_ydata(), twins["entropy"])
    assert twins["x"][twins["averaged"].idxmin()] == pytest.approx(0)
