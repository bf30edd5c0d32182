import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.train.split import SplitError, replica_subsets


@given(
    samples=st.integers(6, 400),
    replicas=st.integers(1, 6),
    extra=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_parts_are_equal_cover_everything_and_overlap_evenly(samples, replicas, extra, seed):
    fraction = (1 + extra * (replicas - 1)) / replicas
    parts = replica_subsets(samples, replicas, fraction, seed)
    assert len(parts) == replicas
    assert len({len(part) for part in parts}) == 1
    assert abs(len(parts[0]) - fraction * samples) <= 1
    counts = np.zeros(samples, int)
    for part in parts:
        assert len(np.unique(part)) == len(part)
        counts[part] += 1
    assert counts.min() >= 1
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(("replicas", "fraction"), [(3, 0.5), (6, 0.25)])
def test_the_two_splits_of_the_thesis(replicas, fraction):
    parts = replica_subsets(600, replicas, fraction, 0)
    assert [len(part) for part in parts] == [fraction * 600] * replicas
    counts = np.bincount(np.concatenate(parts), minlength=600)
    assert np.array_equal(np.bincount(counts), [0, 300, 300])


def test_the_seed_decides():
    first, again = (replica_subsets(50, 3, 0.5, 7) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = replica_subsets(50, 3, 0.5, 8)
    assert not np.array_equal(first[0], other[0])


def test_the_whole_set_for_everybody():
    for part in replica_subsets(10, 3, 1.0, 0):
        assert np.array_equal(part, np.arange(10))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((100, 3, 0.3, 0), "raise data_fraction to at least 0.3333"),
        ((100, 3, 0.0, 0), r"\(0, 1\]"),
        ((100, 3, 1.5, 0), r"\(0, 1\]"),
        ((2, 3, 0.5, 0), "2 training samples"),
        ((2, 0, 0.5, 0), "0 replicas"),
    ],
)
def test_impossible_splits_are_refused(arguments, said):
    with pytest.raises(SplitError, match=said) as caught:
        replica_subsets(*arguments)
    assert "\n" not in str(caught.value)
