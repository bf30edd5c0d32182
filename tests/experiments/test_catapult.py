"""The first steps with squared loss: against the work of a loop, and on a network without bends."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from landscape.experiments import catapult

SETTINGS = {"data": "mnist", "train_samples": 12, "width": 6, "loss_scale": 0.5, "lr": [0.05, 60.0],
            "steps": 7, "draws": 2, "seed": 4}  # fmt: skip


@pytest.fixture
def digits(monkeypatch):
    """Twelve images of noise in ten classes."""
    generator = torch.Generator().manual_seed(3)
    part = SimpleNamespace(x=torch.rand(12, 1, 28, 28, generator=generator),
                           y=torch.arange(12) % 10)  # fmt: skip
    splits = SimpleNamespace(train=part, validation=None, test=part)
    monkeypatch.setattr(catapult.data, "prepare", lambda *a, **k: splits)
    return part


def tables(**changes):
    found = catapult.simulate(SETTINGS | changes, "mse", workers=1).tables
    return {name: pd.read_csv(io.StringIO(text)) for name, text in found.items()}


def loss_of(model, digits):
    targets = nn.functional.one_hot(digits.y, 10).float()
    return 0.5 * ((model(digits.x) - targets) ** 2).sum(1).mean() / 10


def brute_force(model, digits):
    """Largest eigenvalue of the whole Hessian in float64, row by row."""
    model = model.double()
    targets = nn.functional.one_hot(digits.y, 10).double()
    loss = 0.5 * ((model(digits.x.double()) - targets) ** 2).sum(1).mean() / 10
    weights = list(model.parameters())
    slopes = torch.autograd.grad(loss, weights, create_graph=True)
    flat = torch.cat([g.reshape(-1) for g in slopes])
    rows = [
        torch.cat([g.reshape(-1) for g in torch.autograd.grad(one, weights, retain_graph=True)])
        for one in flat
    ]
    return float(torch.linalg.eigvalsh(torch.stack(rows))[-1])


def test_curvature_is_the_largest_eigenvalue_of_the_whole_matrix():
    generator = torch.Generator().manual_seed(1)
    part = SimpleNamespace(x=torch.rand(9, 1, 3, 3, generator=generator), y=torch.arange(9))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.ReLU(), nn.Linear(5, 10))
    found = catapult.sharpness(model, part, 0.5)
    assert found == pytest.approx(brute_force(model, part), rel=1e-4)


def test_steps_are_those_of_gradient_descent(digits):
    found = tables()
    rows = found["results"].query("lr == 0.05 and seed == 5")
    assert rows["step"].tolist() == list(range(8))
    torch.manual_seed(5)
    model = catapult.network(
        catapult.Shared(catapult.DataSpec(), "fc_lewkowycz", {"width": 6}), 5
    )  # fmt: skip
    optimizer, expected = torch.optim.SGD(model.parameters(), lr=0.05), []
    for _ in range(8):
        optimizer.zero_grad()
        loss = loss_of(model, digits)
        expected.append(float(loss.detach()))
        loss.backward()
        if len(expected) < 8:
            optimizer.step()
    np.testing.assert_allclose(rows["loss"], expected, rtol=1e-4)
    row = found["curvature"].query("lr == 0.05 and seed == 5").iloc[0]
    assert row["end"] == pytest.approx(catapult.sharpness(model, digits, 0.5), rel=1e-3)


def test_a_rate_far_too_large_diverges_and_has_no_curvature_at_its_end(digits):
    found = tables(steps=40)
    lost = found["curvature"].query("lr == 60")
    assert lost["diverged"].tolist() == [1, 1]
    assert lost["end"].isna().all()
    assert (lost["start"] > 0).all()
    assert found["results"].query("lr == 60").groupby("seed")["step"].max().max() < 40


def test_the_curvature_at_the_start_is_that_of_the_seed(digits):
    table = tables(steps=1)["curvature"]
    assert table.groupby("seed")["start"].nunique().tolist() == [1, 1]
    assert table["start"].nunique() == 2
