"""Cycles of steps: they add up, stay stable, and go further than equal steps."""

import numpy as np
import pytest

from landscape.theory import step_cycles


@pytest.mark.parametrize("length", [0.01, 0.4, 3.0, 11.0])
def test_a_cycle_adds_up_and_damps_every_curvature(length):
    steps = step_cycles.cycle(length, 5.0)
    assert steps.sum() == pytest.approx(length)
    grown = np.cumprod(1 - steps[:, None] * np.linspace(0, 5, 300), axis=0)
    assert np.abs(grown[-1]).max() <= 1 + 1e-12
    assert np.abs(grown).max() < 1.5, "nothing grows far within a cycle"


def test_short_ones_are_single_steps_and_the_longest_is_what_it_reaches():
    assert len(step_cycles.cycle(0.1, 5.0)) == 1
    longest = step_cycles.cycle(1e6, 5.0)
    assert len(longest) == step_cycles.LONGEST
    assert longest.sum() * 5 > 3 * 2 * step_cycles.LONGEST, "thrice what equal steps reach"
