"""Wide networks against the theory: made-up digits, one network by hand, the edge."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from landscape.experiments import kernel_evolution
from landscape.experiments import kernel_theory as checks
from landscape.experiments import wide_training as wide
from landscape.models.ntk_layers import NTKLayers, as_few_inputs

SETTINGS = {"data": "mnist", "samples": 6, "degree": 2, "widths": [20, 40], "decays": [0.05],
            "step": None, "growth": 0.05, "latest": 0.02, "seeds": 2, "points": 8, "horizon": 10,
            "seed": 3}  # fmt: skip


@pytest.fixture(autouse=True)
def made_up_digits(monkeypatch):
    rng = np.random.default_rng(0)
    found = SimpleNamespace(
        train_images=rng.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        train_labels=np.arange(20),
        test_images=rng.integers(0, 256, (9, 28, 28), dtype=np.uint8),
        test_labels=np.arange(9),
    )
    for module in (kernel_evolution, checks):
        monkeypatch.setattr(module.data, "load", {"mnist": found}.__getitem__)


def table(name="results", **changes):
    found = wide.simulate(SETTINGS | changes, "trained").tables[name]
    return pd.read_csv(io.StringIO(found))


def test_every_network_has_its_rows_and_repeats():
    rows = table()
    assert len(rows) == 2 * 2 * 8
    pd.testing.assert_frame_equal(rows, table())
    one = rows[(rows["width"] == 20) & (rows["seed"] == 3)]
    assert one["time"].iloc[[0, -1]].tolist() == [0, 200]
    assert one["loss_zero"].unique().tolist() == [3]
    first = one.iloc[0]
    assert first["loss"] == pytest.approx(first["loss_flow"], rel=1e-4)
    assert first["apart"] < 1e-6
    assert one["steps"].is_monotonic_increasing


def test_fixed_steps_are_those_of_the_network_itself():
    run = wide.WideRun(20, 0.05, 5)
    found = wide.train(SETTINGS | {"step": 0.1, "horizon": 1, "points": 3}, run, torch.float64)
    images, y = kernel_evolution.digits(6)
    torch.manual_seed(5)
    network = NTKLayers(layers=2, width=20, inputs=6).double()
    x, y = as_few_inputs(images.flatten(1)), torch.from_numpy(y)
    for _ in range(200):
        network.descend(x, lambda f: f - y, 0.1, 0.05)
    with torch.no_grad():
        loss = 0.5 * float(((network(x) - y) ** 2).sum())
    assert found["loss"].iloc[-1] == pytest.approx(loss, rel=1e-9)


def test_cycles_follow_the_flow_of_small_steps():
    run = wide.WideRun(30, 0.05, 0)
    cycles = wide.train(SETTINGS | {"horizon": 2}, run, torch.float64)
    small = wide.train(SETTINGS | {"step": 0.02, "horizon": 2}, run, torch.float64)
    assert cycles["steps"].iloc[-1] < small["steps"].iloc[-1] / 3
    np.testing.assert_allclose(cycles["loss"], small["loss"], rtol=0.05, atol=0.02)


def test_the_linear_network_is_the_theory_at_any_width():
    given = SETTINGS | {"degree": 1}
    rows = pd.concat(wide.train(given, run, torch.float64) for run in wide.runs(given))
    assert rows["apart"].max() < 1e-12
    # In float32 a kernel need not be symmetric to the last digit: some processors add differently.
    assert table(degree=1)["apart"].max() < 1e-6
    assert rows["apart_steps"].max() < 0.02


def test_wider_networks_are_closer_to_the_theory():
    rows = table(widths=[20, 2000])
    early = rows[rows["time"] < 10].groupby("width")["apart"].max()
    assert early[2000] < early[20] / 3


def test_the_edge_of_one_sample_is_known():
    x, y = np.array([[2.0, 0.0]]), np.array([1.0])
    assert wide.edge(x, y) == pytest.approx(2 / np.sqrt(2), rel=1e-3)
    assert table("edge")["edge"][0] > 0


def test_every_check_is_a_rounding_error():
    settings = {"data": "mnist", "samples": 6, "checked_samples": 5, "checked_width": 8,
                "degrees": [1, 2, 3], "subsets": 2, "test_samples": 9, "decays": [0.05],
                "points": 5, "horizon": 10, "seed": 0}  # fmt: skip
    tables = {case: pd.read_csv(io.StringIO(checks.simulate(settings, case).tables["results"]))
              for case in ("checks", "elsewhere")}  # fmt: skip
    assert set(tables["checks"]["check"]) == {"kernel", "inputs", "matrix", "equation",
                                              "fixed-point", "samples"}  # fmt: skip
    assert tables["checks"]["off"].max() < 1e-5
    last = tables["elsewhere"].groupby(["subset", "degree"]).last()
    assert len(tables["elsewhere"]) == 2 * 3 * 5
    assert last.loc[(0, 2), "training_loss"] == pytest.approx(0.5, rel=1e-3)
    assert last.loc[(0, 1), "training_loss"] < 0.4
