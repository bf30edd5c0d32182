"""Lewkowycz & Gur-Ari figure 4: the probe and the prediction, on runs made by hand."""

import numpy as np
import pytest

from landscape.evidence import figures, l2_budgets

from .budgets_made import flat, lawful, made, probe
from .made import ROOT, Made, judged, labels

ID = "lewkowycz-fig-4"
SMALL, GOOD = "not seen at small scale", "reproduced at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def test_runs_that_follow_the_law_reproduce_both_claims(figure):
    found, named = judged(ID, made())
    assert set(labels(named, "c1").values()) == {GOOD}
    assert labels(named, "c2")["inside"] == labels(named, "c2")["decays"] == GOOD
    assert named["c2.inside"]["build"]["value"] == pytest.approx(1 / 3)
    # 16 steps of rate 0.5 are an epoch of ours, 48.83 of 0.2 one of the work's.
    assert named["c2.c"]["build"]["value"] == pytest.approx(0.01 * 16 / 48.828 * 2.5, rel=1e-4)
    assert found["finding"].startswith("On a narrow network, at the budget where they differ most")
    assert "inside an order of magnitude" in found["finding"]
    assert found["finding"].endswith("peaks after 33 % of the probe and then loses 4.0 points.")


def test_a_prediction_of_another_clock_is_outside():
    found, named = judged(ID, made(lawful(factor=100)))
    assert labels(named, "c1")["best"] == SMALL
    assert "c/T, outside an order of magnitude" in found["finding"]


def test_noise_decides_nothing_but_what_cannot_be_told_apart_is_near():
    found, named = judged(ID, made(flat(), probe(decay=0.0)))
    assert labels(named, "c1")["best"] == SMALL
    assert labels(named, "c1")["alike"] == GOOD
    assert labels(named, "c2")["decays"] == SMALL
    assert "not measurably inside an order of magnitude" in found["finding"]
    assert found["finding"].endswith("not measurably lower at the probe's end than at its peak.")


def test_without_runs_nothing_was_measured():
    found, named = judged(ID)
    assert found["finding"] == "Nothing was measured."
    assert labels(named, "c1")["best"] == "not run"
    lost = lawful()
    lost["diverged"] = 1
    _, named = judged(ID, made(lost))
    assert "no seed ended" in named["c1.best"]["reason"]


def test_the_works_budgets_are_used_where_runs_are_as_long():
    tuning = l2_budgets.read(made(lawful(epochs=2000), scale="paper"))
    assert tuning.budgets == list(l2_budgets.WORK)
    assert l2_budgets.read(made()).budgets == [2, 4, 8, 16, 32, 64]
    assert l2_budgets.read(Made()).note == "no runs"


def test_the_tail_of_the_probe_is_its_last_quarter(figure):
    runs = made(short=probe(at=5.0, decay=3.0))
    late = figure.late(figure.curves(runs))
    inside = figure.curves(runs)
    assert late[0] == pytest.approx(inside[inside.index > 4.5][0].mean())


def test_pictures_tables_and_sentences(figure):
    runs = made()
    picture = figure.picture(runs)
    assert set(picture.panels) == set(picture.titles) == {"a", "b"}
    assert {"constants", "probe"} == set(picture.data)
    table = figure.table(runs)
    assert [row[0].text for row in table.rows] == ["2", "4", "8", "16", "32", "64"]
    assert [float(row[1].text) for row in table.rows] == pytest.approx(
        [5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 2e-4], rel=2
    )
    assert "$c$ = 0.01" in figure.certain(runs)
    assert "of 8 coefficients" in figure.certain(runs)
    assert "$T^{-" in figure.closest(runs)
    assert figure.span((1e-3, 1e-3)) == "0.001"
    assert np.isfinite(figure.conversion(runs))
