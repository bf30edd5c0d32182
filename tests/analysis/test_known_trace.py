"""The trace in closed form, and sums that it makes precise: against Hessians written out."""

import numpy as np
import pytest
import torch
from reference import curvature_reference, trace_reference
from torch import nn

from landscape.analysis import known_trace, laplace
from landscape.analysis.lanczos import Density, SymmetricOperator, density
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square
from landscape.errors import LandscapeError

NETWORKS = {
    "one hidden layer": lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3)),
    "two, of unequal width": lambda: nn.Sequential(
        nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)
    ),
    "without biases": lambda: nn.Sequential(
        nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 3, bias=False)
    ),
}


def loss_of(name, **options):
    torch.manual_seed(0)
    model = NETWORKS[name]().double()
    return MeanLoss(model, torch.randn(7, 3).double(), torch.arange(7) % 3, **options)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_trace_of_the_hessian_written_out(name):
    f = loss_of(name)
    whole = curvature_reference.hessian(f.network, cross_entropy, f.inputs, f.targets)
    assert known_trace.relu_trace(f) == pytest.approx(float(whole.trace()), rel=1e-10)


def test_it_is_that_of_the_slow_twin_in_chunks_and_with_decay():
    f = loss_of("one hidden layer", chunk=3, weight_decay=0.25)
    twin = trace_reference.trace(f.network, f.inputs, balanced=False)
    assert known_trace.relu_trace(f) == pytest.approx(twin + 0.25 * f.size, rel=1e-12)


def test_another_loss_or_network_is_refused():
    with pytest.raises(LandscapeError, match="cross-entropy only"):
        known_trace.relu_trace(loss_of("one hidden layer", loss=half_square))
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))
    f = MeanLoss(net, torch.randn(5, 3), torch.arange(5) % 3)
    with pytest.raises(LandscapeError, match="has Tanh"):
        known_trace.relu_trace(f)


def test_a_multiple_of_the_matrix_is_summed_exactly():
    found = Density(np.array([[1.0, 3.0], [2.0, 5.0]]), np.array([[0.5, 0.5], [0.1, 0.9]]), 6)
    assert known_trace.sum_with_trace(found, lambda x: 2 * x, 10.0) == pytest.approx(20.0)
    zero = Density(np.zeros((2, 2)), np.full((2, 2), 0.5), 6)
    assert known_trace.sum_with_trace(zero, np.exp, 0.0) == pytest.approx(6.0)


def test_probes_are_less_far_off_with_it():
    """Root mean square over draws, on a spectrum with a few large eigenvalues."""
    values = np.concatenate([[8.0, 5.0, 3.0], np.geomspace(0.5, 1e-3, 97)])
    torch.manual_seed(0)
    turned = torch.linalg.qr(torch.randn(100, 100, dtype=torch.float64))[0]
    matrix = turned @ torch.from_numpy(np.diag(values)) @ turned.T
    operator = SymmetricOperator(lambda rows: rows @ matrix, 100)

    def widths(nodes):
        return laplace.log_widths(nodes, 1.0)

    wanted, off = widths(values).sum(), {"alone": [], "with": []}
    for seed in range(12):
        found = density(operator, steps=8, probes=4, seed=100 * seed)
        off["alone"].append(100 * found.mean(widths).value - wanted)
        off["with"].append(known_trace.sum_with_trace(found, widths, values.sum()) - wanted)
    rms = {name: float(np.sqrt(np.mean(np.square(one)))) for name, one in off.items()}
    assert rms["with"] < 0.5 * rms["alone"]
    assert rms["with"] < 0.1 * wanted
