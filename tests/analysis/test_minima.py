"""Distances and distinct minima against pairs written out."""

import itertools
import math

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform

from landscape.analysis import minima


def clouds(sizes=(7, 1, 4, 12), n=20, spread=1e-4, seed=0):
    """Tight clouds around random directions: points, the cloud of each point, energies."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(sizes), n))
    owner = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    points = centres[owner] + spread * rng.standard_normal((len(owner), n))
    points *= math.sqrt(n) / np.linalg.norm(points, axis=1, keepdims=True)
    return points, owner, owner + 1e-6 * rng.standard_normal(len(owner))


def test_distances_of_pairs():
    points, _, _ = clouds()
    np.testing.assert_allclose(minima.cosine_distances(points), pdist(points, "cosine"), atol=1e-12)


def test_distances_keep_their_digits_for_nearly_equal_directions():
    pair = np.array([[1.0, 0.0], [1.0, 1e-6]])
    assert minima.cosine_distances(pair)[0] == pytest.approx(5e-13, rel=1e-6)
    assert minima.mean_cosine_distance(pair) == pytest.approx(5e-13, rel=1e-6)


def test_mean_distance_is_the_mean_over_pairs():
    points, owner, _ = clouds()
    expected = pdist(points, "cosine").mean()
    assert minima.mean_cosine_distance(points) == pytest.approx(expected)
    assert minima.mean_cosine_distance(3 * points) == pytest.approx(expected)


def test_weights_stand_for_coinciding_points():
    points, _, _ = clouds((1, 1, 1))
    weights = np.array([3, 1, 2])
    pairs = [
        (i, j) for i, j in itertools.combinations(np.repeat(range(3), weights), 2) if i != j
    ]
    distance = squareform(pdist(points, "cosine"))
    expected = np.mean([distance[i, j] for i, j in pairs])
    assert minima.mean_cosine_distance(points, weights) == pytest.approx(expected)
    assert math.isnan(minima.mean_cosine_distance(points[:1], np.array([5])))


def test_no_set_of_directions_exceeds_the_bound():
    for count in (2, 3, 7):
        simplex = np.eye(count) - 1 / count  # the vertices of a regular simplex attain it
        bound = minima.largest_mean_cosine_distance(count)
        assert minima.mean_cosine_distance(simplex) == pytest.approx(bound)
    rng = np.random.default_rng(1)
    worst = max(minima.mean_cosine_distance(rng.standard_normal((8, 3))) for _ in range(200))
    assert worst <= minima.largest_mean_cosine_distance(8)
    # What 1.16 would need: at most seven directions.
    assert minima.largest_mean_cosine_distance(7) > 1.16 > minima.largest_mean_cosine_distance(8)


def test_mean_distance_to_the_farthest():
    points, owner, _ = clouds((3, 1, 2), spread=1e-9)
    expected = squareform(pdist(points, "cosine")).max(1).mean()
    assert minima.mean_farthest_distance(points) == pytest.approx(expected)
    centres = np.array([points[owner == k][0] for k in range(3)])
    assert minima.mean_farthest_distance(centres, np.array([3, 1, 2])) == pytest.approx(expected)
    assert minima.mean_farthest_distance(np.eye(2) - 0.5) == pytest.approx(2)
    assert math.isnan(minima.mean_farthest_distance(points[:1]))


def test_mean_angle_and_chord():
    right = np.array([[2.0, 0, 0], [0, 3.0, 0], [0, 0, 1.0]])
    assert minima.mean_angle(right) == pytest.approx(math.pi / 2)
    assert minima.mean_chord(right) == pytest.approx(math.sqrt(2))
    opposite = np.array([[1.0, 0], [-1.0, 0]])
    assert minima.mean_angle(opposite) == pytest.approx(math.pi)


def test_distinct_minima_are_the_components_of_the_graph_of_near_pairs():
    points, owner, energies = clouds()
    labels, first = minima.distinct_minima(points, energies, 1e-3)
    near = squareform(pdist(points, "cosine")) <= 1e-3
    count, component = connected_components(near)
    assert len(first) == count == 4
    for a, b in itertools.combinations(range(len(points)), 2):
        assert (labels[a] == labels[b]) == (component[a] == component[b])
    np.testing.assert_array_equal(labels, owner)  # energies rise with the cloud's number
    for label, index in enumerate(first):
        assert energies[index] == energies[labels == label].min()
    inside, between = minima.gap(points, labels, first)
    assert inside < 1e-6 < 0.1 < between


def test_unseen_minima_are_estimated_without_large_bias():
    rng = np.random.default_rng(0)
    truth, starts = 60, 100
    estimates, found = [], []
    for _ in range(300):
        counts = np.bincount(rng.integers(truth, size=starts), minlength=truth)
        counts = counts[counts > 0]
        found.append(len(counts))
        estimates.append(len(counts) + minima.unseen(counts))
    assert np.mean(found) < 0.85 * truth
    assert np.mean(estimates) == pytest.approx(truth, rel=0.03)
    assert minima.unseen(np.array([5, 9])) == 0
