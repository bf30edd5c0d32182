"""Thesis figure 2.1: the curves are right, two sentences about them are not."""

import numpy as np
import pytest

from landscape.evidence import figures
from landscape.theory import spin_glass

from .made import ROOT, judged

ID = "thesis-fig-2-1"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def test_the_curves_are_reproduced_and_two_readings_of_them_contradicted():
    found, named = judged(ID)
    assert {name: named[name]["verdict"]["label"] for name in ("c1", "c2", "c3", "c4")} == {
        "c1": "reproduced", "c2": "reproduced", "c3": "reproduced", "c4": "reproduced"}  # fmt: skip
    ours = "contradicted under our reading"
    assert named["c5"]["verdict"]["label"] == ours
    assert named["c6.level"]["verdict"]["label"] == "reproduced"
    assert named["c6.all"]["verdict"]["label"] == ours
    assert found["verdict"] == {"word": ours, "scale": "exact", "label": ours}
    assert found["finding"].startswith("The curves are right once a misprinted formula is")
    assert "e^{-0.333 N}" in found["finding"], "at p = 3 the rate is log 2 / 2 less log 2 / 2 - 1/3"


@pytest.mark.parametrize("p", [3, 4, 10])
def test_the_plateau_is_the_parabola_at_its_end(figure, p):
    edge = -2 * np.sqrt((p - 1) / p)
    parabola = np.log(p - 1) / 2 - (p - 2) / (4 * (p - 1)) * edge**2
    assert figure.plateau(p) == pytest.approx(parabola, abs=1e-12)
    assert figure.rate_by_quadrature(edge, p) == 0


def test_the_misprinted_formula_is_seen(figure, monkeypatch):
    monkeypatch.setattr(figure, "rate_by_quadrature", spin_glass.i1_as_printed)
    assert figure.violations(3)["rate"] > 1e-3


def test_curves_that_do_not_follow_are_said(monkeypatch):
    true = spin_glass.complexity_of_index
    monkeypatch.setattr(spin_glass, "complexity_of_index", lambda u, k, p: true(u, k, p) + k / 1e3)
    found, named = judged(ID)
    assert named["c2"]["verdict"]["label"] == "contradicted"
    assert "do not follow from the formulas" in found["finding"]


def test_at_finite_size_minima_are_fewer_than_all_critical_points(figure):
    for n, limit, minima, _, points, share in figure.finite_rows():
        assert float(limit) == pytest.approx(np.exp(int(n) * figure.plateau(3)), rel=1e-2)
        assert float(share) == pytest.approx(float(minima) / float(points), rel=0.5)
        assert float(minima) < float(points)


def test_the_saved_curves_are_those_that_are_drawn(figure):
    frame = figure.curves()
    (ax,) = figure.draw_complexity().axes
    drawn = {line.get_label(): line for line in ax.lines}
    np.testing.assert_allclose(drawn["index 0 (minima)"].get_xdata(), frame["energy"])
    np.testing.assert_allclose(drawn["index 0 (minima)"].get_ydata(), frame["index_0"])
    np.testing.assert_allclose(drawn["all critical points"].get_ydata(), frame["all"])
