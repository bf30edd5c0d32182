"""t-SNE keeps neighbours together and is repeatable."""

import numpy as np
import pytest

from landscape.analysis import embedding


def test_separate_clouds_stay_separate_and_the_result_repeats():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(3), 40)
    points = 10 * rng.standard_normal((3, 20))[owner] + rng.standard_normal((120, 20))
    plane = embedding.tsne(points, perplexity=10, seed=4)
    assert plane.shape == (120, 2)
    np.testing.assert_array_equal(plane, embedding.tsne(points, perplexity=10, seed=4))
    distance = np.linalg.norm(plane[:, None] - plane[None], axis=2) + 1e9 * np.eye(120)
    assert np.all(owner[distance.argmin(1)] == owner)


def test_too_few_points_for_the_perplexity():
    with pytest.raises(ValueError, match="lower the perplexity"):
        embedding.tsne(np.zeros((30, 4)), perplexity=10)
