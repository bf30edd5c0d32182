"""Wider, narrower or not told apart: the rules on frames made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import wider
from landscape.evidence.measurement import Measurement, not_run


def frame(values):
    """``{method: [value of seed 0, 1, ...]}`` as a frame with a column ``sharp``."""
    return pd.DataFrame(
        [(m, s, v) for m, of in values.items() for s, v in enumerate(of)],
        columns=["method", "seed", "sharp"],
    )


def test_a_ratio_is_paired_by_seed():
    found = frame({"a": [1.0, 10.0, 100.0], "b": [2.0, 20.0, 200.0]})
    ratio = wider.ratio(found, "sharp", "a", "b")
    assert ratio.value == pytest.approx(0.5)
    assert ratio.high == pytest.approx(0.5)
    assert ratio.n == 3
    found.loc[0, "sharp"] = np.nan
    assert wider.ratio(found, "sharp", "a", "b").n == 2
    found.loc[1, "sharp"] = np.nan
    assert wider.ratio(found, "sharp", "a", "b").value is None


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.5, 0.9, "wider"), (1.1, 2, "narrower"), (0.9, 1.1, "not told apart"), (0.5, 1, None)],
)
def test_an_interval_on_one_side_of_one_decides(low, high, word):
    assert wider.reading(Measurement((low + high) / 2, low, high, 4)) == (word or wider.APART)


def test_a_single_value_decides_nothing():
    assert wider.reading(Measurement(0.5)) == wider.UNMEASURED
    assert wider.reading(not_run("no seeds")) == wider.UNMEASURED


@pytest.mark.parametrize(
    ("wide", "narrow", "apart", "word"),
    [
        (3, 0, 2, wider.WIDER), (5, 0, 0, wider.WIDER), (2, 0, 3, wider.APART),
        (0, 3, 2, wider.NARROWER), (4, 1, 0, wider.DISAGREE), (0, 0, 5, wider.APART),
    ],
)  # fmt: skip
def test_most_measures_decide_and_none_may_be_against(wide, narrow, apart, word):
    readings = [wider.WIDER] * wide + [wider.NARROWER] * narrow + [wider.APART] * apart
    assert wider.overall(readings) == word


def test_what_measures_say_together_is_read_off_their_ratios():
    found = frame({"a": [1.0, 1.1], "b": [2.0, 2.3]}).assign(same=1.0)
    names = [f"sharp_{i}" for i in range(wider.MAJORITY)]
    found[names] = found[["sharp"] * len(names)].to_numpy()
    assert wider.together(found, [*names, "same"], "a", "b") == wider.WIDER
    assert wider.together(found, [*names, "same"], "b", "a") == wider.NARROWER
    assert wider.together(found, [*names[1:], "same"], "a", "b") == wider.APART


def test_nothing_measured_is_said():
    assert wider.overall([wider.UNMEASURED] * 5) == wider.UNMEASURED


def ranked(orders):
    """Sharpness 1, 2, 3, ... of methods, and their test errors of each seed."""
    return pd.DataFrame(
        [(f"m{i}", s, i + 1.0, e) for s, errors in enumerate(orders) for i, e in enumerate(errors)],
        columns=["method", "seed", "sharp", "error"],
    )


def test_ranks_are_correlated_within_each_seed():
    same = wider.rank_correlation(ranked([[1, 2, 3, 4], [11, 12, 13, 15]]), "sharp", "error")
    assert (same.value, same.low, same.high, same.n) == (1, 1, 1, 2)
    assert wider.goes_with(same) == "sharper solutions err more"
    against = wider.rank_correlation(ranked([[3, 2, 1]] * 3), "sharp", "error")
    assert wider.goes_with(against) == "sharper solutions err less"
    mixed = wider.rank_correlation(ranked([[1, 2, 3], [3, 2, 1]]), "sharp", "error")
    assert mixed.value == 0
    assert mixed.high == 1
    assert wider.goes_with(mixed) == wider.APART
    assert wider.rank_correlation(ranked([[1, 2, 3]]), "sharp", "error").value is None
    assert wider.goes_with(not_run("one seed")) == wider.UNMEASURED
