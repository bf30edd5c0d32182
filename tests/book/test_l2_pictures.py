"""Panels of sweeps over eta and lambda: what is drawn is what was measured."""

import numpy as np
import pandas as pd
import pytest

from landscape import book
from landscape.book import l2_pictures
from landscape.evidence.measurement import Measurement


def times(rates=(0.5, 5.0), lambdas=(0.0, 0.01, 0.1)):
    rows = [(lr, l2, seed, 1000 * (1 + seed) / (lr * l2) if l2 else 7e6, 80 + seed + 10 * l2)
            for lr in rates for l2 in lambdas for seed in (0, 1)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["lr", "l2", "seed", "t_star", "best_accuracy"])
    return frame.assign(after=frame["t_star"], censored=False, diverged=False)


def drawn(ax, label):
    container = next(c for c in ax.containers if c.get_label() == label)
    return container[0].get_xdata(), container[0].get_ydata()


def test_times_in_epochs_with_the_line_without_l2():
    ax = l2_pictures.draw_times(times(), epoch=10).axes[0]
    x, y = drawn(ax, r"$\eta$ = 0.5")
    assert x == pytest.approx([0.01, 0.1])
    assert y == pytest.approx(np.sqrt(2) * 100 / (0.5 * np.array([0.01, 0.1])))
    dashed = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == pytest.approx([7e5, 7e5])


def test_a_law_collapses_on_its_line():
    ax = l2_pictures.draw_collapse(times()).axes[0]
    line = next(one for one in ax.get_lines() if one.get_linestyle() == ":")
    assert np.prod(line.get_xydata(), axis=1) == pytest.approx(np.sqrt(2) * 1000)
    ax = l2_pictures.draw_constant(times()).axes[0]
    for lr in (0.5, 5):
        assert drawn(ax, rf"$\eta$ = {lr:g}")[1] == pytest.approx(np.sqrt(2) * 1000)


def test_accuracies_of_all_rates_and_without_l2():
    ax = l2_pictures.draw_best(times()).axes[0]
    assert drawn(ax, r"$\eta$ = 5")[1] == pytest.approx([80.6, 81.5])
    assert any(line.get_linestyle() == "--" and line.get_ydata()[0] == pytest.approx(80.5)
               for line in ax.get_lines())  # fmt: skip


def test_what_was_not_measured_is_not_drawn():
    figure, ax = book.panel()
    l2_pictures.series(ax, {0.1: Measurement(None)}, 0, "none")
    l2_pictures.inverse(ax, pd.Series(dtype=float), pd.Series(dtype=float), "x")
    assert not ax.get_lines()
    l2_pictures.series(ax, {0.1: Measurement(None), 1.0: Measurement(2.0)}, 0, "one")
    assert drawn(ax, "one")[0].tolist() == [1.0]


def test_a_course_has_a_curve_a_lambda_and_marks_the_least_loss():
    rows = pd.DataFrame(
        [(l2, seed, step, loss * 4**seed, 50 - step, 0) for l2 in (0.01, 0.1, 1.0)
         for seed in (0, 1) for step, loss in ((0, 9.0), (10, 1.0), (20, 0.5), (30, 2.0))],
        columns=["l2", "seed", "step", "training_loss", "test_error", "diverged"],
    )  # fmt: skip
    ax = l2_pictures.draw_course(rows, "training_loss", 10).axes[0]
    curves = [line for line in ax.get_lines() if line.get_marker() == "None"]
    assert len(curves) == len({line.get_color() for line in curves}) == 3
    assert curves[0].get_xydata() == pytest.approx(np.array([[1, 2], [2, 1], [3, 4]]))
    marks = [line.get_xydata()[0] for line in ax.get_lines() if line.get_marker() == "o"]
    assert marks == [pytest.approx([2, 1])] * 3
    ax = l2_pictures.draw_course(rows, "test_error", 10).axes[0]
    assert ax.get_lines()[0].get_ydata() == pytest.approx([60, 70, 80])
    assert len(set(l2_pictures.colours(5))) == 5


def test_accuracies_against_the_product_have_a_curve_a_lambda():
    rows = pd.DataFrame([
        {"method": "plain", "l2": l2, "seed": seed, "step": step, "time": step * l2,
         "accuracy": 50.0 + step + 2 * seed, "diverged": 0}
        for l2 in (0.01, 0.1) for seed in (0, 1) for step in (1, 10)
    ])  # fmt: skip
    ax = l2_pictures.draw_accuracies(rows).axes[0]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [r"$\lambda$ = 0.01 (n = 2)", r"$\lambda$ = 0.1 (n = 2)"]
    first = next(line for line in ax.get_lines() if len(line.get_xdata()) == 2)
    assert first.get_xydata().tolist() == pytest.approx(np.array([[0.01, 52], [0.1, 61]]))


def test_ticks_are_plain_below_two_decades_only():
    figure, ax = book.panel()
    ax.set(xscale="log", yscale="log", xlim=(1, 50), ylim=(1, 1000))
    formatters = [axis.get_major_formatter() for axis in (ax.xaxis, ax.yaxis)]
    assert l2_pictures.plain_ticks(figure) is figure
    assert ax.xaxis.get_major_formatter() is not formatters[0]
    assert ax.yaxis.get_major_formatter() is formatters[1]
