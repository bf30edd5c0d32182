"""Lewkowycz & Gur-Ari figure 4: the probe and the prediction, on runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.book import budget_tables
from landscape.evidence import figures, l2_budgets

from .budgets_made import flat, forked, lawful, made, probe
from .made import ROOT, Made, judged, labels

ID = "lewkowycz-fig-4"
SMALL, GOOD = "not seen at small scale", "reproduced at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def test_runs_that_follow_the_law_reproduce_both_claims(figure):
    found, named = judged(ID, made())
    # The smaller a coefficient, the slower it rises: it never leads at short budgets.
    assert labels(named, "c1").pop("knee") == "not run"
    assert {labels(named, "c1")[key] for key in ("best", "long", "alike", "falls", "reach")} == {
        GOOD
    }
    assert {labels(named, "c2")[key] for key in ("inside", "decays", "fair")} == {GOOD}
    assert named["c2.inside"]["build"]["value"] == pytest.approx(1 / 3)
    # 16 steps of rate 0.5 are an epoch of ours, 48.83 of 0.2 one of the work's.
    assert named["c2.c"]["build"]["value"] == pytest.approx(0.01 * 16 / 48.828 * 2.5, rel=1e-4)
    assert "within an order of magnitude of c/T at every budget (a factor of " in found["finding"]
    assert found["finding"].endswith("the short probe's accuracy ends 4.0 points below its peak.")


def test_a_prediction_of_another_clock_is_outside():
    found, named = judged(ID, made(lawful(factor=100)))
    assert labels(named, "c1")["best"] == SMALL
    assert " off the prediction c/T, not measurably within ten" in found["finding"]


def test_a_short_budget_alone_may_be_off():
    frame = lawful()
    # Within 4 epochs the smallest coefficient now leads by far.
    early = (frame["l2"] == 2e-5) & (frame["effective_epoch"].between(1, 4))
    frame.loc[early, "test_error"] = 39.5
    found, named = judged(ID, made(frame))
    assert labels(named, "c1")["best"] == SMALL
    assert labels(named, "c1")["long"] == GOOD
    assert "c/T at the longer budgets (a factor of" in found["finding"]
    assert "not at the shorter ones (" in found["finding"]


def test_noise_decides_nothing_but_what_cannot_be_told_apart_is_near():
    found, named = judged(ID, made(flat(), probe(decay=0.0)))
    assert labels(named, "c1")["best"] == SMALL
    assert labels(named, "c1")["alike"] == GOOD
    assert labels(named, "c2")["decays"] == SMALL
    worst = named["c1.best"]["build"]
    ends = (l2_budgets.factor_of(worst[end]) for end in ("value", "low", "high"))
    assert "at worst {} times ({} to {}) off the".format(*ends) in found["finding"]
    assert "cannot tell from it is within ten times at every budget;" in found["finding"]
    assert len(found["finding"].split()) < 46
    assert found["finding"].endswith("accuracy does not measurably fall again.")


def test_coefficients_that_leave_a_common_curve_have_a_knee_at_one_over_the_budget(figure):
    runs = made(forked())
    _, named = judged(ID, runs)
    assert named["c1.knee"]["build"]["value"] == pytest.approx(-1, abs=0.2)
    assert labels(named, "c1")["knee"] == GOOD
    said = figure.edge(runs)
    assert said.startswith("Three points are lost at a coefficient that falls as $T^{-")
    assert figure.edge(made(flat())) == "Three points are not lost at two budgets."


def test_without_runs_nothing_was_measured():
    found, named = judged(ID)
    assert found["finding"] == "Nothing was measured."
    assert labels(named, "c1")["best"] == "not run"
    lost = lawful()
    lost["diverged"] = 1
    _, named = judged(ID, made(lost))
    assert "no seed ended" in named["c1.best"]["reason"]


def test_a_record_of_the_probe_alone_decides_its_claim(figure):
    class Recorded(Made):
        def info(self, experiment):
            return {"date": "2026-01-02"} if experiment in self.frames else {}

        parameters = made().parameters

    record = Recorded("paper", frames={l2_budgets.PROBE: probe()})
    found, named = judged(ID, made(), record)
    assert "; on the work's own network the short probe's accuracy ends" in found["finding"]
    assert set(labels(named, "c2").values()) == {"reproduced"}
    assert named["c2"]["record"] is not None
    assert named["c1"]["record"] is None
    assert labels(named, "c1")["best"] == GOOD


def test_the_beginnings_are_shown_where_a_record_has_them(figure, monkeypatch):
    said = figure.beginnings(ROOT)
    assert "--only lewkowycz-fig-4-probe lewkowycz-fig-4-shortest" in said.code
    record = Made("paper", frames={
        l2_budgets.PROBE: probe(), "lewkowycz-fig-4-shortest": lawful(seeds=1, epochs=4),
    })  # fmt: skip
    (tuning,) = l2_budgets.beginnings(record)
    assert tuning.budgets == [1, 2, 4]
    assert list(tuning.maxima.columns) == [0]
    monkeypatch.setattr(figure.Runs, "recorded", lambda _: record)
    table = figure.beginnings(ROOT)
    assert "from records (n = 1); " in table.caption
    rows = table.rows
    assert [row[0].text for row in rows] == ["1", "2", "4"]
    assert rows[-1][1].text == "8"


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


def test_the_luck_of_the_highest_look_is_no_decay(figure):
    noise = np.random.default_rng(0).normal(size=(48, 3))
    level = pd.DataFrame(25 + noise, index=np.arange(1, 49) / 8)
    assert (level.max() - figure.late(level)).min() > 1
    assert abs(figure.fallen(level).value) < 1
    level.loc[2.0] += 9  # a peak that all seeds share
    assert figure.fallen(level).value == pytest.approx(9, abs=2)
    assert figure.fallen(level[[0]]).value is None


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
    assert set(figure.collapse(runs).panels) == {"a", "b"}
    # 2 log(48 / 2), a little less for the quarter's beginning: it peaks at 2 of 64 epochs.
    assert "by 6.6 with 0.005" in figure.undone(runs)
    assert budget_tables.span((1e-3, 1e-3)) == "0.001"
    assert np.isfinite(figure.conversion(runs))
