"""The Hessian with one layer from Jacobians, against the Hessian written out."""

import pytest
import torch
from reference import curvature_reference as reference
from torch import nn

from landscape.analysis.curvature import products
from landscape.analysis.layered_hessian import layered_hessian
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square
from landscape.models import build


def dense(seed=0):
    """Two hidden ReLU layers, and 17 samples of 3 classes."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)
    ).double()
    return model, torch.randn(17, 4).double(), torch.randint(0, 3, (17,))


@pytest.mark.parametrize("layer", ["0", "2", "4"])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_any_layer_gives_the_hessian_written_out(layer, decay):
    model, x, y = dense()
    f = MeanLoss(model, x, y, chunk=6, weight_decay=decay)
    expected = reference.hessian(model, cross_entropy, x, y, decay)
    found = layered_hessian(f, layer, rows=7)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_network_with_convolutions_and_pools():
    torch.manual_seed(1)
    model = build("small_lenet_ch3", channels=[2, 3], pools=[1, 2], width=6, size=14)
    x, y = torch.randn(9, 1, 14, 14), torch.arange(9)
    f = MeanLoss(model, x, y, chunk=4)
    expected = products(f, torch.eye(f.size, dtype=f.dtype))
    assert model.layers[9].weight.shape == (6, 27)
    torch.testing.assert_close(layered_hessian(f, "layers.9"), expected, rtol=1e-9, atol=1e-12)
    model.layers[9] = nn.Sequential(model.layers[9], nn.Tanh())
    with pytest.raises(ValueError, match="is a Tanh, which may be curved; use exact_spectrum"):
        layered_hessian(MeanLoss(model, x, y), "layers.9.0")


def test_what_does_not_hold_for_a_loss_or_a_layer_is_refused():
    model, x, y = dense()
    with pytest.raises(ValueError, match="'1' is no dense layer with biases; there is 0, 2, 4"):
        layered_hessian(MeanLoss(model, x, y), "1")
    squares = MeanLoss(model, x, torch.randn(17, 3).double(), loss=half_square)
    with pytest.raises(ValueError, match="cross-entropy only"):
        layered_hessian(squares, "2")
