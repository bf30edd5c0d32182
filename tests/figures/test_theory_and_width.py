"""Widths against the theory: what is said for every outcome, on networks made by the tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def figure():
    return figures.load("theory-and-width", ROOT)


def network(width, decay, seed, degree, size):
    """A network whose distance falls as one over its width and whose kernel has a floor."""
    time = np.concatenate([[0], np.geomspace(1, 10 / decay, 30)])
    theory = np.exp(-2 * (degree - 1) * decay * time)
    loss = 5 + 45 * (np.log1p(time * decay) - 0.4) ** 2
    return pd.DataFrame({
        "degree": degree, "width": width, "decay": decay, "seed": seed, "time": time,
        "steps": np.arange(31), "loss": loss, "loss_flow": loss * 1.1, "loss_steps": loss * 1.1,
        "loss_zero": 50.0, "apart": (1 + seed / 10) * (1 + time * decay) / width,
        "apart_steps": 0.001, "norm": size, "kernel": np.maximum(theory, 0.1 / width**0.5),
        "kernel_theory": theory,
    })  # fmt: skip


class Made:
    """Runs of two seeds; networks end at zero above ``edge``."""

    def __init__(self, edge=5.0):
        self.edge = edge

    def table(self, experiment, run, name="results"):
        if name == "edge":
            return pd.DataFrame({"samples": [100], "edge": [4.5]})
        if run == "checks":
            return pd.DataFrame({"check": ["kernel", "matrix"], "degree": [2, 3], "off": 1e-7})
        if run == "elsewhere":
            rows = [(s, k, 0.002, t, 1 / (1 + t), 0.5, 10 + k + s + t, 0.5) for s in range(3)
                    for k in (1, 2, 3) for t in (1.0, 2.0, 3.0)]  # fmt: skip
            return pd.DataFrame(rows, columns=["subset", "degree", "decay", "time",
                                               "training_loss", "test_loss", "test_error",
                                               "size"])  # fmt: skip
        if experiment.endswith("work"):
            return pd.concat([network(1000, 0.02, seed, 2, 0.9) for seed in (0, 1)])
        degree = {"two": 2, "three": 3, "linear": 1}[experiment.rsplit("-", 1)[1]]
        rows = []
        for decay in (0.02, 0.08, 0.32):
            for width in (64, 256, 1024):
                strength = decay * width**0.5
                size = 0.0 if strength > self.edge else 1 - strength / 20
                rows += [network(width, decay, seed, degree, size) for seed in (0, 1)]
        return pd.concat(rows, ignore_index=True)


def test_the_answer_says_what_decides_where_networks_end(figure):
    said = figure.answer(Made())
    assert "falls as $n^{-1.00}$ to $n^{-1.00}$" in said
    assert "is above about 4.5;" in said
    assert "would be 4.5, and its network has 0.63" in said
    assert len(said.split()) <= 45


def test_it_says_so_where_none_is_forgotten(figure):
    assert "not all are forgotten" in figure.answer(Made(edge=100))


def test_the_order_of_the_corrections_is_compared_with_the_measured_power(figure):
    said = repr(figure.order_note(Made()))
    assert "agrees with that at $\\lambda = 0.02, 0.08, 0.32$" in said
    assert "from -1.00 between the narrowest to -1.00" in said


def test_ends_name_the_networks_nearest_to_the_work(figure):
    said = repr(figure.ends_note(Made()))
    assert "networks of width 1,000 with $\\lambda = 0.02$" in said
    assert "of the labels' size, with" in said
    assert "$\\lambda\\sqrt n = 4.5$" in said


def test_departures_are_compared_with_the_expected_slopes(figure):
    said = repr(figure.departure_note(Made()))
    assert "With $k = 2$ the slope is" in said
    assert "from" in said


def test_tables_have_a_row_a_lambda_and_degree(figure):
    rows = figure.exponents_table(Made()).rows
    assert len(rows) == 6
    assert rows[2][3].text == "some are at zero"
    (others,) = figure.others_table(Made()).rows
    assert others[4].text.startswith("1 [")
    assert len(figure.checks_table(Made()).rows) == 2


def test_other_digits_are_compared_in_words(figure):
    said = repr(figure.others_note(Made()))
    assert "$k = 2$ is measurably worse at $\\lambda = 0.002$; $k = 3$ is measurably worse" in said


def test_pictures_draw_every_lambda(figure):
    panels = figure.widths(Made()).panels
    assert set(panels) == {"a", "b", "c"}
    labels = [text.get_text() for text in panels["c"].axes[0].get_legend().get_texts()]
    assert labels == ["$\\lambda = 0.02$", "$\\lambda = 0.08$", "$\\lambda = 0.32$", "edge"]
    assert set(figure.late(Made()).panels) == {"a", "b"}
    assert len(figure.others(Made()).panels["a"].axes[0].lines) == 3
