"""Losses of the infinitely wide network on digits: against the equation of motion."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import solve_ivp

from landscape.experiments import kernel_evolution as evolution
from landscape.models.ntk import ntk_two_layer

SETTINGS = {"data": "mnist", "samples": 6, "width": 40, "decay": 0.05, "draws": 2, "points": 9,
            "horizon": 20, "seed": 3}  # fmt: skip


@pytest.fixture(autouse=True)
def made_up_digits(monkeypatch):
    rng = np.random.default_rng(0)
    found = SimpleNamespace(train_images=rng.integers(0, 256, (10, 28, 28), dtype=np.uint8),
                            train_labels=np.arange(10))  # fmt: skip
    monkeypatch.setattr(evolution.data, "load", {"mnist": found}.__getitem__)


def table(**changes):
    found = evolution.simulate(SETTINGS | changes, "theory").tables["results"]
    return pd.read_csv(io.StringIO(found))


def test_even_digits_are_plus_one_and_pixels_lie_between_zero_and_one():
    x, labels = evolution.digits(6)
    assert labels.tolist() == [1, -1, 1, -1, 1, -1]
    assert x.shape == (6, 1, 28, 28)
    assert 0 <= x.min() < 0.1
    assert 0.9 < x.max() <= 1


@pytest.mark.parametrize("k", [1, 2])
def test_losses_follow_the_equation_of_motion(k):
    x, labels = evolution.digits(6)
    torch.manual_seed(SETTINGS["seed"] + 1)  # of the second draw
    network = ntk_two_layer(width=40).double()
    parts = []
    for image in x[:, None]:  # the kernel by automatic differentiation
        network.zero_grad()
        network(image).sum().backward()
        parts.append(torch.cat([p.grad.ravel() for p in network.parameters()]).numpy())
    kernel = np.stack(parts) @ np.stack(parts).T
    start = network(x).detach().numpy()[:, 0]
    rows = table()
    rows = rows[rows["draw"] == 1]
    decay = SETTINGS["decay"]
    done = solve_ivp(
        lambda t, f: -np.exp(-2 * (k - 1) * decay * t) * kernel @ (f - labels) - k * decay * f,
        (0, rows["time"].max()), start, method="Radau", t_eval=rows["time"], rtol=1e-9, atol=1e-11,
    )  # fmt: skip
    expected = 0.5 * ((done.y.T - labels) ** 2).sum(1)
    np.testing.assert_allclose(rows[f"loss_k{k}"], expected, rtol=1e-4)


def test_two_layers_end_as_the_zero_function_and_the_linear_model_does_not():
    for _, rows in table().groupby("draw"):
        assert rows["time"].iloc[[0, -1]].tolist() == [0, 400]
        last = rows.iloc[-1]
        assert last["loss_zero"] == 3
        assert last["loss_k2"] == pytest.approx(3, rel=1e-4)
        assert last["loss_k1"] < 1.5


def test_draws_differ_and_are_repeatable():
    rows = table()
    starts = rows[rows["time"] == 0]["loss_k2"]
    assert starts.nunique() == 2
    pd.testing.assert_frame_equal(rows, table())
    pd.testing.assert_frame_equal(rows[rows["draw"] == 0], table(draws=1))
