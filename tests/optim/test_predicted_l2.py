"""Predicted L2: against the numbers that the work prints."""

import pytest

from landscape.optim import HyperparameterError
from landscape.optim.predicted_l2 import (
    COEFFICIENT,
    SWEEP_TOLERANCE,
    coefficient,
    peak_time,
    predicted_l2,
    tuned_range,
)

# SM A: budgets T in epochs and the strengths at which they were run, as printed
PRINTED = {
    50: "1.31e-04", 100: "6.56e-05", 250: "2.63e-05", 500: "1.31e-05", 1000: "6.56e-06",
    1500: "4.38e-06", 2000: "3.28e-06",
}  # fmt: skip


def printed(strength):
    # Halves are rounded up, as in the work's list: 1e-9 is far below the digits shown.
    return f"{strength * (1 + 1e-9):.2e}"


def test_the_printed_list_follows_from_one_coefficient():
    assert {T: printed(predicted_l2(0.0065625, T)) for T in PRINTED} == PRINTED


@pytest.mark.parametrize("c", [COEFFICIENT, 0.00656, 0.00657])
def test_the_rounded_coefficients_do_not_give_the_printed_list(c):
    """The text's 0.0066 gives none of its digits, 0.00656 misses T = 250 and 1,500 by one."""
    found = {T: printed(predicted_l2(c, T)) for T in PRINTED}
    wrong = [T for T in PRINTED if found[T] != PRINTED[T]]
    assert wrong == {0.0066: list(PRINTED), 0.00656: [250, 1500], 0.00657: [100, 1000, 2000]}[c]
    assert all(float(found[T]) == pytest.approx(float(PRINTED[T]), rel=0.01) for T in PRINTED)


def test_what_each_printed_value_says_of_the_coefficient():
    half_digit = {T: 0.5 * 10 ** (int(text[-3:]) - 2) for T, text in PRINTED.items()}
    low = max((float(text) - half_digit[T]) * T for T, text in PRINTED.items())
    high = min((float(text) + half_digit[T]) * T for T, text in PRINTED.items())
    assert low == pytest.approx(0.0065625, rel=1e-9)
    assert high == pytest.approx(0.006565, rel=1e-9)


def test_the_values_of_the_text():
    assert coefficient(0.66, 0.01) == pytest.approx(0.0066)
    with_schedule = predicted_l2(COEFFICIENT, 200, first_drop=0.3)
    assert with_schedule == pytest.approx(1e-4, rel=0.11), "about 0.0001 in section 3"
    assert predicted_l2(COEFFICIENT, 200, refined=True) == pytest.approx(0.0132 / 200)


def test_the_two_rules_for_the_peak():
    epochs, accuracies = [0.5, 1.0, 2.0, 4.0, 8.0], [94.4, 94.6, 95.0, 95.0, 93.0]
    assert peak_time(epochs, accuracies) == 2.0, "the first maximum"
    assert peak_time(epochs, accuracies, SWEEP_TOLERANCE) == 1.0
    assert peak_time(epochs, accuracies, 0.4) == 1.0, "the border is within"
    assert peak_time([3.0], [10.0]) == 3.0
    assert peak_time(epochs, accuracies, 100.0) == 0.5


def test_percentages_near_the_chance_of_a_thousand_classes_are_scaled_by_hand():
    """No rule tells 0.3 % from 0.3, so such a list is refused; the scale moves no peak."""
    epochs, percent = [1, 2, 3, 4], [0.1, 0.25, 0.3, 0.2]
    with pytest.raises(HyperparameterError, match="must be in percent, but they run from 0.1 to"):
        peak_time(epochs, percent)
    tenfold = [10 * value for value in percent]
    assert peak_time(epochs, tenfold) == 3.0
    assert peak_time(epochs, tenfold, 10 * 0.06) == 2.0
    assert tuned_range([1e-4, 1e-3], [10 * 0.2, 10 * 0.3]) == (1e-3, 1e-3, 1e-3)


def test_the_range_of_tuned_strengths():
    strengths, accuracies = [1e-3, 1e-5, 1e-4, 1e-6], [96.6, 96.65, 96.7, 96.0]
    assert tuned_range(strengths, accuracies) == (1e-4, 1e-5, 1e-3)
    assert tuned_range(strengths, accuracies, 0.0) == (1e-4, 1e-4, 1e-4)
    assert tuned_range(strengths, accuracies, 1.0) == (1e-4, 1e-6, 1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: peak_time([], []), "epochs must be a list of numbers"),
        (lambda: peak_time([1, 3, 2], [1, 2, 3]), "epochs must increase"),
        (lambda: peak_time([1, 2], [50.0]), "There are 2 epochs but 1 accuracies"),
        (lambda: peak_time([1, 2], [0.5, 0.9]), "must be in percent.* multiply fractions by 100"),
        (lambda: peak_time([1, 2], [50.0, 101.0]), "must be in percent"),
        (lambda: peak_time([1, 2], [-5.0, 10.0]), "must be in percent"),
        (lambda: peak_time([1, 2], [50.0, float("nan")]), "accuracies must be a list of numbers"),
        (lambda: peak_time([1, 2], [50.0, 60.0], -1), "tolerance must be a number of at least 0"),
        (lambda: tuned_range([1.0], [50.0, 60.0]), "There are 1 strengths but 2 accuracies"),
        (lambda: coefficient(0.0, 0.01), "peak must be a positive number"),
        (lambda: coefficient(1.0, -0.01), "strength must be a positive number"),
        (lambda: predicted_l2(-1.0, 100), "c must be a positive number"),
        (lambda: predicted_l2(0.0066, 0), "epochs must be a positive number"),
        (lambda: predicted_l2(0.0066, 100, first_drop=0.0), r"first_drop must be in \(0, 1\]"),
        (lambda: predicted_l2(0.0066, 100, first_drop=1.5), r"first_drop must be in \(0, 1\]"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(HyperparameterError, match=words):
        call()
