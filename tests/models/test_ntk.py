"""The two-layer NTK network: homogeneity and its closed-form kernel against autodiff."""

import pytest
import torch

from landscape import models
from landscape.models.checks import ModelError


def _network(width=50, sigma_w=1.0, dtype=torch.float64):
    torch.manual_seed(0)
    return models.build("ntk_two_layer", width=width, sigma_w=sigma_w, size=4).to(dtype)


@pytest.mark.parametrize("sigma_w", [1.0, 1.3])
def test_kernel_equals_gradient_products(sigma_w):
    model = _network(sigma_w=sigma_w)
    x = torch.randn(6, 1, 4, 4, dtype=torch.float64)
    rows = []
    for i in range(len(x)):
        gradient = torch.autograd.grad(model(x[i : i + 1]).squeeze(), list(model.parameters()))
        rows.append(torch.cat([g.flatten() for g in gradient]))
    jacobian = torch.stack(rows)
    torch.testing.assert_close(model.kernel(x), jacobian @ jacobian.T, rtol=1e-12, atol=1e-12)


def test_function_is_homogeneous_of_degree_two():
    model = _network()
    x = torch.randn(5, 1, 4, 4, dtype=torch.float64)
    before = model(x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.7)
    torch.testing.assert_close(model(x), 1.7**2 * before)


def test_kernel_fluctuates_less_with_width():
    x = torch.randn(3, 1, 4, 4, dtype=torch.float64)

    def spread(width):
        kernels = []
        for seed in range(12):
            torch.manual_seed(seed)
            network = models.build("ntk_two_layer", width=width, size=4).double()
            kernels.append(network.kernel(x))
        return torch.stack(kernels).std(0).mean().item()

    # Standard deviation falls as width^(-1/2): a factor 8 here; 3 leaves room for 12 draws.
    assert spread(64) > 3 * spread(4096)


def test_kernel_needs_one_output():
    torch.manual_seed(0)
    model = models.build("ntk_two_layer", width=5, classes=2, size=4)
    with pytest.raises(ModelError, match="classes=1"):
        model.kernel(torch.randn(2, 1, 4, 4))
