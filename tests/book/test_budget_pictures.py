"""Panels of times and budgets under L2: marks, the line of slope -1, the product with the rate."""

import numpy as np
import pandas as pd
import pytest

from landscape.book import budget_pictures as draw
from landscape.book.style import panel


def test_a_run_that_was_still_rising_has_an_open_mark():
    times = pd.DataFrame({"l2": [0.1, 0.01, 0.01], "t_star": [1.0, 10.0, 0.0],
                          "censored": [False, True, False]})  # fmt: skip
    _, ax = panel()
    draw.draw_peaks(ax, times, "#000000")
    closed, cut = ax.lines
    assert closed.get_xydata().tolist() == [[0.1, 1]]
    assert cut.get_xydata().tolist() == [[0.01, 10]]
    assert (cut.get_fillstyle(), ax.get_xscale(), ax.get_yscale()) == ("none", "log", "log")


def test_the_slope_ends_at_the_geometric_mean():
    _, ax = panel()
    draw.draw_slope(ax, (0.01, 0.1), pd.Series([1.0, 4.0]))
    assert ax.lines[0].get_ydata() == pytest.approx([20, 2])


def test_a_product_that_is_one_number_is_level():
    rows = [(method, l2, rate, 0.5) for method in ("fast", "slow") for l2 in (0.1, 0.2)
            for rate in (1.0, 2.0)]  # fmt: skip
    times = pd.DataFrame(rows, columns=["method", "l2", "rate", "product"])
    (ax,) = draw.against_rate(times, {"fast": "momentum", "slow": "plain"}).axes
    means = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in means][::3] == [
        r"momentum, $\lambda = 0.1$", r"plain, $\lambda = 0.2$"]  # fmt: skip
    assert np.unique([line.get_ydata() for line in means]).tolist() == [0.5]
