"""Richemond & Guo, figure 1: formulas, random matrices, the corrected slope."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from landscape.evidence import figures, judge
from landscape.evidence.runs import Runs
from landscape.theory import gaussian_field as theory

ROOT = Path(__file__).parents[2]
ID = "richemond-fig-1"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


@pytest.fixture(scope="module")
def runs():
    return SimpleNamespace(scale="smoke", read=[], root=ROOT)


@pytest.fixture(scope="module")
def measured(figure, runs):
    return figure.measure(runs)


def test_formulas_violate_nothing(figure, measured):
    assert measured["c1"]["curve"].value < 1e-9
    assert measured["c3"]["line"].value < 1e-6


def test_the_index_has_the_slope_power_and_coefficient_of_the_semicircle(measured):
    found = {key: m.value for key, m in measured["c2"].items()}
    assert found["slope"] == pytest.approx(-2 / np.pi, abs=1e-6)
    assert found["exponent"] == pytest.approx(1.5, abs=1e-4)
    assert found["coefficient"] == pytest.approx(4 * np.sqrt(2) / (3 * np.pi), abs=1e-6)


def test_few_matrices_agree_within_their_own_interval(measured):
    index, line = measured["c1"]["matrices"], measured["c3"]["matrices"]
    assert index.n > 50
    assert abs(index.value) < 4 * (index.high - index.low)
    assert abs(line.value - 1) < 4 * (line.high - line.low)
    assert index.note == "N = 100"


def test_a_wrong_line_is_seen(figure, monkeypatch):
    true = theory.psi
    monkeypatch.setattr(theory, "psi", lambda e, z, f: true(e, z, f) + 0.01 * z)
    assert figure.line_violation() > 1e-3


def test_a_wrong_curve_is_seen(figure, monkeypatch):
    true = theory.index
    monkeypatch.setattr(theory, "index", lambda x: true(x) ** 1.01)
    assert figure.curve_violation() > 1e-3


def test_the_measured_slope_is_the_corrected_one_not_the_printed(figure):
    for power in (4.0, 1.0, 0.1):
        r, slope = figure.measured_slope(power)
        assert slope == pytest.approx(2 * (1 - 2 / (1 + r)), abs=1e-6)
        assert abs(slope - (1 + 2 / (1 + r))) > 0.1
    frame = figure.slopes()
    assert (frame["corrected"] < 2).all()


def test_corrected_and_printed_meet_at_five(figure):
    frame = figure.slopes()
    apart = np.interp(5, frame["r"], frame["corrected"] - frame["printed"])
    assert apart == pytest.approx(0, abs=5e-3)


def test_verdict_and_sentence_at_laptop_scale():
    found = judge.in_memory(ID, Runs.build("laptop", ROOT))
    assert found["verdict"] == {"word": "reproduced", "scale": "exact", "label": "reproduced"}
    assert "0.67" in found["finding"]


def test_the_table_compares_with_and_without_the_determinant(figure):
    rows = figure.line_rows("smoke")
    assert len(rows) == len(figure.LEVELS)
    eq10, plain = (np.array([float(row[column]) for row in rows]) for column in (2, 3))
    assert (np.abs(eq10) > np.abs(plain)).all()


def test_pictures_draw_the_points(figure):
    (ax,) = figure.draw_index("smoke").axes
    assert len(ax.containers) == 1
    (ax,) = figure.draw_energy("smoke").axes
    assert ax.get_xlabel() == r"energy $\epsilon$"
    (ax,) = figure.draw_semicircle("smoke").axes
    heights = np.array([p.get_height() for p in ax.patches])
    widths = np.array([p.get_width() for p in ax.patches])
    assert (heights * widths).sum() == pytest.approx(1)
    (ax,) = figure.draw_slopes().axes
    assert len(ax.lines) == 4
