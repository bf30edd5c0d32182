"""Reading runs where their training loss crosses a common level."""

import numpy as np
import pandas as pd
import pytest

from landscape.experiments import equal_loss


def frame(curves):
    """``{(method, seed): losses at 0.25, 0.5, 1}`` with a measure that is the loss squared."""
    rows = []
    for (method, seed), losses in curves.items():
        for at, loss in zip((0.25, 0.5, 1.0), losses, strict=True):
            rows.append((method, seed, at, loss, loss**2))
    return pd.DataFrame(rows, columns=["method", "seed", "at", "training_loss", "sharp"])


CURVES = {("a", 0): [1.0, 0.5, 0.1], ("b", 0): [0.8, 0.4, 0.2], ("b", 1): [0.15, 0.1, 0.05]}


def test_the_level_is_the_lowest_loss_that_all_reach():
    assert equal_loss.common_level(frame(CURVES)) == 0.2


@pytest.mark.parametrize(
    ("losses", "found"),
    [
        ([1, 0.5, 0.1], (1, 2)), ([1, 0.2, 0.1], (1, 1)), ([0.1, 0.05, 0.01], None),
        ([1, 0.9, 0.8], None), ([1, 0.1, 0.3, 0.1], (2, 3)), ([0.2, 0.3, 0.1], (1, 2)),
    ],
)  # fmt: skip
def test_the_last_way_down_counts(losses, found):
    assert equal_loss.crossing(np.array(losses), 0.2) == found


def test_a_power_law_is_met_exactly():
    losses = np.array([1.0, 0.5, 0.1])
    assert equal_loss.at_level(losses, losses**2, 0.2) == pytest.approx(0.04)
    assert equal_loss.at_level(losses, np.log(losses), 0.2, log=False) == pytest.approx(np.log(0.2))
    assert np.isnan(equal_loss.at_level(losses, np.array([1, 0, 1]), 0.2))
    assert np.isnan(equal_loss.at_level(losses, losses, 0.05))


def test_what_does_not_cross_the_level_is_left_open():
    found = equal_loss.compared(frame(CURVES), ["sharp"], 0.2).set_index(["method", "seed"])
    assert found.loc[("a", 0), "sharp"] == pytest.approx(0.04)
    assert found.loc[("b", 0), "sharp"] == pytest.approx(0.04)
    assert np.isnan(found.loc[("b", 1), "sharp"])


def test_only_instants_on_both_sides_are_needed():
    needed = equal_loss.instants_needed(frame(CURVES), 0.2)
    assert needed[["method", "at"]].values.tolist() == [["a", 0.5], ["a", 1.0], ["b", 1.0]]
    assert equal_loss.instants_needed(frame({("b", 1): [0.1, 0.05, 0.01]}), 0.2).empty
