"""Counts index by index: sum rules, topology, sampled matrices, and landscapes searched whole."""

import numpy as np
import pytest
import torch
from reference import kac_rice_reference as slow

from landscape.analysis import minima
from landscape.analysis.eigenvector_following import follow_index
from landscape.theory import kac_rice, kac_rice_index
from landscape.theory.p_spin import PSpin, uniform_on_sphere
from landscape.theory.spin_glass import field_parameter

CASES = [(2, 0.3), (3, -0.2), (5, 1 / 3), (6, -0.3), (9, 0.1), (10, -0.32), (20, 1 / 3), (33, -0.1)]


@pytest.mark.parametrize(("n", "b"), CASES)
def test_indices_add_up_to_all_critical_points(n, b):
    counts = kac_rice_index.expected_by_index(n, b)
    assert counts.shape == (n,)
    assert counts.sum() == pytest.approx(kac_rice.expected_critical_points(n, b), rel=1e-10)
    # Minima come from the Pfaffian of another file, maxima only from the sum over indices here.
    assert counts[-1] == pytest.approx(kac_rice.expected_minima(n, b), rel=1e-10)


@pytest.mark.parametrize(("n", "b"), CASES)
def test_the_alternating_sum_is_the_euler_characteristic_of_the_sphere(n, b):
    counts = kac_rice_index.expected_by_index(n, b)
    alternating = float(((-1.0) ** np.arange(n) * counts).sum())
    assert alternating == pytest.approx(1 + (-1) ** (n - 1), abs=1e-9 * counts.sum())


@pytest.mark.parametrize("n", [4, 7, 20])
def test_at_the_critical_field_every_index_has_two(n):
    np.testing.assert_allclose(kac_rice_index.expected_by_index(n, 0.0), 2, rtol=1e-12)


@pytest.mark.parametrize(("n", "b"), [(3, -0.2), (6, 1 / 3), (9, -0.25)])
def test_counts_agree_with_sampled_matrices(n, b):
    means, errors = slow.expected_by_index(n, b, 4000)
    counts = kac_rice_index.expected_by_index(n, b)
    assert (np.abs(counts - means) < 4.5 * errors).all()


def test_eigenvalues_below_are_probabilities():
    x, below = kac_rice_index.eigenvalues_below(7, 20.0)
    np.testing.assert_allclose(below.sum(1), 1, atol=1e-12)
    assert below.min() > -1e-14
    np.testing.assert_allclose(below, below[::-1, ::-1], atol=1e-12)
    mean = below @ np.arange(8)
    assert mean[len(x) // 2] == pytest.approx(3.5)
    assert (np.diff(mean) >= -1e-12).all()


def test_pfaffian_of_small_and_random_matrices():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((3, 4, 4)) + 1j * rng.standard_normal((3, 4, 4))
    a -= a.transpose(0, 2, 1)
    a[1, 0, 1] = a[1, 1, 0] = 0  # needs a pivot
    expected = a[:, 0, 1] * a[:, 2, 3] - a[:, 0, 2] * a[:, 1, 3] + a[:, 0, 3] * a[:, 1, 2]
    np.testing.assert_allclose(kac_rice_index.pfaffian(a), expected, rtol=1e-12)
    b = rng.standard_normal((12, 12))
    b -= b.T
    assert kac_rice_index.pfaffian(b) ** 2 == pytest.approx(np.linalg.det(b))
    assert kac_rice_index.pfaffian(np.zeros((2, 2))) == 0
    with pytest.raises(ValueError, match="even number"):
        kac_rice_index.pfaffian(np.zeros((3, 3)))


def test_every_index_of_landscapes_that_were_searched_whole():
    """Brute force: all critical points of 30 landscapes of five spins, counted by index."""
    n, field, rows = 5, 0.6, []
    wanted = torch.arange(300) % n
    for draw in range(30):
        model = PSpin.draw(n, 3, field, seed=[11, draw], dtype=torch.float64)
        points, arrived = follow_index(model, uniform_on_sphere(300, n, [11, draw, 1]), wanted)
        points = points[arrived]
        _, first = minima.distinct_minima(points.numpy(), model.energy(points).numpy(), 1e-8)
        index = [int((torch.linalg.eigvalsh(model.hessian(points[i])) < 0).sum()) for i in first]
        rows.append(np.bincount(index, minlength=n))
    rows = np.array(rows)
    whole = (rows @ (-1) ** np.arange(n)) == 2  # Morse: none was missed, or an even number
    assert whole.mean() > 0.9
    expected = kac_rice_index.expected_by_index(n, field_parameter(field, 3))
    errors = rows.std(0, ddof=1) / np.sqrt(len(rows))
    assert (np.abs(rows.mean(0) - expected) < 4 * errors).all(), (rows.mean(0), expected)


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="up to N = 40"):
        kac_rice_index.expected_by_index(41, 0.1)
    with pytest.raises(ValueError, match="between -1 and 1"):
        kac_rice_index.expected_by_index(5, 1.0)
