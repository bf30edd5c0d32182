"""Fields of many strengths beside Adam, on ends made by hand."""

import pandas as pd
import pytest

from landscape.evidence import field_sweep


def ends(method, errors, **columns):
    return pd.DataFrame({"method": method, "seed": range(len(errors)), "step": 1, "diverged": 0,
                         "validation_error": errors, **columns})  # fmt: skip


def made():
    sweep = [ends("anneal_sgd", [low, low + 1], J=J, tau0=50) for J, low in ((1e-4, 1), (1e-3, 5))]
    return field_sweep.cells(pd.concat(sweep), ends("adam", [3, 4, 9]))


def test_each_field_is_compared_with_adam_of_the_same_seeds():
    found = made()
    assert set(found) == {(1e-4, 50), (1e-3, 50)}
    mean, gap = found[1e-4, 50]
    assert (mean, gap.value, gap.n, gap.unit) == (1.5, pytest.approx(-2), 2, "points")


def test_the_sentence_counts_sides_and_ranks_the_stated_field():
    said = field_sweep.sentence(made(), (1e-3, 50))
    assert said.startswith("Of 2 fields 1 ended below Adam by more than the interval and 1 above")
    assert said.endswith("; the stated one ranks 2nd")
    assert "ranks" not in field_sweep.sentence(made(), (1.0, 50))
