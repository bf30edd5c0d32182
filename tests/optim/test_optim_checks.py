"""The checks that other tests share see what is not finite."""

from types import SimpleNamespace

import pytest
import torch
from reference.optim_checks import distance, followed, worst

FINE, ALSO = torch.zeros(2, 3), torch.ones(2, 3)


def broken(value):
    tensor = FINE.clone()
    tensor[1, 2] = value
    return tensor


def ensemble(weights, answers):
    return SimpleNamespace(
        weights=lambda: weights, answers=lambda: answers, train=lambda steps, start: None
    )


def test_a_distance_is_the_largest_difference():
    assert distance(FINE, ALSO) == 1
    assert worst(ensemble(FINE, FINE), ensemble(FINE, ALSO)) == 1
    assert followed(ensemble(FINE, ALSO), iter([(ALSO, ALSO)]), 1) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", range(4))
def test_what_is_not_finite_is_no_small_distance(where, value):
    """Not even where both are the same infinity."""
    parts = [FINE] * 4
    parts[where] = broken(value)
    found, expected = ensemble(*parts[:2]), ensemble(*parts[2:])
    with pytest.raises(AssertionError, match="not finite"):
        worst(found, expected)
    with pytest.raises(AssertionError, match="not finite"):
        followed(found, iter([tuple(parts[2:])]), 1)
