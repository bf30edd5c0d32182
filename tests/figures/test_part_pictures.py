"""The pictures with which the parts begin."""

from pathlib import Path

import numpy as np
import pytest

from landscape.evidence import figures

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def glass():
    return figures.load("1-spin-glass", ROOT)


@pytest.fixture(scope="module")
def entropy():
    return figures.load("2-local-entropy", ROOT)


def test_the_drawn_spin_glass_has_the_covariance_of_the_model(glass):
    x, y = np.array([0.6, 0.0, 0.8]), np.array([0.0, 0.0, 1.0])
    values = np.array([glass.energy(np.stack([x, y]), 0, seed, 4) for seed in range(4000)])
    covariance = glass.SPINS * values.T @ values / len(values)
    np.testing.assert_allclose(covariance, [[1, 0.8**4], [0.8**4, 1]], atol=0.08)


@pytest.mark.parametrize("field", [0.0, 2.5])
def test_it_has_as_many_minima_as_is_expected(glass, field):
    found = [len(glass.minima(field, seed)) for seed in range(40)]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(glass.expected_minima(field), abs=4 * error)


def test_the_field_leaves_fewer_minima_and_then_one(glass):
    numbers = [len(glass.minima(field)) for field in glass.FIELDS]
    assert numbers == sorted(numbers, reverse=True)
    assert (numbers[0] > 5, numbers[-1]) == (True, 1)
    assert glass.title(0) == f"no field: {numbers[0]} minima"
    assert glass.title(1.0) == rf"field $\nu_c$: {numbers[2]} minima"
    assert glass.title(2.5) == r"field $2.5\,\nu_c$: 1 minimum"


def test_the_map_shows_every_direction_once(glass):
    points, _ = glass.globe(200)
    inside = np.isfinite(points[..., 0])
    np.testing.assert_allclose((points[inside] ** 2).sum(-1), 1, atol=1e-12)
    np.testing.assert_allclose(points[inside].mean(0), 0, atol=0.02)  # equal area
    u, v = glass.hammer(points[inside])
    where = np.argwhere(inside)
    wide = 2 * np.sqrt(2)
    np.testing.assert_allclose(u, np.linspace(-wide, wide, 200)[where[:, 1]], atol=1e-9)
    assert np.abs(v).max() <= np.sqrt(2)


def test_the_areas_are_those_under_the_curves(entropy):
    for side in entropy.minima():
        under = np.trapezoid(entropy.integrand(side.place), entropy.GRID)
        assert entropy.area(side.place) == pytest.approx(under, rel=1e-4)
    wide, sharp = (side.place for side in entropy.minima())
    assert entropy.area(wide) > entropy.area(sharp)
    assert entropy.area(wide, 1e-3) < entropy.area(sharp, 1e-3)


def test_a_larger_scope_prefers_the_wide_valley(entropy):
    wide, sharp = (side.value for side in entropy.minima())
    assert sharp < wide
    table = entropy.heights()
    narrow = table["gamma"] < entropy.crossing()
    assert ((table["wide"] > table["sharp"]) == narrow).all()
    assert f"{wide - sharp:.2f} deeper" in entropy.sentence()


def test_the_data_of_the_picture_are_what_is_drawn(entropy):
    picture = entropy.picture()
    (ax,) = picture.panels["b"].axes
    np.testing.assert_allclose(ax.lines[1].get_ydata(), picture.data["heights"]["sharp"])
    (ax,) = picture.panels["a"].axes
    frame = picture.data["areas"]
    np.testing.assert_allclose(ax.lines[0].get_ydata()[::3], frame["exp_minus_loss"])
    assert [text.get_text().split()[0] for text in ax.texts] == ["area", "area"]
