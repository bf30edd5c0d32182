"""Widths of kept networks: on networks whose answers are known."""

import numpy as np
import pytest
import torch

from landscape import models
from landscape.analysis import laplace, rescaling
from landscape.analysis.curvature import products
from landscape.analysis.mean_loss import MeanLoss
from landscape.experiments import execute, widths

PAGE = """\
    toy:
      title: A training
      common:
        data: {name: mnist}
        model: {name: small_fc_ch6, size: 28, width: 4, batch_norm: false}
        run: {epochs: 4, seeds: 2, batch_size: 16, weights: [0.25, 1.0]}
      methods:
        sgd: {optimizer: {name: sgd, lr: 0.1}}
        adam: {optimizer: {name: adam, lr: 0.01}}
    toy-widths:
      title: An analysis
      module: landscape.experiments.widths
      cases: [measures, sampled, exact, lines, rescaled]
      common: {reads: [toy], scopes: [0.1, 1.0], sampled_scope: 1.0, probes: 2, steps: 8,
               directions: 2, distance: 0.1, chains: 2, nodes: 4, burn_in: 2, samples: 4,
               exact_seeds: 0, factors: [0.5, 1.0], spread: 0.5, draws: 1, seed: 0}
"""
SETTINGS = {"probes": 30, "steps": 20, "seed": 0, "scopes": [0.1, 1.0], "directions": 40,
            "distance": 0.1}  # fmt: skip


@pytest.fixture
def f():
    torch.manual_seed(0)
    net = models.build("small_fc_ch6", batch_norm=False, width=4, size=3)
    x, y = torch.randn(50, 1, 3, 3), torch.randint(0, 10, (50,))
    return MeanLoss(net, x, y)


def test_the_curvature_is_that_of_the_matrix(f):
    eigenvalues = torch.linalg.eigvalsh(products(f, torch.eye(f.size, dtype=f.dtype))).numpy()
    found = widths.curvature(f, SETTINGS, "plain")
    assert found["plain_top"] == pytest.approx(eigenvalues[-1], rel=1e-6)
    assert found["plain_trace"] == pytest.approx(eigenvalues.sum(), rel=1e-9)
    exact = laplace.width_term(eigenvalues, 1.0, f.samples)
    assert found["plain_width_1"] == pytest.approx(exact, rel=0.03)


def test_the_rise_does_not_change_when_layers_are_rescaled(f):
    other = MeanLoss(rescaling.rescaled(f.network, [4.0]), f.inputs, f.targets)
    assert widths.rise(other, SETTINGS) == pytest.approx(widths.rise(f, SETTINGS), rel=1e-9)
    assert widths.curvature(other, SETTINGS, "a")["a_top"] > 1.5 * (
        widths.curvature(f, SETTINGS, "a")["a_top"]
    )


def test_all_cases_run_on_kept_weights(toy, small_data, monkeypatch):
    toy.page("1-spin-glass/toy", PAGE)
    monkeypatch.setenv("LANDSCAPE_ROOT", str(toy.root))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    for method in ("sgd", "adam"):
        execute.run(f"1-spin-glass/toy/{method}", "smoke", root=toy.root, workers=1)
    import pandas as pd

    tables = {
        case: pd.read_csv(
            execute.run(f"1-spin-glass/toy-widths/{case}", "smoke", root=toy.root, workers=1)
            / "results.csv"
        )
        for case in ("measures", "sampled", "exact", "lines", "rescaled")
    }
    measures = tables["measures"]
    assert len(measures) == 8
    assert measures["training_loss"].notna().all()
    assert (measures["length"] > 0).all()
    assert tables["exact"].empty
    assert {"sgd", "adam"} >= set(tables["sampled"]["method"])
    rescaled = tables["rescaled"]
    assert set(rescaled["method"]) == {"sgd"}
    assert set(rescaled["at"]) == {1.0}
    np.testing.assert_allclose(rescaled["training_loss"], rescaled["training_loss"][0], rtol=1e-5)
    np.testing.assert_allclose(rescaled["balanced_top"], rescaled["balanced_top"][0], rtol=1e-3)
