"""Panels of figure 3.3's page, on tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.book import perceptron_pictures as draw
from landscape.experiments import perceptron_summary as summary


def drawn(figure):
    (ax,) = figure.axes[:1]
    return ax


def test_the_map_joins_solutions_one_flip_apart():
    # 001 and 011 are neighbours, 11000 is alone; the last row is the teacher.
    points = pd.DataFrame({
        "vector": [1, 3, 24, 0], "x": [0.0, 1.0, 2.0, 5.0], "y": [0.0, 0.5, 3.0, 5.0],
        "neighbours": [1, 1, 0, 0], "nearby": [1, 3, 0, 0], "cluster": [0, 0, 1, -1],
    })  # fmt: skip
    figure = draw.solution_map(points, 2)
    ax = drawn(figure)
    lines, alone, dots = ax.collections[:3]
    assert [segment.tolist() for segment in lines.get_segments()] == [[[0, 0], [1, 0.5]]]
    assert alone.get_offsets().tolist() == [[2, 3]]
    assert dots.get_array().tolist() == [np.log1p(1), np.log1p(3)]
    assert ax.lines[0].get_xydata().tolist() == [[5, 5]]
    assert figure.axes[1].get_ylabel() == "local entropy, 2 flips"


def profile(sets, octaves=(0, 1, 2)):
    return pd.DataFrame([{"data_set": i, "octave": k, "nearby": 2.0**k, "error": 38 - k + i / 10}
                         for i in range(sets) for k in octaves])  # fmt: skip


def test_octaves_of_few_data_sets_are_left_out():
    rows = pd.concat([profile(12), profile(1, octaves=(3,))])
    line = drawn(draw.error_by_density(rows, 2)).lines[0]
    assert line.get_xdata() == pytest.approx(np.log1p([1, 2, 4]))
    assert line.get_ydata() == pytest.approx([38.55, 37.55, 36.55])


def test_one_data_set_has_no_intervals():
    assert len(drawn(draw.error_by_density(profile(1), 2)).lines[0].get_xdata()) == 3


def test_bars_leave_a_tenth_of_a_mean_on_a_logarithmic_axis():
    table = pd.DataFrame({"d": 13, "data_set": [0, 1], "patterns": 10, "isolated": [0.0, 40.0],
                          "in_clusters": [9.0, 11.0], "clusters": [1, 1]})  # fmt: skip
    ax = drawn(draw.counts(table))
    assert ax.get_yscale() == "log"
    ends = [box[2][0].get_segments()[0][:, 1] for box in ax.containers]
    assert ends[0][0] == pytest.approx(2.0)  # mean 20, though the interval reaches below zero
    assert ends[1] == pytest.approx([1.0, 22.7], abs=0.01)  # Student's half width is 12.7
    assert ax.lines[-1].get_ydata() == pytest.approx(summary.expected_isolated(table))


def test_the_counted_share_lies_beside_the_exact_one():
    table = pd.DataFrame({"d": [13, 13], "alpha": 0.8, "isolated": [2, 4], "solutions": [10, 10]})
    panels = draw.isolation(table, (0.8, 0.6, 0.4))
    exact, counted = drawn(panels["a"]).lines[:2]
    assert exact.get_ydata() == pytest.approx(summary.isolated_share(0.8, list(exact.get_xdata())))
    assert counted.get_xydata().tolist() == [[13, 0.3]]
    assert len(drawn(panels["b"]).get_legend_handles_labels()[1]) == 3


def test_choices_stand_at_their_distances():
    rows = pd.DataFrame({f"{kind}_{k}": [30.0 - k, 32.0 - k]
                         for kind in ("ball", "shell") for k in (1, 2)})  # fmt: skip
    rows = rows.assign(error=33.0, margin=32.0, mean_margin=29.0, centre=28.0)
    ax = drawn(draw.choices(rows))
    assert ax.containers[0][0].get_xydata().tolist() == [[1, 30], [2, 29]]
    assert len(ax.get_legend_handles_labels()[1]) == 6


def test_three_lengths_of_many_are_drawn_to_the_threshold():
    shares = pd.DataFrame({"alpha": [0.0, 1.0], **{f"d = {d}": [1.0, 0.0] for d in range(5)}})
    ax = drawn(draw.solvable(shares, 0.833))
    assert [line.get_label() for line in ax.lines[:3]] == ["$d = 0$", "$d = 2$", "$d = 4$"]
    assert list(ax.lines[3].get_xdata()) == [0.833, 0.833]
