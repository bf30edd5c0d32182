"""Panels of squared loss: what is drawn is what was measured."""

import matplotlib as mpl
import pandas as pd
import pytest

from landscape.book import catapult_pictures as pictures

mpl.use("Agg")


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_first_losses_are_geometric_means_of_the_seeds():
    losses = pd.DataFrame([
        {"lr": lr, "seed": seed, "step": step, "loss": (1.0, 4.0)[seed] / (1 + step)}
        for lr in (0.1, 0.2, 0.4) for seed in (0, 1) for step in (0, 1)
    ])  # fmt: skip
    (ax,) = pictures.first_losses(losses, [0.1, 0.4]).axes
    assert labels(ax) == [r"$\eta = 0.1$", r"$\eta = 0.4$"]
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([2.0, 1.0])
    assert ax.get_xlim() == (0, 1)


def test_curvatures_have_both_bounds():
    first = pd.DataFrame([
        {"lr": lr, "seed": seed, "start": (2.0, 8.0)[seed], "end": 1.0}
        for lr in (0.1, 0.4) for seed in (0, 1)
    ])  # fmt: skip
    (ax,) = pictures.curvatures(first).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn["at the start"] == pytest.approx([4, 4])
    assert drawn["after the steps"] == pytest.approx([1, 1])
    assert drawn[r"$2/\eta$"] == pytest.approx([20, 5])
    assert drawn[r"$4/\eta$"] == pytest.approx([40, 10])
    assert ax.get_ylim() == pytest.approx((1 / 1.4, 1.6 * 8))


def test_a_course_runs_in_units_of_the_rate_and_the_coefficient():
    rows = pd.DataFrame([
        {"lr": lr, "seed": seed, "step": step, "training_loss": (1.0, 4.0)[seed]}
        for lr in (0.1, 0.4) for seed in (0, 1) for step in (10, 100)
    ])  # fmt: skip
    (ax,) = pictures.whole_course(rows, 0.02).axes
    assert labels(ax) == [r"$\eta = 0.1$", r"$\eta = 0.4$"]
    assert ax.lines[1].get_xdata().tolist() == pytest.approx([0.08, 0.8])
    assert ax.lines[1].get_ydata().tolist() == pytest.approx([2, 2])
