"""Deep linear networks with L2: where descent ends is where eq. (S20) says."""

import numpy as np
import pytest

from landscape.theory import deep_linear

ONE = np.ones((1, 1))


@pytest.mark.parametrize(("width", "decay"), [(16, 0.1), (64, 0.05), (64, 0.1)])
def test_one_hidden_layer_ends_at_one_minus_lambda_root_n(width, decay):
    assert deep_linear.fixed_point(decay, width) == pytest.approx(1 - decay * width**0.5)
    ends = deep_linear.outputs(deep_linear.descend(ONE, ONE[0], decay, width), ONE)
    assert ends[0] == pytest.approx(1 - decay * width**0.5, rel=1e-6)


def test_above_the_edge_only_zero_is_left():
    assert deep_linear.fixed_point(0.15, 64) == 0
    ends = deep_linear.outputs(deep_linear.descend(ONE, ONE[0], 0.15, 64), ONE)
    assert abs(ends[0]) < 1e-6


def test_two_hidden_layers_and_another_label():
    x, y = np.array([[1.5]]), np.array([2.0])
    point = deep_linear.fixed_point(0.04, 16, hidden=2, label=2.0, size=1.5)
    ends = deep_linear.outputs(
        deep_linear.descend(x, y, 0.04, 16, hidden=2, step=0.03, steps=20_000), x
    )
    assert ends[0] == pytest.approx(point, rel=1e-6)


@pytest.mark.parametrize("hidden", [1, 2])
def test_several_samples_make_both_sides_of_s20_equal(hidden):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((4, 3))
    y = x @ [1.0, -0.5, 0.2]
    weights = deep_linear.descend(x, y, 0.05, 12, hidden=hidden, step=0.01, steps=20_000)
    left, right = deep_linear.two_sides(weights, x, y, 0.05)
    assert left == pytest.approx(right, rel=1e-5)
