"""Eigenvector following against exhaustive counts on a circle and the index it was asked for."""

import numpy as np
import torch

from landscape.analysis import minima
from landscape.analysis.eigenvector_following import follow_index
from landscape.theory.p_spin import PSpin, uniform_on_sphere


def test_all_critical_points_of_a_circle_are_found():
    """N = 2: sign changes of the derivative along the circle, counted on a fine grid."""
    angle = np.linspace(0, 2 * np.pi, 2001)
    circle = torch.from_numpy(np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], 1))
    along = torch.from_numpy(np.stack([-np.sin(angle), np.cos(angle)], 1))
    for draw in range(6):
        model = PSpin.draw(2, 3, 0.5, seed=[7, draw], dtype=torch.float64)
        slope = (model.gradient(circle) * along).sum(1).numpy()
        rising = int(np.sum((slope[:-1] < 0) & (slope[1:] >= 0)))
        start = uniform_on_sphere(80, 2, draw)
        points, arrived = follow_index(model, start, torch.arange(80) % 2)
        points = points[arrived]
        _, first = minima.distinct_minima(points.numpy(), model.energy(points).numpy(), 1e-8)
        assert len(first) == 2 * rising


def test_points_found_are_critical_and_have_the_index_asked_for():
    model = PSpin.draw(6, 3, 0.4, seed=2, dtype=torch.float64)
    index = torch.arange(60) % 6
    points, arrived = follow_index(model, uniform_on_sphere(60, 6, 1), index)
    assert arrived.sum() > 30
    assert float(model.tangential_gradient(points[arrived]).norm(dim=1).max()) < 1e-8
    np.testing.assert_allclose(points.norm(dim=1), np.sqrt(6), rtol=1e-12)
    for point, wanted in zip(points[arrived], index[arrived], strict=True):
        assert int((torch.linalg.eigvalsh(model.hessian(point)) < 0).sum()) == int(wanted)
