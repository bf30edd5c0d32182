"""Initialisation that a work states: variances within statistical bounds."""

import math

import pytest
import torch

from landscape import models
from landscape.models.checks import ModelError
from landscape.models.init import lecun_normal_


def _within(sample: torch.Tensor, variance: float, sigmas: float = 5.0) -> bool:
    """Mean square of n zero-mean normals has standard error variance * sqrt(2 / n)."""
    n = sample.numel()
    error = sample.double().square().mean().item() - variance
    return abs(error) < sigmas * variance * math.sqrt(2 / n)


def _layers(model):
    return [m for m in model.modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]


@pytest.mark.parametrize(
    ("name", "options", "sigma_w"),
    [
        ("fc_lewkowycz", {"width": 512}, math.sqrt(2)),
        ("fc64_lewkowycz", {}, math.sqrt(2)),
        ("cnn_lewkowycz", {"channels": 40, "pool": 2, "pool_stride": 2}, math.sqrt(2)),
        ("wrn_lewkowycz", {"depth": 16, "widen": 2}, 1.0),
        ("wrn_lewkowycz", {"depth": 16, "widen": 2, "sigma_w": 0.7}, 0.7),
    ],
)
def test_lecun_normal_variance(name, options, sigma_w):
    torch.manual_seed(3)
    model = models.build(name, **options)
    for layer in _layers(model):
        fan_in = layer.weight[0].numel()
        assert _within(layer.weight.detach(), sigma_w**2 / fan_in)
        if layer.bias is not None:
            assert torch.count_nonzero(layer.bias) == 0


def test_bias_variance():
    torch.manual_seed(4)
    model = models.build("fc_lewkowycz", width=2000, depth=1, sigma_b=0.3)
    assert _within(model.layers[0].bias.detach(), 0.09)


def test_hidden_activations_keep_their_size():
    """sigma_w = sqrt(2) keeps the mean square of ReLU layers: 2 E relu(z)^2 = E z^2."""
    torch.manual_seed(5)
    model = models.build("fc_lewkowycz", width=2048)
    x = torch.randn(64, 1, 28, 28)
    sizes = []
    h = x.flatten(1)
    for layer in model.layers:
        h = layer(h)
        if isinstance(layer, torch.nn.Linear):
            sizes.append(h.square().mean().item())
    # One layer's relative error is about sqrt(5 / width) = 0.05; four layers compound.
    assert sizes[0] == pytest.approx(2.0, rel=0.15)
    assert sizes[2] == pytest.approx(sizes[0], rel=0.3)


def test_ntk_weights_are_standard_normal():
    torch.manual_seed(6)
    model = models.build("ntk_two_layer", width=2000)
    assert _within(model.first.detach(), 1.0)
    assert _within(model.second.detach(), 1.0)


def test_negative_sigma_is_refused():
    with pytest.raises(ModelError, match="sigma_w=-1"):
        lecun_normal_(torch.nn.Linear(2, 2), -1, 0.0)


def test_all_other_networks_keep_torch_s_default():
    """Default dense layers are uniform in +-1/sqrt(N_in)."""
    torch.manual_seed(7)
    weight = models.build("mnistfc_ch2").layers[0].weight.detach()
    bound = 1 / math.sqrt(784)
    assert weight.abs().max() <= bound
    assert weight.abs().max() > 0.999 * bound


def test_glorot_variance_and_zero_biases():
    torch.manual_seed(0)
    model = models.build("mnistfc_ch2", initial="glorot")
    hidden = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][1:-1]
    values = torch.stack([m.weight.detach() for m in hidden]).double()
    variance = 2 / (128 + 128)
    # Uniform: the fourth moment is 9/5 of the squared variance, so Var(x^2) = 4/5 variance^2.
    bound = 5 * variance * (0.8 / values.numel()) ** 0.5
    assert abs(float(values.square().mean()) - variance) < bound
    assert float(values.abs().max()) <= (3 * variance) ** 0.5
    assert all(not m.bias.any() for m in model.modules() if isinstance(m, torch.nn.Linear))


def test_an_unknown_initialisation_is_refused():
    with pytest.raises(models.ModelError, match="torch' or 'glorot"):
        models.build("mnistfc_ch2", initial="he")
