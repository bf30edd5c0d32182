"""Numbers of critical points and minima: the stated evidence, and a constant that is none."""

import math

import numpy as np
import pytest

from landscape.errata import thesis_counts
from landscape.theory import critical_counts


def test_stated_evidence():
    exact = [row.check for row in thesis_counts.trivial_regime()]
    assert exact == pytest.approx([8.87, 6.32, 2.99, 2.40], abs=0.01)
    prefactor = thesis_counts.exponential_prefactor()[-1]
    assert prefactor.check / prefactor.printed == pytest.approx(0.7319, abs=0.001)


def test_the_constant_of_the_minima_falls_without_bound():
    values = [critical_counts.log_minima_far(k) - thesis_counts.corrected_exponent(k)
              for k in (-16.0, -64.0, -256.0)]  # fmt: skip
    assert values == sorted(values, reverse=True)
    steps = np.diff(values)
    expected = [-2 / 3 * (64**0.75 - 16**0.75) + 23 / 32 * math.log(4),
                -2 / 3 * (256**0.75 - 64**0.75) + 23 / 32 * math.log(4)]  # fmt: skip
    assert steps == pytest.approx(expected)
