"""The binary perceptron against all inputs and by another search."""

import itertools

import numpy as np
import pytest

from landscape.errata import thesis_perceptron
from landscape.errors import LandscapeError


def test_disagreement_against_all_inputs():
    inputs = np.array(list(itertools.product((-1, 1), repeat=7)))
    x = np.ones(7)
    for differing in range(8):
        other = np.where(np.arange(7) < differing, -1, 1)
        share = np.mean(np.sign(inputs @ x) != np.sign(inputs @ other))
        assert thesis_perceptron.disagreement(7, differing) == pytest.approx(share)
    with pytest.raises(LandscapeError, match="odd"):
        thesis_perceptron.disagreement(6, 1)
    with pytest.raises(LandscapeError, match="can differ"):
        thesis_perceptron.disagreement(7, [1, 8])
    with pytest.raises(LandscapeError, match="odd length"):
        thesis_perceptron.perceptron(d=100)
    assert thesis_perceptron.generalisation_error([1, 0, -1]) == pytest.approx([0, 0.5, 1])


def test_capacities_by_another_search():
    found = thesis_perceptron.capacities(5, draws=30, seed=1)
    rng = np.random.default_rng(1)
    every = np.array(list(itertools.product((-1, 1), repeat=5)))
    for value in found:
        patterns = []
        while True:
            patterns.append(rng.choice([-1.0, 1.0], 5))
            if not (every @ np.array(patterns).T > 0).all(axis=1).any():
                break
        assert value == pytest.approx((len(patterns) - 1) / 5)
    with pytest.raises(LandscapeError, match="1 to 20"):
        thesis_perceptron.capacities(21)
