"""Local entropy of one weight against adaptive quadrature, closed forms and other searches."""

import math

import numpy as np
import pytest
from reference import line_entropy_reference as slow
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from landscape.theory import line_entropy
from landscape.theory.line_loss import PLATEAU, WIDE_AND_SHARP, LineLoss, Well, two_wells

MARKS = (-2.5, 0.7, 1.0, 1.3)


@pytest.mark.parametrize(("gamma", "beta"), [(1e-3, 1.0), (0.1, 1.0), (3.0, 1.0), (0.2, 4.0)])
@pytest.mark.parametrize("x", [-2.5, -0.4, 1.05, PLATEAU])
def test_the_slow_twin_agrees(x, gamma, beta):
    found = line_entropy.local(WIDE_AND_SHARP, x, gamma, beta)
    expected = slow.local(lambda y: float(WIDE_AND_SHARP.value(y)), x, gamma, beta, MARKS)
    np.testing.assert_allclose([float(part) for part in found], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("beta", [0.5, 3.0])
def test_a_parabola_becomes_a_shallower_one(beta):
    c, gamma, x = 4.0, 0.3, np.linspace(-2, 2, 9)
    found = line_entropy.local(LineLoss((), c), x, gamma, beta)
    shrunk = 1 + c * gamma
    np.testing.assert_allclose(found.value, c * x**2 / 2 / shrunk + math.log(shrunk) / 2 / beta)
    np.testing.assert_allclose(found.slope, c * x / shrunk, atol=1e-12)
    np.testing.assert_allclose(found.curvature, c / shrunk)
    variance = gamma / beta / shrunk
    np.testing.assert_allclose(found.shannon, 0.5 * math.log(2 * math.pi * math.e * variance))
    np.testing.assert_allclose(line_entropy.laplace(0.0, c, gamma, beta), found.value[4])


def test_slope_and_curvature_are_derivatives_of_the_value():
    x, step = np.linspace(-4, 5, 37), 1e-5
    at = {k: line_entropy.local(WIDE_AND_SHARP, x + k * step, 0.05) for k in (-1, 0, 1)}
    slope = (at[1].value - at[-1].value) / (2 * step)
    np.testing.assert_allclose(at[0].slope, slope, atol=1e-6)
    curvature = (at[1].slope - at[-1].slope) / (2 * step)
    np.testing.assert_allclose(at[0].curvature, curvature, atol=1e-4)


def test_many_points_are_taken_in_pieces(monkeypatch):
    x = np.linspace(-3, 3, 50).reshape(5, 10)
    whole = line_entropy.local(WIDE_AND_SHARP, x, 0.1)
    monkeypatch.setattr(line_entropy, "_CHUNK", 700)
    for one, other in zip(whole, line_entropy.local(WIDE_AND_SHARP, x, 0.1), strict=True):
        assert one.shape == (5, 10)
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_printed_form_lacks_a_constant():
    gamma, beta, x = 0.2, 1.0, 0.3
    z = slow.average(lambda y: float(WIDE_AND_SHARP.value(y)), lambda y: 1.0, x, gamma, beta, MARKS)
    value = float(line_entropy.local(WIDE_AND_SHARP, x, gamma).value)
    assert value == pytest.approx(-math.log(z) + line_entropy.unnormalised(gamma))


def test_the_lowest_place_is_that_of_another_search():
    for gamma in (0.01, 0.5):
        found = line_entropy.lowest(WIDE_AND_SHARP, -5, -0.75, gamma)

        def value(x, gamma=gamma):
            return float(line_entropy.local(WIDE_AND_SHARP, x, gamma).value)

        best = minimize_scalar(value, bounds=(-3.5, -1.5), method="bounded")
        assert found.place == pytest.approx(best.x, abs=1e-3)
        assert found.value == pytest.approx(best.fun, abs=1e-8)
    assert line_entropy.lowest(WIDE_AND_SHARP, 2.0, 6.0, 1e-3).place == 2.0


def test_at_the_crossing_both_sides_are_equally_low():
    gamma = line_entropy.crossing(WIDE_AND_SHARP)
    wide, sharp = line_entropy.sides(WIDE_AND_SHARP, gamma)
    assert wide.value == pytest.approx(sharp.value, abs=1e-5)
    assert (wide.place, sharp.place) == pytest.approx((-2.49, 1.0), abs=0.02)


def test_the_crossing_of_the_two_minima_is_that_of_the_sides():
    wide, sharp = (side.place for side in line_entropy.sides(WIDE_AND_SHARP, None))
    found = line_entropy.crossing_of(WIDE_AND_SHARP, wide, sharp)
    assert found == pytest.approx(line_entropy.crossing(WIDE_AND_SHARP), rel=1e-3)
    assert line_entropy.crossing_of(WIDE_AND_SHARP, wide, sharp, beta=4.0) == math.inf
    assert line_entropy.crossing_of(WIDE_AND_SHARP, sharp, wide) == 0.0


def test_laplace_is_right_while_the_scope_is_narrow():
    # Wells whose curvature hardly changes over the scope at which they cross.
    loss = two_wells(0.02, 3.0)
    wide, sharp = loss.wells
    expected = line_entropy.laplace_crossing(0.02, wide.curvature, sharp.curvature)
    assert line_entropy.crossing(loss) == pytest.approx(expected, rel=0.05)
    assert line_entropy.laplace_crossing(3.0, wide.curvature, sharp.curvature) == math.inf


def test_a_gap_too_large_or_none_at_all():
    assert line_entropy.crossing(two_wells(1.0, 2.0)) == math.inf
    assert line_entropy.crossing(two_wells(-0.5, 2.0)) == 0.0


def test_what_a_well_adds_to_the_partition_sum():
    well = Well(0.0, 0.3, 5.0)
    exact = quad(lambda y: math.expm1(2 * 5 * math.exp(-(y**2) / 0.18)), -4, 4, points=[0])[0]
    assert line_entropy.well_mass(well, 2.0) == pytest.approx(exact)


@pytest.mark.parametrize(("gamma", "beta"), [(0.0, 1.0), (1.0, -1.0), (math.inf, 1.0)])
def test_impossible_settings_are_refused(gamma, beta):
    with pytest.raises(ValueError, match="must be a positive number"):
        line_entropy.local(WIDE_AND_SHARP, 0.0, gamma, beta)
