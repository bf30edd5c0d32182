"""From which budget on a method gains, on curves made by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import l2_gains


def frame(curves, seeds=(0, 1, 2)):
    rows = [(name, seed, epoch, 100 - value - seed, 0) for name, values in curves.items()
            for seed in seeds for epoch, value in enumerate(values)]  # fmt: skip
    columns = ["method", "seed", "effective_epoch", "test_error", "diverged"]
    return pd.DataFrame(rows, columns=columns)


def test_the_highest_so_far_without_the_first_look():
    found = l2_gains.accuracies(frame({"a": [10, 30, 20, 40]}), ["a"])["a"]
    assert list(found.columns) == [1, 2, 3]
    assert found.loc[0].tolist() == [30, 30, 40]
    assert found.loc[2].tolist() == [32, 32, 42]


def test_the_best_of_so_many_is_the_mean_over_all_choices():
    curves = {"a": [0, 50, 51], "b": [0, 52, 53], "c": [0, 48, 60]}
    found = l2_gains.accuracies(frame(curves), curves)
    for number in (1, 2, 3):
        choices = list(itertools.combinations(curves, number))
        wanted = np.mean([np.max([curves[name][1:] for name in names], axis=0)
                          for names in choices], axis=0)  # fmt: skip
        assert l2_gains.chosen(found, list(curves), number).loc[0].tolist() == pytest.approx(wanted)


def test_a_gain_that_comes_and_goes_does_not_count():
    table = pd.DataFrame({"value": [1, -1, 1, 1], "low": [1, -2, -1, 1]}, index=[1.0, 2, 3, 4])
    assert l2_gains.pays_from(table) == 3
    assert l2_gains.pays_from(table, "low") == 4
    assert l2_gains.pays_from(table * 0 + 1) == 1
    assert l2_gains.pays_from(table * 0 - 1) is None


def test_gains_are_paired_by_seed_and_told_in_words():
    late = l2_gains.accuracies(frame({"late": [0, 10, 45, 60], "flat": [0, 40, 40, 40]}),
                               ["late", "flat"])  # fmt: skip
    table = l2_gains.gains(late["late"], late["flat"])
    assert table["value"].tolist() == [-30, 5, 20]
    assert table["low"].tolist() == table["high"].tolist() == table["value"].tolist()
    assert l2_gains.when(late["late"], late["flat"]) == "from 2 epochs on"
    assert l2_gains.surely(late["late"], late["flat"]) == "from 2 epochs on"
    assert l2_gains.when(late["flat"], late["late"]) == "at no budget up to 3 epochs"
    assert l2_gains.surely(late["flat"], late["late"]) == "at no budget up to 3 epochs"
