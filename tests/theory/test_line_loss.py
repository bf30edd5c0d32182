"""Losses of one weight: derivatives, Gaussian averages, what is refused."""

import math

import numpy as np
import pytest
from reference import line_entropy_reference as slow

from landscape.theory.line_loss import PLATEAU, WIDE_AND_SHARP, LineLoss, Well, two_wells

PLACES = np.linspace(-5, 5, 41)


def test_the_value_is_the_formula():
    wells = [(well.centre, well.width, well.depth) for well in WIDE_AND_SHARP.wells]
    expected = [slow.loss(wells, WIDE_AND_SHARP.bowl, WIDE_AND_SHARP.offset, x) for x in PLACES]
    np.testing.assert_allclose(WIDE_AND_SHARP.value(PLACES), expected, rtol=1e-14)


@pytest.mark.parametrize("loss", [WIDE_AND_SHARP, LineLoss((), 3.0, 1.0)])
def test_slope_and_curvature_are_the_derivatives(loss):
    step = 1e-5
    slope = (loss.value(PLACES + step) - loss.value(PLACES - step)) / (2 * step)
    np.testing.assert_allclose(loss.slope(PLACES), slope, atol=1e-6)
    curvature = (loss.slope(PLACES + step) - loss.slope(PLACES - step)) / (2 * step)
    np.testing.assert_allclose(loss.curvature(PLACES), curvature, atol=1e-5)


@pytest.mark.parametrize("variance", [0.0, 0.01, 2.0])
def test_smoothing_is_the_gaussian_mean(variance):
    nodes = np.linspace(-9, 9, 6001)
    weights = np.exp(-(nodes**2) / 2)
    moved = PLACES[:, None] + math.sqrt(variance) * nodes
    mean = WIDE_AND_SHARP.value(moved) @ weights / weights.sum()
    np.testing.assert_allclose(WIDE_AND_SHARP.smoothed(variance).value(PLACES), mean, atol=1e-10)


def test_the_picture_has_a_wide_valley_a_deeper_sharp_one_and_a_plateau():
    wide, sharp = (well.centre for well in WIDE_AND_SHARP.wells)
    assert WIDE_AND_SHARP.value(sharp) < WIDE_AND_SHARP.value(wide) < 3
    assert WIDE_AND_SHARP.curvature(sharp) > 50 * WIDE_AND_SHARP.curvature(wide)
    around = np.linspace(PLATEAU - 1.5, PLATEAU + 1.5, 61)
    assert WIDE_AND_SHARP.value(around).min() > 9
    assert np.abs(WIDE_AND_SHARP.curvature(around)).max() < 0.05


def test_two_wells_have_the_gap_and_the_ratio_asked_for():
    wide, sharp = two_wells(0.7, 5.0).wells
    assert (sharp.depth - wide.depth, wide.width / sharp.width) == pytest.approx((0.7, 5.0))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Well(0, 0, 1), "positive width"),
        (lambda: Well(0, 1, -1), "positive width"),
        (lambda: LineLoss((), -1.0), "negative"),
        (lambda: WIDE_AND_SHARP.smoothed(-0.1), "at least 0"),
    ],
)
def test_impossible_shapes_are_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()
