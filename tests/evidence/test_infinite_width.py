"""Test errors of infinitely wide networks by degree, on rows made by hand."""

import pandas as pd
import pytest

from landscape.evidence import infinite_width


@pytest.fixture
def rows():
    """The training loss is least at time 2 with two layers and at the end of the linear model."""
    losses = {1: (3.0, 2.0, 1.0), 2: (3.0, 1.0, 2.0)}
    return pd.DataFrame([
        {"subset": subset, "decay": decay, "degree": degree, "time": float(time),
         "training_loss": losses[degree][time - 1], "test_error": 10.0 * time + degree + subset}
        for subset in range(3) for decay in (0.02, 0.002) for degree in (2, 1) for time in (1, 2, 3)
    ])  # fmt: skip


def test_errors_are_read_where_the_training_loss_is_least(rows):
    errors = infinite_width.errors(rows)
    assert errors[0, 0.002, 2] == 22.0
    assert errors[1, 0.02, 1] == 32.0
    assert infinite_width.levels(errors) == ([0.002, 0.02], [1, 2], [0, 1, 2])


def test_a_degree_is_compared_with_the_linear_model_subset_by_subset(rows):
    errors = infinite_width.errors(rows)
    gap = infinite_width.against_linear(errors, 0.02, 2)
    assert (gap.value, gap.low, gap.high, gap.n) == (-9, -9, -9, 3)
    errors[0, 0.02, 2] += 3
    gap = infinite_width.against_linear(errors, 0.02, 2)
    assert gap.value == pytest.approx(-8)
    assert gap.low < -9
    assert infinite_width.against_linear(errors, 0.002, 2).value == -9
