"""Three forms of Entropy-SGD beside each other: what is shared, and what one switch does."""

import io

import pandas as pd
import pytest
import torch

from landscape.experiments import entropy_programs as programs

pytestmark = pytest.mark.usefixtures("stand_ins")

SETTINGS = {
    "data": "mnist", "train_samples": 48, "batch_size": 16, "dropout": 0.25, "lr": 1.0,
    "lr_inner": 0.1, "L": 2, "gamma": 1e4, "gamma_decay": 1e-3, "temperature": 1e-6,
    "momentum": 0.9, "updates": 2, "draws": 1, "tiny_samples": 16, "tiny_width": 3,
    "tiny_rates": [0.1], "tiny_L": [3], "tiny_gamma": [1.0], "tiny_updates": [1, 4],
    "tiny_draws": 2, "seed": 5,
}  # fmt: skip


def table(case):
    return pd.read_csv(io.StringIO(programs.simulate(SETTINGS, case).tables["results"]))


@pytest.fixture(scope="module")
def tiny(stand_ins):
    return table("tiny")


def test_runs_on_lenet_share_their_start():
    found = {name: programs.answers(SETTINGS, name, 5)
             for name in ("thesis", "thesis_inner", "lua", "other_batches")}  # fmt: skip
    for points in found.values():
        assert len(points) == 3
        torch.testing.assert_close(points[0], found["thesis"][0], rtol=0, atol=0)
    # The first outer step adds m (x - z) where there is momentum outside, and nothing else.
    ways = {name: points[1] - points[0] for name, points in found.items()}
    torch.testing.assert_close(ways["thesis"], 1.9 * ways["thesis_inner"], rtol=1e-3, atol=1e-6)
    assert (ways["thesis"] - ways["other_batches"]).norm() > 0.01 * ways["thesis"].norm()


def test_all_pairs_are_measured_after_each_outer_step():
    rows = table("lenet")
    assert len(rows) == 10 * 2
    assert (rows["apart"] > 0).all()
    # Two rows with the same first run have moved as far.
    assert (rows.groupby(["first", "update"])["moved"].nunique() == 1).all()


def test_one_switch_at_a_time(tiny):
    assert len(tiny) == 2 * 2 * (3 + 2 * 6)
    at_start = tiny[(tiny["update"] == 1) & (tiny["base"] == "thesis")].set_index("switch")
    # In the first outer step the scope has not shrunk and no buffer has been kept. What is left is
    # rounding, which some processors have where a sum is taken in another order.
    for switch in ("none", "scoping", "inner_buffer"):
        assert (at_start.loc[switch, "apart"] < 1e-15).all(), switch
    for switch in ("averaging", "first_gradient", "force", "outer_momentum"):
        assert (at_start.loc[switch, "apart"] > 0).all(), switch
    both = tiny[tiny["switch"] == "none"].pivot_table(
        index=["seed", "update"], columns="base", values="left"
    )
    pd.testing.assert_series_equal(both["thesis"], both["pytorch"], check_names=False)


def test_workers_change_nothing(other_workers):
    alone = programs.simulate(SETTINGS, "tiny", workers=1).tables
    other_workers(programs)
    assert alone == programs.simulate(SETTINGS, "tiny", workers=2).tables
