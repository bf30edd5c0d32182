"""Panels of when a loss is least: series where there is something to draw, and a word where not."""

import numpy as np
import pandas as pd
import pytest

from landscape.book import loss_minimum_pictures as draw


def least(constant):
    rows = [(0.5, l2, seed, constant / l2, False, 2.0, 40.0 + seed)
            for l2 in (0.01, 0.1) for seed in (0, 1)]  # fmt: skip
    return pd.DataFrame(rows, columns=["lr", "l2", "seed", "t_star", "censored", "growth", "back"])


def test_every_network_has_a_series_in_its_own_colour():
    panels = draw.laws({0: ("one", least(10)), 2: ("other", least(20))})
    assert list(panels) == ["a", "b", "c"]
    axes = {letter: figure.axes[0] for letter, figure in panels.items()}
    one, other = (container[0] for container in axes["a"].containers)
    assert one.get_xdata() == pytest.approx([0.01, 0.1])
    assert one.get_ydata() == pytest.approx([500, 50])
    assert one.get_color() != other.get_color()
    assert np.unique(axes["b"].containers[0][0].get_ydata()) == pytest.approx([2])
    assert axes["c"].containers[1][0].get_ydata() == pytest.approx([40.5, 40.5])
    assert [text.get_text() for text in axes["b"].get_legend().get_texts()] == ["one", "other"]


def test_without_runs_axes_are_empty_and_say_so():
    assert [figure.axes[0].lines[:] for figure in draw.laws({}).values()] == [[], [], []]
    assert draw.nothing().axes[0].texts[0].get_text() == "not run"
