"""Figure S9: AutoL2 against constants at a constant rate, on curves made by hand."""

import pandas as pd
import pytest

from landscape.evidence import figures, l2_races
from landscape.evidence.measurement import Measurement, format_number

from . import auto_l2_made as made
from .made import ROOT, Trained, diverge, judged, labels

ID = "lewkowycz-fig-S9"
AUTO, CONSTANTS = "lewkowycz-fig-s9-auto", "lewkowycz-fig-4-constants"
SMALL, SEEN = "not seen at small scale", "reproduced at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def runs(auto=(60, 0.4), five=(60, 0.4), constants=((50, 0.1), (52, 0.2), (40, 0.5))):
    ours = [made.curve(name, made.to(each[0], speed=each[1]), strengths=made.decaying())
            for name, each in (("auto_l2", auto), ("auto_l2_every_5", five))]  # fmt: skip
    curves = {
        one: made.to(each[0], speed=each[1]) for one, each in zip(made.GRID, constants, strict=True)
    }
    ours = pd.concat(ours, ignore_index=True)
    return Trained("laptop", {AUTO: ours, CONSTANTS: made.grid(curves)})


def test_an_auto_l2_that_is_faster_and_higher_reproduces_the_claim():
    found, named = judged(ID, runs())
    assert set(labels(named, "c1").values()) == {SEEN}
    assert named["c1.better"]["build"]["value"] == pytest.approx(8, abs=0.01)
    assert named["c1.faster"]["build"]["value"] < 0.5
    assert "reaches 8.0 points (8.0 to 8.0) more than the best constant" in found["finding"]
    assert "times sooner than the first constant" in found["finding"]


def test_one_that_is_lower_is_never_there():
    found, named = judged(ID, runs(auto=(30, 0.4)))
    assert labels(named, "c1")["better"] == labels(named, "c1")["faster"] == SMALL
    assert "3 of 3 AutoL2 runs never do" in named["c1.faster"]["build"]["note"]
    assert labels(named, "c1")["better-at-5"] == SEEN
    assert "reaches 22.0 points (22.0 to 22.0) less than the best constant" in found["finding"]
    assert "no run of it gets within half a point" in found["finding"]


def test_equal_curves_are_not_told_apart():
    found, _ = judged(ID, runs(auto=(52, 0.2)))
    assert "shows no measurable gain (0.0 to 0.0 points) over the best constant" in found["finding"]
    assert "measured every 5 steps, it reaches 8.0 points (8.0 to 8.0) more." in found["finding"]
    assert "not measurably sooner or later" in found["finding"]


def test_who_never_arrives_is_told_from_who_is_left_out():
    said = "2 of 2 AutoL2 runs never do; 1 of 3 pairs left out: neither run reaches 55.85 %"
    for note, never in (
        (said, True), ("1 of 3 AutoL2 runs never do", False), ("", False),
        ("3 of 3 constant L2 (0.0002) runs never do", False),
        ("2 of 2 AutoL2 runs never do; 1 of 3 pairs left out: both runs are below 9 % at the first "
         "evaluation", False),
    ):  # fmt: skip
        assert l2_races.never_there(Measurement(2.0, note=note), "auto_l2") is never


def test_without_runs_nothing_is_said(figure):
    assert figure.measure(Trained("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_a_diverged_run_is_left_out_by_name():
    some = runs()
    diverge(some.frames[AUTO], "auto_l2", 1)
    named = judged(ID, some)[1]
    assert named["c1.better"]["build"]["n"] == 2


def test_pictures_table_and_clock(figure):
    some = runs()
    picture = figure.curves(some)
    assert set(picture.panels) == set(picture.titles) == {"a", "b"}
    table = figure.table(some)
    assert [row[0].text for row in table.rows[2:]] == [
        rf"$\lambda$ = {format_number(one)}" for one in made.GRID
    ]
    frame, _ = figure.read(some)
    assert figure.held(frame, "auto_l2") == {0.04: 64, 0.004: 96, 0.0004: 192}
    said = figure.clock(some)
    assert "0.04 to step 64, 0.004 to step 96" in said
    assert "The rate is 2.5 times the work's, so AutoL2 begins at 0.04 here" in said
    assert "The rate is" not in figure.clock(Trained("paper", some.frames))
