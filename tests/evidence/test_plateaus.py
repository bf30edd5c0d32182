"""Where curves stand still, on curves made by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import plateaus


def runs(*losses, step=10):
    """One seed for each list of losses at equal distances."""
    return pd.DataFrame([
        {"seed": seed, "step": step * i, "training_loss": loss, "diverged": 0}
        for seed, each in enumerate(losses) for i, loss in enumerate(each)
    ])  # fmt: skip


def slow(steps, losses, parts, first):
    """The same, one part after the other."""

    def height(step):
        for a, b in zip(range(len(steps) - 1), range(1, len(steps)), strict=True):
            if steps[a] <= step <= steps[b]:
                share = (step - steps[a]) / (steps[b] - steps[a])
                return (1 - share) * math.log(losses[a]) + share * math.log(losses[b])
        raise AssertionError(step)

    edges = [steps[-1] * i / parts for i in range(first, parts + 1)]
    fall = [height(a) - height(b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return [each * len(fall) / sum(fall) for each in fall]


@pytest.mark.parametrize(("parts", "first"), [(10, 2), (4, 0), (3, 1)])
def test_falls_are_those_of_the_slow_form(parts, first):
    losses = [2.3, 2.9, 1.7, 1.6, 1.1, 1.15, 0.4]
    frame = runs(losses)
    expected = slow(list(frame["step"]), losses, parts, first)
    table = plateaus.falls(frame, "training_loss", parts, first)
    assert list(table.columns) == list(range(first, parts))
    assert table.loc[0].to_numpy() == pytest.approx(expected)
    assert table.loc[0].mean() == pytest.approx(1)


def test_an_exponential_falls_evenly_and_a_rise_stands_still():
    table = plateaus.falls(runs(np.exp(-np.arange(11)), np.exp(np.arange(11))), "training_loss")
    assert table.loc[0].to_numpy() == pytest.approx(1)
    assert table.loc[1].isna().all()
    assert plateaus.plateaus(table, 0.2).tolist() == [0, 1]
    assert plateaus.stairs(table, [0.3, 0.6]).to_dict() == {0: pytest.approx(1)}


def test_a_staircase_falls_at_its_drops():
    heights = [0, 0, 0, 0, -2, -2, -2, -4, -4, -4, -4]
    table = plateaus.falls(runs(np.exp(heights)), "training_loss")
    assert plateaus.plateaus(table, 0.2)[0] == pytest.approx(0.8)
    assert plateaus.stairs(table, [0.3, 0.6])[0] == pytest.approx(5)
    assert plateaus.stairs(table, [0.5])[0] == pytest.approx(0)
    assert plateaus.stairs(table, [1.0])[0] == pytest.approx(0)  # belongs to the last part


def test_diverged_runs_are_left_out_and_zero_has_a_logarithm():
    frame = runs([1.0, 0.5, 0.0], [1.0, 0.5, 0.4])
    frame.loc[frame["seed"] == 1, "diverged"] = 1
    table = plateaus.falls(frame, "training_loss", parts=2)
    assert list(table.index) == [0]
    assert np.isfinite(table.to_numpy()).all()


def test_drops_before_the_first_part_that_counts_are_not_looked_for():
    table = plateaus.falls(runs(np.exp(-np.arange(11))), "training_loss", first=2)
    assert plateaus.stairs(table, [0.1]).empty
