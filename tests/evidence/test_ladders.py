"""From which level of a ladder on something is seen."""

import pandas as pd
import pytest

from landscape.evidence import ladders
from landscape.evidence.measurement import Measurement


def seen(low, high):
    return Measurement((low + high) / 2, low, high)


def test_levels_are_compared_with_the_base_by_seed():
    base = pd.Series([1.0, 2.0, 3.0], index=[0, 1, 2])
    values = {0.1: base + 1, 0.0: base, 0.2: (base + [2.0, 3.0, 4.0])[1:],
              0.3: base.set_axis([7, 8, 9])}  # fmt: skip
    found = ladders.above(values, 0.0, unit="%")
    assert list(found) == [0.1, 0.2]  # the last has no seed of the base's
    first, second = found.values()
    assert (first.value, first.low, first.n) == (pytest.approx(1), pytest.approx(1), 3)
    assert (second.value, second.n, second.unit) == (pytest.approx(3.5), 2, "points")


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([(3, seen(1, 2)), (2, seen(0.5, 1)), (1, seen(-1, 1))], 2),
        ([(3, seen(1, 2)), (2, seen(-1, 1)), (1, seen(1, 2))], 3),  # beyond a gap it is chance
        ([(3, seen(0.0, 2)), (2, seen(1, 2))], None),
        ([(3, Measurement(5.0))], None),
        ([(3, seen(1, 2)), (2, None)], 3),
        ([], None),
    ],
)
def test_only_an_unbroken_row_from_the_end_counts(rows, last):
    assert ladders.unbroken(rows) == last


def test_a_ratio_has_another_bound():
    rows = [(1.0, seen(1.2, 1.4)), (0.5, seen(0.9, 1.4))]
    assert ladders.unbroken(rows, 1) == 1.0
    assert ladders.unbroken(rows) == 0.5
