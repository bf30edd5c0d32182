"""Times to an error: which pairs count, and what a note says about the others."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import races


def runs(method, curves, every=1.0):
    """``curves``: validation errors of each seed after 0, 1, 2... evaluations."""
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": 10 * k, "effective_epoch": every * k,
         "validation_error": error, "diverged": 0}
        for seed, errors in enumerate(curves) for k, error in enumerate(errors)
    ])  # fmt: skip


@pytest.fixture
def frame():
    quick = [(90, 60, 10, 5), (90, 40, 10, 6), (90, 60, 60, 60), (90, 60, 20, 20)]
    slow = [(90, 80, 60, 20), (90, 30, 20, 10), (90, 70, 70, 70), (90, 80, 70, 60)]
    return pd.concat([runs("anneal_sgd", quick), runs("adam", slow)], ignore_index=True)


def test_a_race_leaves_out_pairs_that_tell_nothing(frame):
    found = races.race(frame, "anneal_sgd", "adam", 50)
    # seed 1: both at the first evaluation; seed 2: neither; seed 3: Adam counts with its last epoch
    assert found.first.to_dict() == {0: 2, 3: 2}
    assert found.second.to_dict() == {0: 3, 3: 3}
    assert found.note == (
        "1 of 2 Adam runs never do; 1 of 4 pairs left out: neither run reaches 50 %; "
        "1 of 4 pairs left out: both runs are below 50 % at the first evaluation"
    )
    assert found.ratio().value == pytest.approx(2 / 3)
    assert found.speed_up().tolist() == pytest.approx([np.log(1.5)] * 2)


def test_one_run_at_the_first_evaluation_still_counts(frame):
    found = races.race(frame, "anneal_sgd", "adam", 65)
    assert found.first.to_dict() == {0: 1, 2: 1, 3: 1}
    assert found.second.to_dict() == {0: 2, 2: 3, 3: 3}


def test_a_run_that_never_gets_there_counts_with_its_own_last_epoch():
    long = [(90, 80, 60, 40, 30)] * 2 + [(90, 80, 70, 60, 60)]
    short = [(90, 60, 55), (90, 60, 55), (90, 40, 30)]
    frame = pd.concat([runs("adam", long), runs("entropy_adam", short)], ignore_index=True)
    found = races.race(frame, "entropy_adam", "adam", 50)
    # Nobody saw what Entropy-Adam does in Adam's third and fourth epoch.
    assert found.first.to_dict() == {0: 2, 1: 2, 2: 1}
    assert found.second.to_dict() == {0: 3, 1: 3, 2: 4}
    assert found.note == (
        "2 of 3 Entropy-Adam runs never do and count with their last epoch, 2; "
        "1 of 3 Adam runs never do and count with their last epoch, 4"
    )
    assert (found.speed_up() > 0).all()


def test_of_runs_of_unequal_length_each_has_its_own_end():
    frame = pd.concat(
        [runs("adam", [(90, 40), (90, 40, 30)]), runs("sgd", [(90, 80), (90, 80, 70)])],
        ignore_index=True,
    )
    found = races.race(frame, "sgd", "adam", 50)
    assert found.first.to_dict() == {0: 1, 1: 2}
    assert found.note == "2 of 2 SGD runs never do"


def test_fewer_than_two_pairs_decide_nothing(frame):
    found = races.race(frame, "anneal_sgd", "adam", 5)
    assert list(found.first.index) == [0]
    assert found.ratio().value is None
    assert "3 of 4 pairs left out: neither run reaches 5 %" in found.ratio().note
    other = races.race(frame, "anneal_sgd", "adam", 50)
    missing = races.difference_of_speed_ups(found, other, ("LeNet", "deep"))
    assert missing.value is None
    assert missing.note.startswith("LeNet: 1 of 1 Adam runs never do; 3 of 4")
    assert "; deep: 1 of 2 Adam" in missing.note


def test_speed_ups_are_compared_between_networks(frame):
    fast = races.race(frame, "anneal_sgd", "adam", 65)
    slow = races.race(frame, "adam", "anneal_sgd", 65)
    found = races.difference_of_speed_ups(fast, slow, ("one", "other"), diverged=("adam seed 9",))
    assert found.value == pytest.approx(2 * np.log([2, 3, 3]).mean())
    assert (found.n, found.diverged) == (3, ("adam seed 9",))
