"""What the figures measure: on frames made by hand, and on the stored results of every page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape import project
from landscape.evidence import claims, figures
from landscape.evidence.runs import Runs

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = [page.name for page in project.pages(ROOT) if page.is_artifact]


def frame(ends, column="validation_error", epochs=4):
    """Runs that fall in a straight line from 90 to their end: {method: one end a seed}."""
    rows = [
        {"method": method, "seed": seed, "step": step, "effective_epoch": float(step),
         column: 90 + (end - 90) * step / epochs, "diverged": 0}
        for method, each in ends.items() for seed, end in enumerate(each)
        for step in range(epochs + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_every_measurement_belongs_to_a_claim_and_every_claim_has_one(name):
    declared = claims.load(name, ROOT)
    measured = figures.load(name, ROOT).measure(Runs.build("laptop", ROOT))
    assert set(measured) == {claim.id for claim in declared}
    for claim in declared:
        if claim.parts and isinstance(measured[claim.id], dict):
            assert set(measured[claim.id]) <= {part.id for part in claim.parts}


def test_annealing_differences_are_paired_by_seed():
    fig = figures.load("thesis-fig-2-3", ROOT)
    runs = frame({"anneal_sgd": [10, 12, 14], "adam": [11, 13, 15]})
    found = fig.difference(runs, fig.final_error)
    assert (found.value, found.low, found.high, found.n) == (-1, -1, -1, 3)


def test_annealing_twice_as_large_is_a_difference_from_twice():
    fig = figures.load("thesis-fig-2-3", ROOT)
    runs = frame({"anneal_sgd": [30, 31, 32], "adam": [10, 10, 10]})
    assert fig.difference(runs, fig.final_error, times=2).value == pytest.approx(11)
    zero = frame({"anneal_sgd": [0, 0], "adam": [0, 0]}, epochs=1)
    zero["validation_error"] = 0.0
    assert fig.difference(zero, fig.final_error, times=2).note == "zero in every run"


def test_annealing_judges_the_beginning_at_the_works_scale_by_fine_runs_alone():
    fig = figures.load("thesis-fig-2-3", ROOT)

    class Recorded:
        scale = "paper"

        def __init__(self, fine):
            self.fine = fine

        def frame(self, name):
            coarse = frame({"anneal_sgd": [10, 12], "adam": [11, 13]})
            return self.fine if name == fig.EARLY else coarse

    assert fig.beginning(Recorded(None)) == (None, None)
    fine = frame({"anneal_sgd": [1, 2], "adam": [3, 4]}, epochs=8)
    assert fig.beginning(Recorded(fine)) == (fine, 8.0)


def test_alignment_of_a_field_alone_is_a_running_sum():
    fig = figures.load("thesis-fig-2-4", ROOT)
    plain = {"momentum": 0.0, "weight_decay": 0.0, "nesterov": False}
    assert fig.field_alone([1, 1, 1], [0.1, 0.1, 0.1], plain) == pytest.approx([0.1, 0.2, 0.3])
    decayed = fig.field_alone([1, 0], [0.1, 0.1], plain | {"weight_decay": 0.5})
    assert decayed == pytest.approx([0.1, 0.095])


def test_entropy_sgd_gap_is_its_error_minus_adams():
    fig = figures.load("thesis-tab-3-1", ROOT)
    runs = frame({"entropy_sgd": [1.0, 1.2], "adam": [1.5, 1.7]}, "test_error")
    assert fig.gap(runs, "mnistfc").value == pytest.approx(-0.5)


def test_minima_are_far_from_the_ground_state_and_few():
    fig = figures.load("thesis-fig-2-1", ROOT)
    assert all(fig.missing_below_middle(p) > 0 for p in fig.ORDERS)
    assert fig.missing_share(3) == pytest.approx(1 / 3)
    found = fig.violations(3)
    assert found["zero"] < 1e-9
    assert found["order"] > 0


def test_starts_that_end_at_a_saddle_are_counted():
    fig = figures.load("thesis-fig-2-2", ROOT)
    one = pd.DataFrame({"smallest_eigenvalue": [-0.1, 0.2, -0.3], "starts": [2, 50, 1]})
    assert fig.saddles({"exponential": one, "trivial": one.iloc[1:2]}) == 3


def test_the_slope_of_the_complexity_is_the_corrected_one():
    fig = figures.load("richemond-fig-1", ROOT)
    r, slope = fig.measured_slope(1.0)
    assert slope == pytest.approx(2 * (1 - 2 / (1 + r)), rel=1e-6)
    assert abs(slope - (1 + 2 / (1 + r))) > 0.5


def test_the_peak_of_a_mode_hardly_moves_while_its_loss_follows_lambda():
    fig = figures.load("lewkowycz-fig-5", ROOT)
    table = fig.times()
    assert fig.slope(table["lambda"], table["loss_minimum"]) == pytest.approx(-1, abs=0.1)
    assert abs(fig.slope(table["lambda"], table["peak"])) < 0.3
    assert np.all(np.diff(table["half"]) > 0)
