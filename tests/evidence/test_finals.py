"""Final values by method and their paired differences."""

import pandas as pd
import pytest

from landscape.evidence import finals


def frame(ends, column="test_error"):
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": step, "diverged": 0,
         column: end if step else 90.0}
        for method, each in ends.items() for seed, end in enumerate(each) for step in (0, 1)
    ])  # fmt: skip


def test_means_and_differences_are_of_the_last_values_and_paired():
    runs = frame({"adam": [10, 12, 14], "sgd": [11, 13, 15]})
    assert finals.final(runs, "adam").tolist() == [10, 12, 14]
    assert finals.mean(runs, "sgd").value == 13
    found = finals.gap(runs, "adam", "sgd")
    assert (found.value, found.low, found.high, found.n, found.unit) == (-1, -1, -1, 3, "points")


def test_another_column_has_another_unit():
    runs = frame({"adam": [1.0, 2.0], "sgd": [2.0, 3.5]}, "test_loss")
    found = finals.gap(runs, "sgd", "adam", "test_loss", "nats")
    assert (found.value, found.unit) == (pytest.approx(1.25), "nats")


def test_diverged_runs_are_left_out_by_name():
    runs = frame({"adam": [10, 12, 14], "sgd": [11, 13, 15], "parle": [1, 1, 1]})
    runs.loc[(runs["method"] == "sgd") & (runs["seed"] == 1), "diverged"] = 1
    runs.loc[runs["method"] == "parle", "diverged"] = 1
    found = finals.gap(runs, "adam", "sgd")
    assert (found.n, found.diverged) == (2, ("sgd seed 1",))
    assert finals.mean(runs, "sgd").diverged == ("sgd seed 1",)


def test_two_experiments_on_the_same_data_are_paired_and_both_name_what_diverged():
    ours = frame({"sgld": [15, 16, 18], "adam": [0, 0, 0]})
    others = frame({"sgd": [11, 13, 15], "adam": [99, 99, 99]})
    ours.loc[(ours["method"] == "sgld") & (ours["seed"] == 0), "diverged"] = 1
    others.loc[(others["method"] == "sgd") & (others["seed"] == 2), "diverged"] = 1
    found = finals.between(ours, "sgld", others, "sgd")
    assert (found.value, found.n, found.unit) == (3, 1, "points")
    assert found.diverged == ("sgld seed 0", "sgd seed 2")
    ours["diverged"] = 1
    none = finals.between(ours, "sgld", others, "sgd")
    assert (none.value, none.note) == (None, "no pair of runs that ended")
    for pair in ((None, others), (ours, None)):
        assert finals.between(pair[0], "sgld", pair[1], "sgd").note == "there are no runs of both"


def test_the_lowest_end_of_a_search_is_of_a_run_that_ended():
    runs = frame({"a": [7, 5], "b": [5, 4]})
    runs.loc[(runs["method"] == "b") & (runs["seed"] == 1), "diverged"] = 1
    best = finals.lowest(runs, "test_error")
    assert (best["method"], best["seed"], best["step"]) == ("a", 1, 1)


def test_a_method_that_a_record_lacks_is_not_run():
    runs = frame({"adam": [10, 12, 14]})
    assert finals.mean(runs, "entropy_adam").note == "there are no runs of Entropy-Adam"
    for pair in (("adam", "sgd"), ("sgd", "adam")):
        found = finals.gap(runs, *pair)
        assert (found.value, found.note) == (None, "there are no runs of SGD")
