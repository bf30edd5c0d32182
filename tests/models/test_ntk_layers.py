"""Networks of any depth in NTK parameterisation: outputs, kernel, descent, few inputs."""

import pytest
import torch

from landscape.models.checks import ModelError
from landscape.models.ntk import ntk_two_layer
from landscape.models.ntk_layers import NTKLayers, as_few_inputs


def network(layers, linear=False, width=7, inputs=5):
    torch.manual_seed(layers)
    return NTKLayers(layers=layers, width=width, inputs=inputs, linear=linear).double()


@pytest.fixture
def x():
    return torch.randn(6, 5, dtype=torch.double, generator=torch.Generator().manual_seed(0))


def test_two_layers_are_the_network_of_figure_5():
    ours, theirs = network(2, inputs=784), ntk_two_layer(width=7).double()
    with torch.no_grad():
        ours.weights[0].copy_(theirs.first)
        ours.weights[1].copy_(theirs.second)
    images = torch.rand(3, 1, 28, 28, dtype=torch.double)
    torch.testing.assert_close(ours(images.flatten(1)), theirs(images)[:, 0])
    torch.testing.assert_close(ours.kernel(images.flatten(1)), theirs.kernel(images))


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_outputs_scale_as_the_power_of_the_weights_that_is_the_depth(layers, x):
    one = network(layers)
    before = one(x).detach()
    with torch.no_grad():
        for weight in one.weights:
            weight *= 1.5
    torch.testing.assert_close(one(x).detach(), before * 1.5**layers)


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_step_is_that_of_automatic_differentiation(layers, linear, x):
    y = torch.arange(6.0).double()
    one, twin = network(layers, linear), network(layers, linear)
    one.descend(x, lambda f: f - y, 0.1, 0.3)
    loss = 0.5 * ((twin(x) - y) ** 2).sum() + 0.15 * sum((w**2).sum() for w in twin.weights)
    loss.backward()
    for ours, theirs in zip(one.weights, twin.weights, strict=True):
        torch.testing.assert_close(ours.detach(), theirs.detach() - 0.1 * theirs.grad)


def test_few_inputs_keep_lengths_angles_and_outputs(x):
    wide = torch.randn(4, 30, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    few = as_few_inputs(wide)
    assert few.shape == (4, 4)
    torch.testing.assert_close(few @ few.T / 4, wide @ wide.T / 30)
    assert as_few_inputs(x).shape == (6, 5)


def test_descent_on_few_inputs_is_that_on_all():
    wide = torch.randn(4, 30, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    large = network(2, inputs=30)
    small = network(2, inputs=4)
    with torch.no_grad():
        small.weights[0].copy_(large.weights[0] @ torch.linalg.qr(wide.T).Q)
        small.weights[1].copy_(large.weights[1])
    y = torch.tensor([1.0, -1, 1, -1]).double()
    for _ in range(40):
        large.descend(wide, lambda f: f - y, 0.2, 0.05)
        small.descend(as_few_inputs(wide), lambda f: f - y, 0.2, 0.05)
    torch.testing.assert_close(small(as_few_inputs(wide)), large(wide))


def test_bad_input_is_named(x):
    with pytest.raises(ModelError, match=r"shape \[n, 5\] but got \[6, 4\]"):
        network(2)(x[:, :4])
    with pytest.raises(ModelError, match="sigma_w"):
        NTKLayers(layers=2, width=3, inputs=2, sigma_w=0.0)
