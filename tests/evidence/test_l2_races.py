"""Accuracies within a budget, on curves made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import l2_races as budgets


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


def test_between_two_strengths_a_line_in_the_logarithm():
    found = {1e-3: pd.Series([60.0, 61.0]), 1e-4: pd.Series([50.0, 55.0])}
    assert list(budgets.between(found, 10**-3.5)) == pytest.approx([55, 58])
    assert list(budgets.between(found, 1e-9)) == [50, 55]
    assert list(budgets.between(found, 1.0)) == [60, 61]
    assert np.isfinite(budgets.between(found, 5e-4)).all()


def test_strengths_are_those_of_the_settings():
    class Runs:
        def parameters(self, experiment, method):
            return {"auto": {"auto_l2": {"every": 10}}, "none": {}, "large": {"loss": {"l2": 0.1}},
                    "small": {"loss": {"l2": 0.01}}}[method]  # fmt: skip

    found = budgets.strengths(Runs(), "x", ["auto", "none", "large", "small"])
    assert found == {"small": 0.01, "large": 0.1}
    assert list(found) == ["small", "large"]
