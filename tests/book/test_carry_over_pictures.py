"""Panels of the page on other optimizers and schedules: what is drawn is what was measured."""

import matplotlib as mpl
import pandas as pd
import pytest

from landscape.book import carry_over_pictures as pictures
from landscape.evidence.carry_over import Budget
from landscape.evidence.measurement import Measurement, not_run

mpl.use("Agg")
NAMES = {"sgd": "SGD", "adam": "Adam, L2 in the gradient"}


def budget(epochs, predicted, loss=0.2):
    return Budget(epochs, 0.01, 0.005, 0.02, Measurement(predicted), Measurement(loss),
                  Measurement(3.0), Measurement(90.0))  # fmt: skip


def marked(ax, marker):
    return [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == marker]


def test_a_row_a_case_and_a_mark_a_budget():
    found = {"sgd": [budget(100, 0.02), budget(200, 0.01)], "adam": [budget(100, None)]}
    (ax,) = pictures.strengths(found, NAMES).axes
    assert marked(ax, "o") == [pytest.approx([2.0, -0.22])]
    assert marked(ax, "s") == [pytest.approx([1.0, 0.0])]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["SGD", "Adam (L2)"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$T = 100$", "$T = 200$"]


def test_losses_beside_those_of_no_l2():
    loss = Measurement(0.5, 0.1, 1.0)
    one = Budget(*(getattr(budget(100, 0.02), n) for n in ("budget", "tuned", "low", "high")),
                 Measurement(0.02), loss, not_run("not trained"), Measurement(90.0))  # fmt: skip
    (ax,) = pictures.losses({"sgd": [one], "adam": [budget(100, 0.02, loss=-0.3)]}, NAMES).axes
    (bars, other) = ax.containers
    assert bars[0].get_xydata().tolist() == [[0.5, -0.22]]
    assert bars[2][0].get_segments()[0][:, 0].tolist() == pytest.approx([0.1, 1.0])
    assert other[0].get_xydata()[0].tolist() == pytest.approx([-0.3, 0.78])
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert [line.get_xydata()[0].tolist() for line in hollow] == [pytest.approx([3.0, 0.78])]


def test_what_is_fitted_is_filled_and_has_the_slope_of_the_law():
    rows = [(rate, l2, seed, 2.0 / l2) for rate in (1.0, 3.0) for l2 in (0.1, 0.01)
            for seed in (0, 1)]  # fmt: skip
    peaks = pd.DataFrame(rows, columns=["rate", "l2", "seed", "t_star"])
    peaks = peaks.assign(after=peaks["t_star"], censored=False, diverged=False)
    kept = peaks[peaks["rate"] == 1.0]
    (ax,) = pictures.times({"adam": (peaks, kept)}, {"adam": 1.0}, NAMES).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Adam (L2)", r"Adam (L2), $\eta = 3$",
    ]  # fmt: skip
    (dotted,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert (dotted.get_xdata() * dotted.get_ydata()).tolist() == pytest.approx([2.0, 2.0])
    assert {line.get_marker() for line in ax.lines} == {"o", "s", "None"}


def test_accuracies_above_zero_with_their_predictions():
    mean = pd.Series([80.0, 85.0, 84.0], index=[0.0, 0.001, 0.01])
    (ax,) = pictures.accuracies({"sgd": mean}, {"sgd": 0.004}, NAMES).axes
    curve, line = ax.lines
    assert curve.get_xydata().tolist() == [[0.001, 85.0], [0.01, 84.0]]
    assert line.get_xdata() == [0.004, 0.004]
