"""The loss of two weights: derivatives, Gaussian averages, minima."""

import numpy as np
import pytest

from landscape.theory.two_valleys import TwoValleys, Valley

LOSS = TwoValleys(
    Valley((-1.3, -0.5), 0.8, 1.0), Valley((1.2, 0.7), 0.25, 1.25), 0.15, 0.015, 9.0, 1.4
)
POINTS = np.random.default_rng(0).uniform(-2, 2, (40, 2))


def differences(function, points, step=1e-5):
    """Central differences of a function of points [M, 2], the derivative's axis last."""
    moves = step * np.eye(2)
    pairs = [(function(points + move), function(points - move)) for move in moves]
    return np.stack([(a - b) / (2 * step) for a, b in pairs], axis=-1)


def test_value_at_a_place_worked_out_by_hand():
    only = TwoValleys(Valley((1.0, 0.0), 1.0, 2.0), Valley((90.0, 0.0), 1.0, 1.0), 0.5, 0.1, np.pi)
    assert only.value([0.0, 0.0]) == pytest.approx(-2 * np.exp(-0.5) + 0.2)
    assert only.value([1.0, 0.0]) == pytest.approx(-2 + 0.25 + 0.1 * (-1 + 1))


def test_gradient_and_hessian_are_the_derivatives():
    for loss in (LOSS, LOSS.smoothed(0.3)):
        gradient = loss.gradient(POINTS)
        np.testing.assert_allclose(gradient, differences(loss.value, POINTS), atol=1e-8)
        hessian = loss.hessian(POINTS)
        np.testing.assert_allclose(hessian, differences(loss.gradient, POINTS), atol=1e-6)
        np.testing.assert_array_equal(hessian, hessian.swapaxes(1, 2))


@pytest.mark.parametrize("variance", [0.0, 0.01, 0.3, 2.0])
def test_smoothing_is_the_gaussian_mean(variance):
    nodes = np.linspace(-8, 8, 801)  # equal steps: as good as exact for so smooth a function
    weights = np.exp(-(nodes**2) / 2)
    weights = weights / weights.sum()
    moves = np.sqrt(variance) * np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1)
    mass = weights[:, None] * weights[None, :]
    smoothed = LOSS.smoothed(variance)
    for point in POINTS[:5]:
        assert smoothed.value(point) == pytest.approx((mass * LOSS.value(point + moves)).sum())
        np.testing.assert_allclose(
            smoothed.gradient(point),
            (mass[..., None] * LOSS.gradient(point + moves)).sum((0, 1)), atol=1e-10,
        )  # fmt: skip


def test_smoothing_twice_adds_the_variances():
    twice, once = LOSS.smoothed(0.1).smoothed(0.2), LOSS.smoothed(0.3)
    np.testing.assert_allclose(twice.value(POINTS), once.value(POINTS), rtol=1e-12)


def test_minima_are_minima_and_the_narrow_one_is_sharper():
    minima = {name: LOSS.minimum(getattr(LOSS, name).centre) for name in ("wide", "narrow")}
    for name, point in minima.items():
        assert np.linalg.norm(point - getattr(LOSS, name).centre) < 0.3
        np.testing.assert_allclose(LOSS.gradient(point), 0, atol=1e-9)
        around = point + 0.02 * np.random.default_rng(1).normal(size=(200, 2))
        assert (LOSS.value(around) > LOSS.value(point)).all()
        assert LOSS.curvatures(point)[0] > 0
    assert LOSS.curvatures(minima["narrow"])[0] > 5 * LOSS.curvatures(minima["wide"])[1]
    assert LOSS.value(minima["narrow"]) < LOSS.value(minima["wide"])


def test_a_narrow_valley_vanishes_when_the_loss_is_smoothed():
    smoothed = LOSS.smoothed(0.4)
    point = smoothed.minimum(LOSS.narrow.centre)
    assert np.linalg.norm(point - np.asarray(LOSS.wide.centre)) < 0.5


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Valley((0, 0), 0, 1), "positive width"),
        (lambda: Valley((0, 0, 0), 1, 1), "two numbers"),
        (lambda: TwoValleys(LOSS.wide, LOSS.narrow, bowl=-1), "negative"),
        (lambda: LOSS.smoothed(-0.1), "at least 0"),
    ],
)
def test_impossible_shapes_are_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()


def test_descent_without_a_minimum_is_said():
    flat = TwoValleys(Valley((0, 0), 0.1, 1e-9), Valley((1, 1), 0.1, 1e-9))
    with pytest.raises(ValueError, match="ends at no minimum"):
        flat.minimum((5.0, 5.0))
