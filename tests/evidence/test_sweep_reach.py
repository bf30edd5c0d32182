"""How far hours reach into a sweep."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import sweep_reach
from landscape.experiments import settings
from landscape.experiments.sweep_settings import configurations
from landscape.train.sweep_spec import instants

ROOT = Path(__file__).parents[2]
NAME = "predict-your-l2"


def test_every_look_counts_its_samples():
    frame = sweep_reach.networks(NAME, ROOT)
    every = configurations(settings.method_settings(NAME, "softmax", "paper", ROOT), "")
    assert len(frame) == len(every) == 60
    assert set(frame) == {"l2", "method", "seed", "steps", "evaluated"}
    seen = instants(3000, 20, 1)  # every look is a row: 10,000 test and 512 training samples
    assert (frame["evaluated"] == len(seen) * 10_512).all()
    assert frame["steps"].tolist() == [one.steps for one in every]


@pytest.fixture
def grid():
    rows = [(lr, l2, seed, round(2 / (lr * l2))) for lr in (0.1, 1.0)
            for l2 in (1e-3, 1e-2, 0.1, 1.0) for seed in (0, 1)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["lr", "l2", "seed", "steps"]).assign(evaluated=1000)
    return sweep_reach.with_seconds(frame, step=0.1, evaluation=1.0)


def test_seconds_are_steps_and_evaluations_cheapest_first(grid):
    np.testing.assert_allclose(grid["seconds"], grid["steps"] * 0.1 + 1.0)
    assert grid["seconds"].is_monotonic_increasing
    assert grid["steps"].iloc[0] == 2
    assert grid["steps"].iloc[-1] == 20_000


def test_portions_hold_those_before_them_and_end_with_all(grid):
    found = sweep_reach.portions(grid)
    assert [one.most_steps for one in found] == [10, 100, 1000, 10_000, None]
    assert [one.networks for one in found] == [2, 6, 10, 14, 16]
    assert found[-1].share == 1
    assert found[-1].seconds == pytest.approx(grid["seconds"].sum())
    for one in found[:-1]:
        assert one.seconds == pytest.approx(grid[grid["steps"] <= one.most_steps]["seconds"].sum())


def test_hours_reach_all_seeds_of_a_point_or_none(grid):
    three = grid[grid["steps"] <= 200]  # five points; the last ones cost 2 x 21 seconds each
    hours = (three["seconds"].sum() - 1) / 3600
    found = sweep_reach.reach(grid, hours)
    assert found.frame.groupby(["lr", "l2"])["reached"].nunique().eq(1).all()
    assert found.count == len(three) - 2
    assert found.spent <= hours < found.whole
    assert found.whole == pytest.approx(grid["seconds"].sum() / 3600)
    assert sweep_reach.reach(grid, 1e9).count == len(grid)
    assert sweep_reach.reach(grid, 0).count == 0


def test_costs_come_from_the_newest_record_of_that_kind_of_machine(tmp_path):
    folder = tmp_path / "records" / "paper-scale-costs"
    folder.mkdir(parents=True)
    row = {"experiment": "e", "method": "m", "step_seconds": 0.3, "evaluation_seconds": 0.2}
    machine = {"device": "cpu", "name": "a core", "torch": "2"}
    (folder / "2026-01-01.json").write_text(
        json.dumps({"machine": machine, "date": "2026-01-01", "rows": [row]})
    )
    assert sweep_reach.measured(tmp_path, "e", "m")[:2] == (0.3, 0.2)
    assert sweep_reach.measured(tmp_path, "e", "m", "cuda") is None
    assert sweep_reach.measured(tmp_path, "e", "other") is None
