"""Lewkowycz & Gur-Ari figure S2: exponents of t_*, on runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures, l2_budgets

from .budgets_made import STRENGTHS, flat, lawful, made, peaked, rows
from .made import ROOT, judged, labels

ID, RATES = "lewkowycz-fig-S2", "lewkowycz-fig-s2-rates"
SMALL, GOOD = "not seen at small scale", "reproduced at small scale"
TIMES = np.arange(0, 12.001, 0.25)


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def rates(floor=0.0, seeds=3):
    """Peaks at a constant over rate and coefficient, with momentum not before a floor."""
    found = []
    for method, tenfold in (("constant_l2", 1.0), ("constant_l2_plain", 10.0)):
        least = floor if method == "constant_l2" else 0.0
        for rate in (0.25, 0.5, 1.0):
            for strength in (5e-3, 1e-2):
                at = 0.005 / (rate * strength) + least
                for seed in range(seeds):
                    accuracy = peaked(TIMES, at * (1 + seed / 50), 25)
                    found += rows(strength, seed, TIMES, accuracy, lr=rate * tenfold)
                    for row in found[-len(TIMES) :]:
                        row["method"] = method
    return pd.DataFrame(found)


def runs(constants=None, others=None):
    return made(constants, **{RATES: rates() if others is None else others})


def test_peaks_at_one_over_lambda_have_the_exponent(figure):
    found, named = judged(ID, runs())
    assert labels(named, "c1")["exponent"] == labels(named, "c1")["reached"] == GOOD
    assert named["c1.exponent"]["build"]["value"] == pytest.approx(-1, abs=0.1)
    assert found["finding"].startswith("On a narrow network the time to the best accuracy goes as")
    assert "), or as $\\lambda^{-" in found["finding"]
    assert "that can peak within the runs count (the work: -1); w" in found["finding"]


def test_momentum_with_a_floor_falls_more_slowly_than_plain_sgd():
    found, named = judged(ID, runs(others=rates(floor=1.0)))
    assert labels(named, "c2")["momentum"] == labels(named, "c2")["apart"] == GOOD
    assert labels(named, "c2")["plain"] == GOOD
    assert "; with momentum it goes as $\\eta^{-" in found["finding"]
    _, named = judged(ID, runs())
    assert named["c2.apart"]["build"]["value"] == pytest.approx(0, abs=0.05)


def test_a_difference_that_one_seed_alone_has_is_none():
    one, rest = rates(floor=1.0), rates()
    mixed = pd.concat([one[one["seed"] == 0], rest[rest["seed"] > 0]], ignore_index=True)
    found, named = judged(ID, runs(others=mixed))
    assert labels(named, "c2")["apart"] == SMALL
    assert found["finding"].endswith("on the learning rate stays open.")


def test_noise_has_no_exponent_of_minus_one():
    _, named = judged(ID, runs(flat()))
    assert labels(named, "c1")["exponent"] in (SMALL, "not run")


def test_nothing_is_fitted_to_what_was_still_rising():
    found, named = judged(ID, runs(lawful(factor=1000)))
    assert labels(named, "c1")["exponent"] == "not run"
    assert found["finding"].startswith("On a narrow network no exponent of the time")


def test_without_runs_nothing_was_measured():
    found, named = judged(ID)
    assert labels(named, "c1")["exponent"] == labels(named, "c2")["momentum"] == "not run"
    assert found["finding"].endswith("the learning rate was not varied.")


def test_looks_are_averaged_within_a_run(figure):
    frame = lawful(seeds=2)
    smooth = figure.smoothed(frame)
    one = frame[(frame["l2"] == 1e-3) & (frame["seed"] == 1)].sort_values("step")
    mean = smooth[(smooth["l2"] == 1e-3) & (smooth["seed"] == 1)]
    assert mean["effective_epoch"].min() == 2
    assert mean["effective_epoch"].max() == 62
    assert mean["test_error"].iloc[0] == pytest.approx(one["test_error"].iloc[:5].mean())


def parting(at, seeds=2):
    """Coefficients that follow the smallest one until at / lambda and stay three points behind."""
    times = np.arange(65)
    found = []
    for strength in STRENGTHS:
        for seed in range(seeds):
            behind = 3.0 * (times >= at / strength) * (strength > STRENGTHS[0])
            found += rows(strength, seed, times, 50 - behind)
    return pd.DataFrame(found)


def test_partings_are_those_that_last(figure):
    table = figure.partings(parting(0.01))
    assert list(table.index) == list(STRENGTHS[1:])
    assert table.loc[5e-3, 0] == 2
    assert table.loc[1e-3, 1] == 10
    assert table.loc[2e-4, 0] == 50
    assert np.isnan(table.loc[1e-4, 0])
    assert figure.parting_exponent(table).value == pytest.approx(-1, abs=0.02)
    caught = parting(0.01)
    back = (caught["l2"] == 5e-3) & (caught["effective_epoch"] == 40)
    caught.loc[back, "test_error"] = 50
    assert figure.partings(caught).loc[5e-3, 0] == 41
    assert "only 1 coefficients" in figure.parting_exponent(table.tail(1)).note


def test_pictures_tables_and_sentences(figure):
    found = runs()
    assert set(figure.picture(found).panels) == {"a", "b", "c"}
    clocks = figure.clocks(found)
    assert set(clocks.panels) == {"a", "b"}
    assert set(clocks.data["rates"]["method"]) == {figure.MOMENTUM, figure.PLAIN}
    assert len(figure.rate_table(found).rows) == 6
    assert figure.counted(found).startswith("Of 24 runs 9 had their best at the last look.")
    assert l2_budgets.STRENGTH == figure.STRENGTH
