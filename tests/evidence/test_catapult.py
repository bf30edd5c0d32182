"""The first steps of networks below and above 2 / curvature, made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import catapult


@pytest.fixture
def first():
    """At rate 0.1 the loss falls at once, at 0.8 it triples first and the curvature falls."""
    losses = pd.DataFrame([
        {"lr": lr, "seed": seed, "step": step, "loss": loss}
        for lr, course in ((0.1, (1.0, 0.5)), (0.8, (1.0, 3.0, 0.2))) for seed in (0, 1)
        for step, loss in reversed(list(enumerate(course)))
    ])  # fmt: skip
    curvature = pd.DataFrame([
        {"lr": lr, "seed": seed, "start": 6.0, "end": 5.0 if lr == 0.1 else 1.5, "diverged": 0}
        for lr in (0.1, 0.8) for seed in (0, 1)
    ])  # fmt: skip
    return catapult.first_steps(losses, curvature)


def test_the_rise_is_the_largest_over_the_first_loss(first):
    assert first[first["lr"] == 0.1]["rise"].tolist() == [1, 1]
    assert first[first["lr"] == 0.8]["rise"].tolist() == [3, 3]


def test_what_the_first_steps_do_at_a_rate(first):
    calm, steep = catapult.at_rate(first, 0.1), catapult.at_rate(first, 0.8)
    assert calm["above"].value == pytest.approx(0.3)
    assert calm["rise"].value == pytest.approx(1)
    assert steep["above"].value == pytest.approx(2.4)
    assert steep["rise"].value == pytest.approx(3)
    assert steep["flatter"].value == pytest.approx(0.6)
    assert steep["flatter"].n == 2


def test_networks_that_diverge_count_at_the_start_only(first):
    first.loc[(first["lr"] == 0.8) & (first["seed"] == 1), ["end", "diverged"]] = [np.nan, 1]
    found = catapult.at_rate(first, 0.8)
    assert (found["above"].n, found["flatter"].n) == (2, 1)
    assert found["rise"].diverged == ("seed 1",)
    first["diverged"] = 1
    assert "all networks diverged" in catapult.at_rate(first, 0.8)["rise"].note
