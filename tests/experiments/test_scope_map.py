"""Maps of the scope: every network is what the optimizer makes of it, and pairs share all else."""

import io
import math

import numpy as np
import pandas as pd
import pytest
import torch

from landscape import data
from landscape.experiments import scope_map
from landscape.experiments.entropy_forms import FlatNetwork
from landscape.optim import EntropySGD
from landscape.theory import inner_loop

pytestmark = pytest.mark.usefixtures("stand_ins")

SETTINGS = {
    "data": "mnist", "train_samples": 64, "test_samples": 50, "batch_size": 16, "width": 4,
    "lr": 1.0, "lr_inner": 0.1, "momentum": 0.9, "momentum_outer": 0.0, "temperature": 1e-4,
    "L": [2], "alpha": [0.25], "gamma": [10.0, 0.5, 1e-3], "gradients": 12, "draws": 2, "seed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(stand_ins):
    found = scope_map.simulate(SETTINGS, "map").tables
    return {name: pd.read_csv(io.StringIO(text)) for name, text in found.items()}


def test_every_network_stands_beside_one_without_force(tables):
    rows = tables["results"]
    for _, own in rows.groupby("seed"):
        free = own[(own["kind"] == "force") & np.isinf(own["gamma"])]
        assert len(free) == 1
        assert free["distance"].item() == 0
        assert set(own["kind"]) == {"force", "noise", "batches", "rate"}
        matched = own[own["kind"] == "rate"]
        for _, row in matched.iterrows():
            share = inner_loop.step_share(
                row["stands_for"], L=2, alpha=0.25, lr_inner=0.1, momentum=0.9
            )
            assert row["lr"] == pytest.approx(share, rel=1e-5)
    # Far below the limit the loop grows, and the share of a straight step is no share.
    assert 1e-3 not in set(rows["stands_for"])


def test_the_end_is_the_optimizers(tables):
    """Started as the row says, on its batches and with its noise."""
    splits = data.prepare("mnist", "minus_one_one", train_samples=64, test_samples=50, downsample=4)
    network = FlatNetwork("small_fc_ch6", width=4, batch_norm=False)
    start = network.start(3)
    free = None
    for gamma in (math.inf, 0.5):
        # One tensor, so that the generator is asked for the same numbers.
        theta = torch.nn.Parameter(start.clone())
        noise = torch.Generator().manual_seed(3 + scope_map.NOISE_STREAM)
        optimizer = EntropySGD(
            [theta], gamma=gamma, L=2, alpha=0.25, temperature=1e-4, momentum=0.9,
            momentum_outer=0.0, gamma_decay=0.0, generator=noise,
        )  # fmt: skip
        for chosen in scope_map.orders(3, 0, 64, 16, 12):
            optimizer.zero_grad()
            network.loss(theta, splits.train.x[chosen], splits.train.y[chosen]).backward()
            optimizer.step()
        end = theta.detach()
        free = end if free is None else free
        rows = tables["results"]
        row = rows[(rows["kind"] == "force") & (rows["gamma"] == gamma) & (rows["seed"] == 3)]
        loss, _ = network.measured(end[None], splits.train.x, splits.train.y)
        assert row["training_loss"].item() == pytest.approx(float(loss[0]), rel=1e-4)
        assert row["distance"].item() == pytest.approx(float((end - free).norm()), rel=1e-3)


def test_curvatures_belong_to_networks_without_force(tables):
    rows = tables["curvature"]
    assert rows["seed"].tolist() == [3, 4]
    assert (rows[["start", "end"]] > 0).all(axis=None)


def test_an_order_is_made_of_permutations():
    order = scope_map.orders(0, 0, 20, 6, 5)
    assert order.shape == (5, 6)
    assert len(set(order[:3].flatten().tolist())) == 18
    assert not torch.equal(order, scope_map.orders(0, 1, 20, 6, 5))
    assert torch.equal(order[:3], scope_map.orders(0, 0, 20, 6, 3))


def test_a_network_that_blows_up_is_named_so():
    wild = SETTINGS | {"gamma": [1e-6], "gradients": 60, "L": [20], "draws": 1}
    rows = pd.read_csv(io.StringIO(scope_map.simulate(wild, "map").tables["results"]))
    lost = rows[rows["gamma"] == 1e-6].iloc[0]
    assert lost["diverged"] == 1
    assert np.isnan(lost["training_loss"])
    assert rows["diverged"].sum() == 1
