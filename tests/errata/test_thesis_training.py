"""Signs, limits and sizes: what each check rests on."""

import pytest

from landscape.errata import thesis_training
from landscape.errors import LandscapeError


def test_a_convex_loss_has_the_rest_of_the_corrected_inner_dynamics():
    rest = thesis_training.inner_signs(curvature=2.0, scope=0.4, place=3.0)[0]
    y = 0.0
    for _ in range(2000):  # descent on f(X - Y) + Y^2 / 2 gamma
        y -= 0.05 * (y / 0.4 - 2.0 * (3.0 - y))
    assert y == pytest.approx(rest.corrected, rel=1e-9)
    with pytest.raises(LandscapeError, match="no place to rest"):
        thesis_training.inner_signs(curvature=2.0, scope=0.5)


def test_parle_with_an_infinite_scope_stands_still_or_is_sgd():
    one, three, averaged, slow = thesis_training.parle_limits(steps=7)
    assert one.printed == three.printed == 0.0
    assert one.corrected > 0.5
    assert three.corrected != pytest.approx(one.corrected, rel=1e-3)
    assert (averaged.check, slow.check) == pytest.approx((0.75, 0.5))


def test_the_printed_size_is_that_of_64_units():
    row = thesis_training.small_network()[0]
    assert (row.printed, row.corrected) == (25_450, 50_890)
