"""Accuracies up to a step by lambda, on runs made by hand."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_sweeps


def sweep():
    """The larger lambda is ahead until step 10 and behind at 100, where seeds differ."""
    courses = {0.01: (50.0, 20.0), 0.1: (30.0, 25.0)}
    return pd.DataFrame([
        {"lr": 1.0, "l2": l2, "seed": seed, "step": step, "test_error": error - seed * i * l2,
         "diverged": 0}
        for l2, course in courses.items() for seed in (0, 1)
        for i, (step, error) in enumerate(zip((10, 100), course, strict=True))
    ])  # fmt: skip


def test_what_the_smallest_lambda_lacks_depends_on_the_step():
    frame = sweep()
    early = l2_sweeps.accuracies_until(frame, 10)
    assert early.loc[0.1].tolist() == [70, 70]
    assert l2_sweeps.lack(early).tolist() == [20, 20]
    whole = l2_sweeps.accuracies_until(frame, np.inf)
    assert whole.loc[0.01].tolist() == [80, 80.01]
    assert l2_sweeps.lack(whole).tolist() == [0, 0]


def test_a_lambda_with_a_diverged_seed_is_left_out():
    frame = sweep()
    frame.loc[(frame["l2"] == 0.1) & (frame["seed"] == 1), "diverged"] = 1
    assert list(l2_sweeps.accuracies_until(frame, 10).index) == [0.01]
