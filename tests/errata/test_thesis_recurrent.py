"""A perplexity that is nats, and a validation value quoted as test."""

import math

import pytest

from landscape.errata import thesis_recurrent
from landscape.errors import LandscapeError


def test_the_printed_values_are_read_as_perplexity_and_as_nats():
    rows = thesis_recurrent.nats()
    assert [row.corrected for row in rows] == [1.226, 1.217, 1.3375]
    for row in rows:
        assert math.exp(row.printed) == pytest.approx(row.corrected)
        assert row.check > 5 * row.printed or row.corrected == 1.3375


def test_the_quoted_pair_is_the_validation_value():
    value, error = thesis_recurrent.quoted_value()
    assert (value.printed, error.printed) == (1.213, 0.007)
    assert (value.corrected, error.corrected) == (1.217, 0.005)


def test_the_tables_are_those_kept_in_git_and_say_how_to_be_made(tmp_path):
    found = thesis_recurrent.tables()
    assert list(found.columns) == ["run", "of_itself", "of_training"]
    # A longer memory of the test part itself can only help; of the training part it ends to.
    assert found["of_itself"].is_monotonic_decreasing
    assert not found["of_training"].is_monotonic_decreasing
    with pytest.raises(LandscapeError, match="run `landscape run thesis-fig-3-7-text"):
        thesis_recurrent.tables(tmp_path)
