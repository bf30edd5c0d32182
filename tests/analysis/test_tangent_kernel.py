"""The tangent kernel by torch.func: against the closed form, and a loop of backward passes."""

import pytest
import torch
from torch import nn

from landscape.analysis.tangent_kernel import gradients, tangent_kernel
from landscape.models.ntk_layers import NTKLayers


def by_backward(network, x):
    """One backward pass an input."""
    rows = []
    for one in x:
        network.zero_grad()
        network(one[None]).sum().backward()
        rows.append(torch.cat([p.grad.ravel() for p in network.parameters()]))
    return torch.stack(rows)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_is_the_closed_form(layers):
    torch.manual_seed(0)
    network = NTKLayers(layers=layers, width=9, inputs=4).double()
    x = torch.randn(7, 4, dtype=torch.double)
    torch.testing.assert_close(tangent_kernel(network, x), network.kernel(x))
    torch.testing.assert_close(tangent_kernel(network, x, chunk=2), network.kernel(x))


def test_any_network_with_one_output_has_one():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    x = torch.randn(4, 2, 3, dtype=torch.double)
    rows = by_backward(network, x)
    torch.testing.assert_close(gradients(network, x), rows)
    torch.testing.assert_close(tangent_kernel(network, x, x[:2]), rows @ rows[:2].T)
