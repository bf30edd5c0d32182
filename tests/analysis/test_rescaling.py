"""Rescaled networks compute the same and curve otherwise."""

import pytest
import torch

from landscape import models
from landscape.analysis import rescaling
from landscape.errors import LandscapeError


def network(depth=1):
    torch.manual_seed(0)
    return models.build("small_fc_ch6", batch_norm=False, width=6, depth=depth, size=4).double()


def outputs(net):
    torch.manual_seed(1)
    return net(torch.randn(9, 1, 4, 4, dtype=torch.float64))


@pytest.mark.parametrize("depth", [1, 3])
def test_the_outputs_stay(depth):
    net = network(depth)
    factors = [torch.rand(6) + 0.5 for _ in range(depth)]
    torch.testing.assert_close(outputs(rescaling.rescaled(net, factors)), outputs(net))
    torch.testing.assert_close(outputs(rescaling.balanced(net)), outputs(net))


@pytest.mark.parametrize("depth", [1, 3])
def test_all_rescalings_have_the_same_balanced_network(depth):
    net = network(depth)
    other = rescaling.rescaled(net, [torch.rand(6) + 0.5 for _ in range(depth)])
    one, two = rescaling.balanced(net), rescaling.balanced(other)
    assert max(float(r.abs().max()) for r in rescaling.imbalance(one)) < 1e-5
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_the_balanced_one_is_the_shortest():
    net = network()
    length = lambda m: sum(float(p.detach().square().sum()) for p in m.parameters())  # noqa: E731
    assert length(rescaling.balanced(net)) < length(net)
    assert length(rescaling.balanced(net)) < length(rescaling.rescaled(net, [1.3]))


def test_a_unit_without_outgoing_weights_stays():
    net = network()
    rescaling.linear_layers(net)[1].weight.data[:, 2] = 0
    assert rescaling.imbalance(net)[0][2] == 0
    assert all(p.isfinite().all() for p in rescaling.balanced(net).parameters())


def test_what_cannot_be_rescaled_is_named():
    with pytest.raises(LandscapeError, match="BatchNorm1d"):
        rescaling.balanced(models.build("small_fc_ch6", size=4))
    with pytest.raises(LandscapeError, match="1 hidden layers and 2 factors"):
        rescaling.rescaled(network(), [1.0, 2.0])
    with pytest.raises(LandscapeError, match="positive"):
        rescaling.rescaled(network(), [-1.0])
