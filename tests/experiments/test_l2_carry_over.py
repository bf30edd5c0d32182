"""Predicted strengths: what is trained, for how many gradients, and the same bytes."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.experiments import l2_carry_over as carry_over
from landscape.experiments import settings

pytestmark = pytest.mark.usefixtures("stand_ins")

ROOT = Path(__file__).parents[2]
SMOKE = settings.resolved(carry_over.EXPERIMENT, "smoke", ROOT) | {"train_samples": 64}


def tables(case, workers=1, **changes):
    found = carry_over.simulate(SMOKE | changes, case, workers=workers).tables
    return {name: pd.read_csv(io.StringIO(text)) for name, text in found.items()}


def test_every_case_takes_as_many_gradients():
    for case in ("entropy_sgd", "parle", "adamw"):
        # Seed 0 stays at 1 % throughout, which the library takes for a fraction, and refuses.
        rows = tables(case, seeds=1, seed=1)["results"]
        ends = rows.groupby(["part", "rate", "budget", "l2"])["step"].max()
        assert (ends == ends.index.get_level_values("budget")).all()
        assert set(rows["part"]) >= {"grid", "probe", "predicted"}
        assert ("rates" in set(rows["part"])) == (case == "adamw")
        assert set(rows.loc[rows["part"] == "predicted", "budget"]) == {15, 30}
        assert set(rows.loc[rows["part"] == "grid", "budget"]) == {30}


def test_a_seed_is_trained_with_what_its_own_short_run_predicts():
    found = tables("sgd_steps")
    rows, expected = found["results"], found["predictions"]
    trained = rows[rows["part"] == "predicted"]
    pairs = set(zip(trained["budget"], trained["l2"], trained["seed"], strict=True))
    assert pairs == set(zip(expected["budget"], expected["l2"], expected["seed"], strict=True))
    probe = rows[rows["part"] == "probe"]
    for seed, of in probe.groupby("seed"):
        peak = of.loc[of["test_error"].idxmin(), "step"]
        own = expected[expected["seed"] == seed].set_index(["budget", "rule"])
        assert (own["c"] - peak * 0.01).abs().max() < 1e-9
        assert own.loc[(30, "budget"), "l2"] == pytest.approx(peak * 0.01 / 30, rel=1e-5)
        assert own.loc[(30, "first_drop"), "l2"] == pytest.approx(peak * 0.01 / 9, rel=1e-5)
        passed = 9 + 9 / 5 + 9 / 25 + 3 / 125
        assert own.loc[(30, "clock"), "l2"] == pytest.approx(peak * 0.01 / passed, rel=1e-5)


def test_the_short_run_has_a_constant_rate():
    rows = tables("sgd_cosine", seeds=1)["results"]
    probe = rows[rows["part"] == "probe"]
    assert (probe["clock"] == probe["step"]).all()
    grid = rows[(rows["part"] == "grid") & (rows["step"] == 30)]
    np.testing.assert_allclose(grid["clock"], 15.5)


def test_clocks_are_the_sums_of_the_rates():
    given = {"drop_at": [0.3, 0.6, 0.9], "drop_factor": 5}
    steps = carry_over.clock(given, "steps", 1000)
    assert steps[300] == pytest.approx(300)
    assert steps[600] == pytest.approx(360)
    assert steps[-1] == pytest.approx(300 + 60 + 12 + 0.8)
    cosine = carry_over.clock(given, "cosine", 1000)
    half = sum((1 + np.cos(np.pi * s / 1000)) / 2 for s in range(400))
    assert cosine[400] == pytest.approx(half)


def test_a_short_run_that_is_lost_predicts_nothing():
    probe = pd.DataFrame({
        "seed": [0, 0, 1, 1], "step": [1, 2, 1, 2], "test_error": [80.0, 70.0, 60.0, np.nan],
        "diverged": [0, 0, 0, 1],
    })  # fmt: skip
    found = carry_over.predictions({"budgets": [10]}, "none", probe, 0.5)
    assert found.to_dict("records") == [
        {"seed": 0, "probe_l2": 0.5, "peak": 2.0, "c": 1.0, "budget": 10, "rule": "budget",
         "l2": 0.1}
    ]  # fmt: skip


def test_other_workers_give_the_same_bytes(other_workers):
    one = carry_over.simulate(SMOKE | {"seeds": 1}, "entropy_sgd")
    other_workers(carry_over)
    assert carry_over.simulate(SMOKE | {"seeds": 1}, "entropy_sgd", workers=2).tables == one.tables
