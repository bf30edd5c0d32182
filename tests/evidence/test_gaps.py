"""Differences in words, and what of a gap may be the baseline's."""

import pytest

from landscape.evidence import gaps
from landscape.evidence.claims import PaperValue
from landscape.evidence.measurement import Measurement

ABOVE, BELOW = Measurement(0.2, 0.1, 0.3, unit="nats"), Measurement(-0.2, -0.3, -0.1, unit="nats")
AROUND, ALONE = Measurement(0.1, -0.1, 0.3), Measurement(0.1)


def test_the_side_of_a_difference_is_that_of_its_interval():
    found = [gaps.side(gap, "a", "b", "?") for gap in (ABOVE, BELOW, AROUND, ALONE)]
    assert found == ["a", "b", "?", "?"]
    assert gaps.apart(ABOVE) == "0.20 [0.10, 0.30] nats above"
    assert gaps.apart(BELOW) == "0.20 [0.10, 0.30] nats below"
    assert gaps.apart(AROUND) == gaps.apart(ALONE) == "not measurably apart from"


def test_a_known_number_moves_value_and_interval():
    assert gaps.less(ABOVE, 1).low == pytest.approx(-0.9)
    assert gaps.less(ALONE, 1).value == pytest.approx(-0.9)
    assert gaps.less(ALONE, 1).low is None


def printed(value, err):
    return PaperValue(key="a", what="a", value=value, err=err, unit="nats", where="here")


def test_a_mean_is_beyond_what_is_printed_where_its_interval_leaves_the_printed_error():
    assert gaps.beyond(ABOVE, printed(0, 0.05)) == pytest.approx(0.2)
    assert gaps.beyond(ABOVE, printed(0, None)) == pytest.approx(0.2)
    assert gaps.beyond(BELOW, printed(0, 0.05)) == pytest.approx(-0.2)
    for found, err in ((ABOVE, 0.15), (AROUND, 0), (ALONE, 0), (None, 0)):
        assert gaps.beyond(found, printed(0, err)) is None


@pytest.mark.parametrize(("gap", "off", "part"), [
    (BELOW, 0.1, "part"), (BELOW, 0.25, "some or all"), (BELOW, -0.1, ""), (BELOW, None, ""),
    (ABOVE, 0.1, ""), (AROUND, 0.1, ""), (ALONE, 0.1, ""), (None, 0.1, ""),
])  # fmt: skip
def test_only_a_worse_baseline_takes_a_part_of_a_gain(gap, off, part):
    assert gaps.share(gap, off) == part
