"""The rules of what carries over, on runs whose peaks and accuracies are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import carry_over as rules
from landscape.evidence.measurement import Measurement

L2S = (0.0, 0.001, 0.003, 0.01, 0.03)


def runs(exponent=-1.0, tops=None, c=0.5, until=1000, spread=0.0, jitter=0.0, budget=None):
    """Accuracy climbs to its top at c l2 ** exponent and falls again; one row a look and seed."""
    tops = dict.fromkeys(L2S, 80.0) | (tops or {})
    draws, rows = np.random.default_rng(1), []
    for l2 in L2S:
        for seed in range(4):
            peak = np.inf if l2 == 0 else c * l2**exponent * np.exp(jitter * draws.normal())
            best = tops[l2] + spread * draws.normal()
            for step in np.unique(np.round(np.geomspace(1, until, 200))):
                accuracy = best - 4 * abs(np.log(step / peak)) if l2 else best - 2
                rows.append({"l2": l2, "seed": seed, "step": int(step), "clock": step,
                             "budget": budget or until, "test_error": 100 - max(accuracy, 5.0),
                             "diverged": 0})  # fmt: skip
    return pd.DataFrame(rows)


def predicted(l2s, budget, top):
    """Runs of four seeds, each with its own strength, that all end at one accuracy."""
    rows = [{"l2": l2, "seed": seed, "step": budget, "budget": budget, "test_error": 100 - top,
             "diverged": 0} for seed, l2 in enumerate(l2s)]  # fmt: skip
    wanted = pd.DataFrame({"seed": range(len(l2s)), "l2": l2s, "budget": budget, "c": 0.5})
    return pd.DataFrame(rows), wanted


def test_the_exponent_is_that_of_the_runs_whose_peak_has_passed():
    rows = runs()
    kept = rules.fitted(rows)
    assert set(kept["l2"]) == {0.001, 0.003, 0.01, 0.03}
    # A quarter of the time: the smallest strength has just peaked, and has not fallen again.
    assert set(rules.fitted(runs(until=520))["l2"]) == {0.003, 0.01, 0.03}
    found = rules.exponent(kept)
    assert found.value == pytest.approx(-1, abs=0.03)
    assert rules.holds(found)
    shallow = rules.exponent(rules.fitted(runs(exponent=-0.4, c=8.0)))
    assert shallow.value == pytest.approx(-0.4, abs=0.05)
    assert rules.holds(shallow) is False


def test_what_does_not_train_or_diverges_is_not_fitted():
    assert 0.03 not in set(rules.fitted(runs(tops={0.03: 25.0}))["l2"])
    rows = runs()
    rows.loc[(rows["l2"] == 0.01) & (rows["seed"] == 2), "diverged"] = 1
    assert 0.01 not in set(rules.fitted(rows)["l2"])
    nothing = rules.exponent(rules.fitted(runs(until=5)))
    assert not nothing.finite
    assert rules.holds(nothing) is None


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-1.1, -0.9, True), (-0.95, -0.7, True), (-0.84, -0.7, False), (-1.6, -1.2, False),
     (-1.5, -0.7, None)],
)  # fmt: skip
def test_an_interval_that_is_too_wide_decides_nothing(low, high, said):
    assert rules.holds(Measurement((low + high) / 2, low, high)) is said
    assert rules.holds(Measurement(-1.0)) is None


def test_tuned_and_predicted_are_compared_seed_by_seed():
    grid = runs(tops={0.01: 82.0, 0.003: 81.95}, until=1000)
    own, wanted = predicted([0.02, 0.03, 0.02, 0.03], 1000, 81.8)
    found = rules.compared(grid, own, wanted, 1000)
    assert (found.tuned, found.low, found.high) == (0.01, 0.003, 0.01)
    assert found.predicted.value == pytest.approx(np.sqrt(6e-4))
    assert found.decades == pytest.approx(np.log10(np.sqrt(6e-4) / 0.01))
    assert found.loss.value == pytest.approx(0.2, abs=0.1)
    assert found.loss.n == 4
    assert found.without.value == pytest.approx(4.0, abs=0.2)
    assert rules.strength_fits([found])
    assert rules.accuracy_fits([found])


def test_zero_is_never_the_tuned_strength():
    own, wanted = predicted([0.02] * 4, 1000, 80.0)
    found = rules.compared(runs(tops={0.0: 99.0}), own, wanted, 1000)
    assert found.tuned > 0
    assert found.without.value < 0


def test_a_prediction_that_is_missing_fails():
    own, wanted = predicted([0.02] * 4, 1000, 80.0)
    found = rules.compared(runs(), own.iloc[:0], wanted.iloc[:0], 1000)
    assert not rules.strength_fits([found])
    assert not rules.accuracy_fits([found])
    assert not rules.shared_c(wanted.iloc[:0]).finite
    assert rules.shared_c(wanted).value == pytest.approx(0.5)


def test_too_far_or_too_much_lost_fails():
    own, wanted = predicted([0.3] * 4, 1000, 79.0)
    found = rules.compared(runs(tops={0.01: 82.0}), own, wanted, 1000)
    assert not rules.strength_fits([found])
    assert not rules.accuracy_fits([found])


def test_a_loss_whose_interval_reaches_below_the_limit_decides_nothing():
    own, wanted = predicted([0.02] * 4, 1000, 81.0)
    found = rules.compared(runs(tops={0.01: 82.0}), own, wanted, 1000)
    wide = replace(found, loss=Measurement(0.5, -0.5, 1.5))
    assert rules.accuracy_fits([found]) is False
    assert rules.accuracy_fits([wide]) is None
    assert rules.accuracy_fits([found, wide]) is False
    assert rules.accuracy_fits([replace(found, loss=Measurement(0.4, -0.5, 1.3))]) is True


def test_the_better_clock_is_found():
    """Peaks at one sum of the rates, where the rate falls in the middle of the run."""
    rows = pd.concat([runs(until=400, budget=400, jitter=0.02), runs(until=900, budget=900,
                                                                      jitter=0.02)])  # fmt: skip
    rows = rows[rows["l2"] > 0.002]
    # Counted in gradients the peaks come as 1 / l2; a wrong clock runs as the square.
    plain, gain = rules.scatter_of_clocks(rows.assign(clock=rows["step"] ** 2.0))
    assert gain.high < 0
    plain, gain = rules.scatter_of_clocks(rows.assign(step=rows["step"] ** 2, clock=rows["step"]))
    assert gain.low > 0
    assert plain.value > gain.value
    assert rules.scatter_of_clocks(rows[(rows["l2"] > 0.02) & (rows["budget"] == 400)]) is None
