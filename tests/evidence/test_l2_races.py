"""Accuracies within a budget, on curves made by hand."""

import pandas as pd
import pytest

from landscape.evidence import l2_races as budgets
from landscape.evidence.measurement import Measurement


def curve(method, accuracies, seeds=3):
    """Accuracy at epochs 0, 1, 2, ...; seed s is s higher."""
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": 10 * i, "effective_epoch": float(i),
         "test_error": 100 - one - seed, "diverged": 0}
        for seed in range(seeds) for i, one in enumerate(accuracies)
    ])  # fmt: skip


FRAME = pd.concat([
    curve("constant_l2_a", [10, 20, 50, 40, 30]),
    curve("constant_l2_b", [10, 15, 20, 40, 60]),
    curve("auto_l2", [10, 10, 55, 58, 70]),
], ignore_index=True)  # fmt: skip
CONSTANTS = ["constant_l2_a", "constant_l2_b"]


def test_highest_and_final_accuracy_within_a_budget():
    assert list(budgets.highest(FRAME, "constant_l2_a")) == [50, 51, 52]
    assert list(budgets.highest(FRAME, "constant_l2_a", 1)) == [20, 21, 22]
    assert list(budgets.final(FRAME, "constant_l2_a", 3)) == [40, 41, 42]
    assert list(budgets.over(FRAME, "auto_l2", 2, 4)) == [64, 65, 66]
    assert budgets.area(FRAME, "auto_l2", 2)[0] == pytest.approx((10 + 32.5) / 2)


def test_the_best_constant_depends_on_the_budget():
    assert budgets.best(FRAME, CONSTANTS) == "constant_l2_b"
    assert budgets.best(FRAME, CONSTANTS, 2) == "constant_l2_a"
    assert budgets.best(FRAME, CONSTANTS, 4, budgets.final) == "constant_l2_b"
    found = budgets.gain(FRAME, *(budgets.highest(FRAME, m) for m in ("auto_l2", CONSTANTS[1])))
    assert (found.value, found.low, found.n, found.unit) == (10, 10, 3, "points")


def test_differences_in_words_have_their_intervals():
    found = Measurement(-3.2, -8.5, 2.2)
    assert budgets.apart(found) == "not measurably apart from"
    assert budgets.lead(found) == "shows no measurable gain (-8.5 to 2.2 points) over"
    less = Measurement(-3.2, -4.5, -2.0)
    assert budgets.apart(less) == "3.2 points (2.0 to 4.5) below"
    assert budgets.lead(less) == "reaches 3.2 points (2.0 to 4.5) less than"
    assert budgets.lead(budgets.turned(less)) == "reaches 3.2 points (2.0 to 4.5) more than"
    assert budgets.apart(Measurement(1.0)) == "1.0 points above"


def test_who_is_first_at_an_error():
    error = budgets.level(FRAME, "constant_l2_b")
    assert error == pytest.approx(100 - 61 + 0.5)
    assert budgets.first_there(FRAME, CONSTANTS, error) == "constant_l2_b"
    assert budgets.first_there(FRAME, CONSTANTS, 55) == "constant_l2_a"
    assert budgets.race(FRAME, "auto_l2", "constant_l2_a", 50.0).value == pytest.approx(1)
    late = budgets.race(FRAME, "constant_l2_a", "auto_l2", 45.0)
    assert late.value == pytest.approx(2)
    assert "3 of 3" in late.note


def test_diverged_runs_are_left_out():
    frame = FRAME.copy()
    lost = (frame["method"] == "auto_l2") & (frame["seed"] == 1)
    frame.loc[lost & (frame["step"] == 40), "diverged"] = 1
    assert list(budgets.highest(frame, "auto_l2").index) == [0, 2]
    found = budgets.gain(frame, *(budgets.highest(frame, m) for m in ("auto_l2", CONSTANTS[1])))
    assert found.n == 2
    assert found.diverged == ("auto_l2 seed 1",)
    none = budgets.gain(frame, budgets.highest(frame, "auto_l2"), pd.Series(dtype=float))
    assert none.value is None


class Runs:
    def parameters(self, experiment, method):
        return {"auto_l2": {"auto_l2": {"every": 10}}, "none": {}, "constant_l2": {"loss": {}},
                "constant_l2_1": {"loss": {"l2": 0.1}}}[method]  # fmt: skip


def test_a_grid_over_lambda_has_a_method_for_each():
    grid = pd.concat([curve("constant_l2", [10, 20]).assign(l2=one) for one in (0.01, 5e-4, 0.0)])
    frame, found = budgets.constants(Runs(), "x", pd.concat([grid, curve("auto_l2", [1, 2])]))
    assert list(found.items()) == [("constant_l2_0.0005", 5e-4), ("constant_l2_0.01", 0.01)]
    assert set(frame["method"]) == {*found, "constant_l2", "auto_l2"}
    assert set(frame.loc[frame["method"] == "constant_l2", "l2"]) == {0.0}


def test_without_a_grid_the_settings_have_lambda():
    both = pd.concat([curve(one, [1, 2]) for one in ("constant_l2_1", "none", "auto_l2")])
    frame, found = budgets.constants(Runs(), "x", both.reset_index(drop=True))
    assert found == {"constant_l2_0.1": 0.1}
    assert set(frame["method"]) == {"constant_l2_0.1", "none", "auto_l2"}
