"""Laplace's local entropy against matrices, quadrature and Langevin chains."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn

from landscape.analysis import laplace
from landscape.analysis.curvature import products
from landscape.analysis.local_entropy import local_entropy
from landscape.analysis.mean_loss import MeanLoss, half_square
from landscape.errors import LandscapeError


def linear(samples=12):
    """A linear model under squares: its loss is quadratic."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(samples, 3, generator=generator, dtype=torch.float64)
    y = torch.randn(samples, 1, generator=generator, dtype=torch.float64)
    torch.manual_seed(0)
    return MeanLoss(nn.Linear(3, 1), x, y, loss=half_square)


def test_one_dimension_by_quadrature():
    c, slope, gamma, beta = 3.0, 0.7, 0.4, 5.0
    density = lambda y: math.exp(  # noqa: E731
        -beta * (slope * y + c * y**2 / 2) - beta * y**2 / (2 * gamma)
    )
    whole = math.sqrt(2 * math.pi * gamma / beta)
    exact = -math.log(quad(density, -10, 10)[0] / whole) / beta
    width = laplace.width_term(np.array([c]), gamma, beta)
    assert width - gamma / 2 * slope**2 / (1 + gamma * c) == pytest.approx(exact, rel=1e-9)


def test_the_slope_term_is_that_of_the_matrix():
    f, gamma = linear(), 0.5
    hessian = products(f, torch.eye(f.size, dtype=torch.float64))
    g = f.gradient(f.weights)
    matrix = torch.eye(f.size, dtype=torch.float64) + gamma * hessian
    wanted = gamma / 2 * g @ torch.linalg.solve(matrix, g)
    assert laplace.slope_term(f, gamma, tolerance=1e-12) == pytest.approx(float(wanted), rel=1e-9)


def test_without_slope_the_chains_find_the_width():
    f, gamma, beta = linear(), 0.5, 40.0
    hessian = products(f, torch.eye(f.size, dtype=torch.float64))
    wanted = laplace.width_term(torch.linalg.eigvalsh(hessian).numpy(), gamma, beta)
    level = laplace.Levelled(f)
    assert float(level.gradient(level.weights).abs().max()) < 1e-12
    assert float(level.value(level.weights)) == pytest.approx(float(f.value(f.weights)))
    found = local_entropy(level, gamma, beta=beta, samples=400, burn_in=50, nodes=8, seed=1)
    assert found.value.value - float(f.value(f.weights)) == pytest.approx(
        wanted, abs=4 * found.value.error + found.quadrature_gap
    )
    tilted = local_entropy(f, gamma, beta=beta, samples=400, burn_in=50, nodes=8, seed=1)
    assert tilted.value.value - float(f.value(f.weights)) == pytest.approx(
        wanted - laplace.slope_term(f, gamma), abs=4 * tilted.value.error + tilted.quadrature_gap
    )


def test_a_valley_that_falls_away_has_no_width():
    assert math.isnan(laplace.width_term(np.array([1.0, -3.0]), 0.5, 1.0))
    f = linear()
    f.weight_decay = -10.0
    with pytest.raises(LandscapeError, match="use a smaller gamma"):
        laplace.slope_term(f, 0.5)
