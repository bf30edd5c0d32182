"""Thesis figure 2.2: end points of descents, counted on tables made by hand."""

import pandas as pd
import pytest

from landscape.evidence import figures
from landscape.theory import spin_glass

from .made import ROOT, Made, judged, labels

ID = "thesis-fig-2-2"
COUNTS = {"exponential": 170, "polynomial": 60, "trivial": 1}
APART = {"exponential": 0.99, "polynomial": 0.9, "trivial": 1e-9}


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def runs(exact, scale="laptop", counts=COUNTS, saddles=0, number=4):
    """Four draws; three of each draw's four listed minima lie between -E_0 and -E_inf."""
    middle = -(spin_glass.energy_level(0, 3) + spin_glass.e_infinity(3)) / 2
    tables = {}
    for regime, count in counts.items():
        tables[regime, "draws"] = pd.DataFrame([
            {"draw": draw, "spins": 100, "starts": 2000, "smallest_eigenvalue": 0.01,
             "minima": count + (draw if count > 1 else 0), "distance_end_points": APART[regime],
             "minima_energy_mean": exact + 0.001 * (draw - (number - 1) / 2)}
            for draw in range(number)
        ])  # fmt: skip
        tables[regime, "minima"] = pd.DataFrame([
            {"draw": draw, "energy": energy, "starts": saddles if energy == -1.5 else 500,
             "smallest_eigenvalue": -0.1 if saddles and energy == -1.5 else 0.1}
            for draw in range(number) for energy in (middle, middle, middle, -1.5)
        ])  # fmt: skip
    return Made(scale, tables=tables)


def test_made_tables_give_the_verdicts_that_they_were_made_for(figure):
    found, named = judged(ID, runs(figure.exact_mean(100)), Made("paper"))
    small = "reproduced at small scale"
    assert labels(named, "c1") == {"one": small, "distance": small}
    assert labels(named, "c2") == {
        "many": small, "isolated": small, "independent": small,
        "printed": "not seen at small scale", "possible": "contradicted"}  # fmt: skip
    assert labels(named, "c3") == {"exponential": small, "polynomial": small}
    assert named["c3.exponential"]["build"]["value"] == 110
    assert named["c3.polynomial"]["build"]["value"] == 59 + 1.5
    assert named["c4.inside"]["build"]["value"] == 0.75
    assert named["c4.finite"]["build"]["value"] == pytest.approx(0, abs=1e-9)
    assert named["c4.limit"]["verdict"]["label"] == "reproduced"
    assert named["c5"]["build"]["value"] == 0
    assert named["c5"]["build"]["n"] == 3 * 4 * 2000
    assert found["finding"].startswith(
        "The distinct end points fall with the field as the work says, from 172 to 1.00 per "
        "disorder, but the narrow strands of the maps are no saddles (0 of 24,000 starts end at one"
    )


def test_draws_are_paired_by_their_couplings(figure):
    made = runs(figure.exact_mean(100))
    draws = made.tables["polynomial", "draws"]
    made.tables["polynomial", "draws"] = draws[draws["draw"] != 2].iloc[::-1]
    pair = figure.measure(made)["c3"]["exponential"]
    assert (pair.value, pair.low, pair.high, pair.n) == (110, 110, 110, 3)


def test_counts_that_do_not_fall_are_said(figure):
    even = runs(figure.exact_mean(100), counts=dict.fromkeys(COUNTS, 50))
    found, named = judged(ID, even, Made("paper"))
    assert set(labels(named, "c3").values()) == {"not seen at small scale"}
    assert "do not measurably fall everywhere" in found["finding"]


def test_saddles_are_counted_by_starts(figure):
    made = runs(figure.exact_mean(100), saddles=100)
    found, named = judged(ID, made, Made("paper"))
    assert named["c5"]["build"]["value"] == pytest.approx(3 * 4 * 100 / 24_000)
    assert named["c5"]["verdict"]["label"] == "reproduced at small scale"
    assert "1,200 of 24,000 starts end at one" in found["finding"]


def test_the_record_contradicts_what_the_build_only_does_not_see(figure):
    exact = figure.exact_mean(100)
    _, named = judged(ID, runs(exact), runs(exact, "paper"))
    assert named["c2.printed"]["verdict"]["label"] == "contradicted"
    assert named["c2.printed"]["evidence"] == "record"
    assert named["c5"]["verdict"]["label"] == "contradicted"


def test_without_a_record_there_is_nothing_of_it(figure):
    assert figure.measure(Made("paper")) == {}
    found, named = judged(ID)
    assert named["c1"]["verdict"]["label"] == "not run"
    assert found["finding"] == "Nothing was measured."
