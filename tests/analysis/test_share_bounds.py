"""Bounds of a quadrature: against the spectrum that it belongs to."""

import numpy as np
import pytest

from landscape.analysis.share_bounds import distribution_bounds, share_bounds


def gauss(values, mass, steps):
    """Gauss quadrature of a discrete measure: Lanczos on its diagonal matrix, written out."""
    q, last, beta = np.sqrt(mass / mass.sum()), np.zeros(len(values)), 0.0
    basis, alphas, betas = [], [], []
    for _ in range(steps):
        basis.append(q)
        r = values * q - beta * last
        alphas.append(r @ q)
        r = r - alphas[-1] * q
        for one in basis:
            r = r - (r @ one) * one
        beta, last = np.linalg.norm(r), q
        betas.append(beta)
        q = r / beta
    matrix = np.diag(alphas) + np.diag(betas[:-1], 1) + np.diag(betas[:-1], -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[0] ** 2


@pytest.mark.parametrize("steps", [3, 8, 20])
@pytest.mark.parametrize("seed", range(5))
def test_the_true_share_lies_between_the_bounds(steps, seed):
    rng = np.random.default_rng(seed)
    values = np.concatenate([1e-3 * rng.standard_normal(80), 10 * rng.random(20)])
    mass = rng.random(100)
    nodes, weights = gauss(values, mass, steps)
    for width in (1e-4, 1e-3, 1e-2, 1.0, 20.0):
        low, high = share_bounds(nodes, weights, width)
        true = mass[np.abs(values) <= width].sum() / mass.sum()
        assert 0 <= low <= true + 1e-9
        assert true <= high + 1e-9 <= 1 + 2e-9


def test_two_nodes_by_hand():
    nodes, weights = np.array([3.0, -1.0]), np.array([0.25, 0.75])
    assert distribution_bounds(nodes, weights, -2.0) == (0.0, 0.75)
    assert distribution_bounds(nodes, weights, 0.0) == (0.0, 1.0)
    assert distribution_bounds(nodes, weights, 3.0) == (0.75, 1.0)
