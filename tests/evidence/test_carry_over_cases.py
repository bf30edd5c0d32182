"""What the rules on carrying over are asked of, case by case, from tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import carry_over_cases as cases

L2S, C = (0.0, 0.002, 0.006, 0.02, 0.06), 0.5


class Made:
    """Tables by experiment, case and name."""

    def __init__(self, tables):
        self.tables = tables

    def table(self, experiment, run, name="results"):
        return self.tables[experiment, run, name]


def rows_of(part, rate, budget, l2, seed, top=85.0, clock=1.0):
    """Accuracy climbs to its top at ``C / (rate l2)`` and falls again."""
    steps = np.unique(np.round(np.geomspace(1, budget, 60)).astype(int))
    peak = C / (l2 * rate) * (1 + seed / 50) if l2 else np.inf
    accuracy = top - 3 * np.abs(np.log(steps / peak)) if l2 else top - 2 + 0.0 * steps
    return pd.DataFrame({
        "part": part, "rate": rate, "budget": budget, "l2": l2, "seed": seed, "step": steps,
        "clock": clock * steps, "test_error": 100 - accuracy, "diverged": 0,
    })  # fmt: skip


def made(case, budgets=(250, 1000), grids=(1000,), experiment=cases.NAME):
    """A case that obeys the law, with predictions by two rules for every budget."""
    frames = [rows_of("grid", 1.0, budget, l2, seed) for budget in grids for l2 in L2S
              for seed in range(3)]  # fmt: skip
    frames += [rows_of("rates", 2.0, 1000, l2, seed) for l2 in L2S for seed in range(3)]
    wanted = []
    for budget in budgets:
        for rule, share in (("budget", 1.0), ("first_drop", 0.3)):
            l2 = C / (share * budget)
            frames += [rows_of("predicted", 1.0, budget, l2, seed).tail(1) for seed in range(3)]
            wanted += [{"seed": seed, "c": C, "budget": budget, "rule": rule, "l2": l2}
                       for seed in range(3)]  # fmt: skip
    return {(experiment, case, "results"): pd.concat(frames, ignore_index=True),
            (experiment, case, "predictions"): pd.DataFrame(wanted)}  # fmt: skip


def test_the_slower_rate_has_an_experiment_of_its_own():
    tables = made("parle", experiment=cases.SLOWER) | made("parle", budgets=(250,))
    runs = Made(tables)
    assert cases.budgets_of(runs, "parle_slower") == [250, 1000]
    assert cases.budgets_of(runs, "parle") == [250]


def test_a_case_is_judged_by_its_own_prediction():
    runs = Made(made("adam") | made("sgd_steps", grids=(250, 1000)))
    assert set(cases.expected(runs, "adam")["rule"]) == {"budget"}
    assert set(cases.expected(runs, "sgd_steps")["rule"]) == {"first_drop"}
    assert set(cases.expected(runs, "sgd_steps", "budget")["rule"]) == {"budget"}
    assert cases.c_of(runs, "sgd_steps").value == pytest.approx(C)


def test_a_schedule_has_a_grid_for_every_budget():
    runs = Made(made("adam") | made("sgd_steps", grids=(250, 1000)))
    for case in ("adam", "sgd_steps"):
        assert [b.budget for b in cases.compare(runs, case)] == [250, 1000]
    # A constant rate's grid is read at the budget, a schedule's was trained for it alone.
    assert set(cases.law_rows(runs, "sgd_steps")["budget"]) == {1000}
    grid = runs.tables[cases.NAME, "sgd_steps", "results"]
    grid.loc[(grid["part"] == "grid") & (grid["budget"] == 250), "test_error"] -= 5.0
    best = {b.budget: b.best.value for b in cases.compare(runs, "sgd_steps")}
    assert best[250] > best[1000] + 4


def test_rate_and_strength_share_the_time_by_their_product():
    runs = Made(made("adam"))
    rows, peaks = cases.times(runs, "adam")
    assert set(rows["part"]) == {"grid", "rates"}
    assert len(peaks) == 2 * len(L2S) * 3
    law = cases.product(runs, "adam")
    assert law.exponents["rate"].value == pytest.approx(-1, abs=0.1)
    assert law.exponents["l2"].value == pytest.approx(-1, abs=0.1)
    table = runs.tables[cases.NAME, "adam", "results"]
    runs.tables[cases.NAME, "adam", "results"] = table[table["part"] != "rates"]
    assert cases.product(runs, "adam") is None


def test_clocks_are_asked_of_peaks_within_the_run():
    runs = Made(made("sgd_steps", grids=(250, 1000)))
    kept = cases.clock_rows(runs, "sgd_steps")
    assert set(zip(kept["budget"], kept["l2"], strict=True)) == {
        (250, 0.002), (250, 0.006), (250, 0.02), (250, 0.06),
        (1000, 0.002), (1000, 0.006), (1000, 0.02), (1000, 0.06),
    }  # fmt: skip
    table = runs.tables[cases.NAME, "sgd_steps", "results"]
    table.loc[table["budget"] == 250, "clock"] /= 5  # until 50: c / l2 is 83 at 0.006
    table.loc[(table["budget"] == 1000) & (table["l2"] == 0.02), "diverged"] = 1
    kept = cases.clock_rows(runs, "sgd_steps")
    assert set(kept.loc[kept["budget"] == 250, "l2"]) == {0.02, 0.06}
    assert 0.02 not in set(kept.loc[kept["budget"] == 1000, "l2"])


def test_accuracies_at_a_budget_stand_beside_the_predictions():
    tables = made("sgd") | made("sgd_steps", grids=(250, 1000))
    means, predictions = cases.at_budget(
        Made(tables | made("sgd_cosine", grids=(250, 1000))), 250
    )  # fmt: skip
    assert list(means) == list(predictions) == ["sgd", "sgd_steps", "sgd_cosine"]
    assert list(means["sgd"].index) == list(L2S)
    assert predictions["sgd"] == pytest.approx(C / 250)
    assert predictions["sgd_steps"] == pytest.approx(C / 75)
