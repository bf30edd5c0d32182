"""The page on numbers of critical points: what it measures, states and draws."""

from pathlib import Path

import numpy as np
import pytest

from landscape.book import critical_point_pictures, critical_point_tables
from landscape.evidence import figures
from landscape.evidence.runs import Runs
from landscape.theory import kac_rice

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def figure():
    return figures.load("critical-point-counts", ROOT)


@pytest.fixture(scope="module")
def runs():
    return Runs.build("laptop", ROOT)


def test_found_numbers_stand_beside_the_exact_ones(figure, runs):
    rows = figure.compared(runs)
    one = rows[(rows["case"] == "search") & (rows["spins"] == 10) & (rows["field"] == 0)].iloc[0]
    assert one["expected"] == pytest.approx(kac_rice.expected_critical_points(10, 1 / 3))
    draws = runs.table("critical-point-counts", "search").query("spins == 10 and field == 0")
    assert one["median"] == draws["found"].median()
    assert set(rows["inside"]) <= {0.0, 1.0}
    assert len(figure.number_rows(runs)) == len(rows) == 36


def test_the_answer_says_what_was_found(figure, runs):
    text = figure.answer(runs)
    inside = int(figure.compared(runs)["inside"].sum())
    assert r"to 800 at $\nu_c$ and two beyond" in text
    assert f"interval of {inside} of 36 sets" in text
    assert "at most about 0.38 and 0.25." in text
    assert text.count(". ") == 0, "one sentence"


def test_a_constant_field_moves_minima_further_than_the_theorem_allows(figure, runs):
    for n, distance in figure.moved(runs):
        assert distance.low > n**-0.3


def test_numbers_by_index_are_exact_and_meet_at_the_critical_field(figure, runs):
    v, numbers = critical_point_pictures.by_index(6)
    at = int(np.abs(v - 1).argmin())
    np.testing.assert_allclose(numbers[at], 2, rtol=1e-6)
    np.testing.assert_allclose(numbers, numbers[:, ::-1], rtol=1e-6)
    cells = figure.index_rows(runs)
    assert cells[0][:3] == ["6", "0.00", f"{numbers[0, 0]:.3f}"]
    assert all(float(row[-1].split()[0]) <= 50 for row in cells)
    right, of = figure.whole(runs)
    assert of == 342
    assert 0.8 * of < right <= of


def test_panels_hold_a_line_and_a_limit_for_every_number_of_spins(figure, runs):
    limits, share = figure.limit_laws(runs), figure.indices(runs).panels["b"]
    for drawn in (figure.draw_numbers(runs, "minima"), share, *limits.panels.values()):
        (ax,) = drawn.axes
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert {f"$N = {n}$" for n in (20, 50, 100, 200, 400)} <= set(labels)
    (ax,) = figure.draw_numbers(runs, "critical").axes
    assert {"$N = 6$", "$N = 10$"} <= {t.get_text() for t in ax.get_legend().get_texts()}
    assert set(figure.data(runs)) == {"exact", "search-found", "descents-found"}


def test_the_displacement_is_drawn_with_the_bound(figure, runs):
    (ax,) = figure.displacement(runs).panels.axes
    bound = next(line for line in ax.lines if line.get_label() == "$N^{-0.3}$")
    np.testing.assert_allclose(bound.get_ydata(), np.array([25, 50, 100]) ** -0.3, rtol=1e-6)


def test_the_network_of_figure_2_3_as_a_spin_glass():
    numbers, misfits = critical_point_tables.network([784, *[128] * 16, 10], 16, 1e-3, 500)
    cells = {row[0].text: row[1].text for row in numbers.rows}
    assert cells[r"critical field $\nu_c$"] == "0.014967"
    assert len(misfits.rows) >= 4


def test_the_printed_field_is_half_the_way_at_p_3():
    row = critical_point_tables.field().rows[0]
    exact, printed = float(row[3].text) - 1, float(row[5].text) - 1
    assert printed / exact == pytest.approx(0.5, abs=0.02)
