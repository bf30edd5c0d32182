"""A measured number and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.evidence.measurement import (
    Measurement,
    decimals_for,
    format_brief,
    format_measurement,
    format_number,
    format_power,
    significant,
)


def test_a_measurement_refuses_an_interval_that_does_not_enclose_it():
    with pytest.raises(ValueError, match="does not enclose"):
        Measurement(3, 1, 2, 5)
    with pytest.raises(ValueError, match="both ends"):
        Measurement(3, 1, None, 5)


def test_a_side_is_that_of_the_whole_interval():
    one = Measurement(3, 1, 5, 4)
    assert (one.above(), one.above(1), one.below(6), one.below(5)) == (True, False, True, False)
    assert one.apart()
    assert not one.apart(4)
    assert not Measurement(3).above(), "without an interval nothing is known"
    assert not Measurement(None).apart()


@pytest.mark.parametrize(
    ("measurement", "text"),
    [
        (Measurement(2.4812, 2.40, 2.5624, 10, "%"), "2.481 [2.400, 2.562] %, n = 10"),
        (Measurement(-0.0001, -1.2, 1.2, 3), "0.0 [-1.2, 1.2], n = 3"),
        (Measurement(1234.5, 1000, 1469, 3), "1234 [1000, 1469], n = 3"),
        (Measurement(3.2e-11, 1e-11, 5.4e-11, 3), "3.2e-11 [1e-11, 5.4e-11], n = 3"),
        (Measurement(1e-12), "1e-12"),
        (Measurement(None), "–"),
        (None, "–"),
        (Measurement(2.0, 2.0, 2.0, 4), "2 [2, 2], n = 4"),
    ],
)
def test_measurements_are_written_with_digits_that_fit(measurement, text):
    assert format_measurement(measurement) == text


@given(st.floats(1e-4, 9e3))
def test_decimals_show_two_digits_of_the_spread(spread):
    shown = format_number(spread, decimals_for(spread))
    digits = shown.replace(".", "").lstrip("0")
    assert len(digits) >= 2
    assert float(shown) == pytest.approx(spread, rel=0.06)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1 / 3, 0.333333), (-123456789.0, -123457000.0), (1.23456789e-11, 1.23457e-11), (0.0, 0.0),
     (float("nan"), None), (float("inf"), None), (None, None)],
)  # fmt: skip
def test_six_significant_digits(value, rounded):
    assert significant(value) == rounded


def test_digits_may_be_asked_for():
    assert format_number(1.49999, digits=6) == "1.49999"
    assert format_number(1.49999) == "1.5"


def test_small_numbers_become_formulas():
    assert format_power(1e-4) == "10^{-4}"
    assert format_power(2.5e-5) == r"2.5\cdot 10^{-5}"


def test_in_a_cell_the_number_of_runs_is_left_out_and_nothing_is_a_dash():
    assert format_brief(Measurement(2.4812, 2.40, 2.5624, 10, "%", note="cut")) == (
        "2.481 [2.400, 2.562] %"
    )
    assert [format_brief(one) for one in (None, Measurement(None), Measurement(float("inf")))] == (
        ["–"] * 3
    )
