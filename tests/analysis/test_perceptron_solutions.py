"""Bits and blocks against lists of signs and plain loops."""

import numpy as np
import pytest
from reference import perceptron_reference as slow

from landscape.analysis import perceptron_solutions as fast
from landscape.errors import LandscapeError

LENGTH = 9


@pytest.fixture(scope="module", params=[0, 1, 2])
def both(request):
    """(patterns, solutions) as integers and as signs."""
    rng = np.random.default_rng(request.param)
    patterns = fast.random_patterns(LENGTH, 4, rng)
    if request.param:
        patterns = fast.taught(patterns, LENGTH)
    signs = [slow.sign_vector(int(p), LENGTH) for p in patterns]
    return patterns, fast.solutions(patterns, LENGTH), signs, slow.solutions(signs, LENGTH)


def test_all_solutions_are_found(both):
    _, found, _, expected = both
    assert list(found) == sorted(found)
    assert {slow.sign_vector(int(code), LENGTH) for code in found} == set(expected)
    signs = fast.signs(found, LENGTH)
    assert [tuple(row) for row in signs] == [slow.sign_vector(int(c), LENGTH) for c in found]


def test_blocks_change_nothing(both, monkeypatch):
    patterns, found, _, _ = both
    monkeypatch.setattr(fast, "_BLOCK", 8)
    monkeypatch.setattr(fast, "_PAIRS", 50)
    np.testing.assert_array_equal(fast.solutions(patterns, LENGTH), found)
    np.testing.assert_array_equal(
        fast.neighbours(found, LENGTH, 3)[:, 2],
        [slow.at_distance(slow.sign_vector(int(x), LENGTH),
                          [slow.sign_vector(int(y), LENGTH) for y in found], 3)
         for x in found],
    )  # fmt: skip


def test_flips_clusters_and_isolated_ones(both):
    _, found, _, expected = both
    pairs = fast.single_flips(found, LENGTH)
    degree = np.bincount(pairs.ravel(), minlength=len(found))
    assert (degree == 0).sum() == len(slow.isolated(expected))
    np.testing.assert_array_equal(degree, fast.neighbours(found, LENGTH, 1)[:, 0])
    label = fast.clusters(len(found), pairs)
    sizes = sorted(len(group) for group in slow.components(expected))
    assert sorted(np.bincount(label)) == sizes


def test_pairs_within_two_flips(both, monkeypatch):
    _, found, _, _ = both
    vectors = [slow.sign_vector(int(code), LENGTH) for code in found]
    near = {(i, j) for j, y in enumerate(vectors) for i, x in enumerate(vectors[:j])
            if slow.distance(x, y) <= 2}  # fmt: skip
    for pairs in (2**22, 50):
        monkeypatch.setattr(fast, "_PAIRS", pairs)
        assert set(map(tuple, fast.pairs_within(found, 2).T)) == near
    assert set(map(tuple, fast.pairs_within(found, 1).T)) == set(
        map(tuple, fast.single_flips(found, LENGTH).T)
    )


def test_margins_and_mean_distance(both):
    patterns, found, signs, _ = both
    vectors = [slow.sign_vector(int(code), LENGTH) for code in found]
    np.testing.assert_array_equal(
        fast.margins(found, patterns, LENGTH),
        [min(slow.product(x, p) for p in signs) for x in vectors],
    )
    sums = [sum(slow.product(x, p) for p in signs) for x in vectors]
    np.testing.assert_allclose(fast.mean_margins(found, patterns, LENGTH) * len(signs), sums)
    apart = [slow.distance(x, y) for i, x in enumerate(vectors) for y in vectors[:i]]
    assert fast.mean_distance(found, LENGTH) == pytest.approx(np.mean(apart))
    assert np.isnan(fast.mean_distance(found[:1], LENGTH))


def test_the_teacher_answers_what_it_taught():
    rng = np.random.default_rng(5)
    patterns = fast.taught(fast.random_patterns(LENGTH, 30, rng), LENGTH)
    assert fast.solutions(patterns, LENGTH)[0] == 0


def test_nothing_left_is_no_error():
    none = np.zeros(0, np.uint32)
    pairs = fast.single_flips(none, LENGTH)
    assert pairs.shape == (2, 0)
    assert len(fast.clusters(0, pairs)) == 0
    assert fast.pairs_within(none, 2).shape == (2, 0)


@pytest.mark.parametrize("length", [8, 29])
def test_lengths_that_cannot_be_are_refused(length):
    with pytest.raises(LandscapeError, match="must be odd"):
        fast.random_patterns(length, 1, np.random.default_rng(0))
