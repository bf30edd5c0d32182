"""Figure S10: AutoL2 and constants under a schedule, on curves made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from . import auto_l2_made as made
from .made import ROOT, Trained, judged, labels

ID, RUNS = "lewkowycz-fig-S10", "lewkowycz-fig-s10-schedule"
SMALL, SEEN = "not seen at small scale", "reproduced at small scale"
LOOKS = 49


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def stairs(first, jump, speed):
    """Rises to ``first``, and by ``jump`` at every drop."""
    drops = sum((np.arange(LOOKS) > part * (LOOKS - 1)).astype(float) for part in (0.3, 0.6, 0.9))
    return made.to(first, LOOKS, speed) + jump * drops


def runs(auto=(50, 1, 0.5), constant=(45, 6, 0.2)):
    ours = [made.curve(name, stairs(*auto), strengths=made.decaying(LOOKS))
            for name in ("auto_l2", "auto_l2_every_5")]  # fmt: skip
    grid = made.grid({one: stairs(constant[0] - place, *constant[1:])
                      for place, one in enumerate(made.GRID)})  # fmt: skip
    return Trained("laptop", {RUNS: pd.concat([*ours, grid], ignore_index=True)})


def test_ahead_at_first_and_overtaken_at_the_drops():
    found, named = judged(ID, runs())
    assert set(labels(named, "c1").values()) == {SEEN}
    assert named["c1.overtaken"]["build"]["value"] == pytest.approx(63 - 53, abs=0.1)
    assert named["c1.jump"]["build"]["value"] > 4
    said = found["finding"]
    assert "above the best constant $\\lambda$ just before the rate first drops" in said
    assert "highest accuracy is 10.0 points (10.0 to 10.0) below that constant's" in said


def test_a_slow_start_is_not_ahead_and_a_better_end_not_overtaken():
    found, named = judged(ID, runs(auto=(60, 6, 0.05)))
    assert labels(named, "c1")["faster"] == labels(named, "c1")["ahead"] == SMALL
    assert "below the best constant" in found["finding"]
    better = judged(ID, runs(auto=(60, 6, 0.5)))[0]["finding"]
    assert "highest accuracy is 15.0 points (15.0 to 15.0) above that constant's" in better


def test_equal_curves_are_not_told_apart():
    found, named = judged(ID, runs(auto=(45, 6, 0.2)))
    assert "is not measurably apart from the best constant" in found["finding"]
    assert found["finding"].endswith(
        "from that constant's (measured every 5 steps: not measurably apart)."
    )
    assert labels(named, "c1")["jump"] == SMALL


def test_without_runs_nothing_is_said(figure):
    assert figure.measure(Trained("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_pictures_table_and_sentence(figure):
    some = runs()
    assert figure.drops(some) == pytest.approx([14.4, 28.8, 43.2])
    assert set(figure.curves(some).panels) == {"a", "b"}
    assert len(figure.table(some).rows) == 2 + len(made.GRID)
    said = figure.in_the_meantime(some)
    assert "above 15 % for the first time at 1 epochs" in said
    assert "has $\\lambda$ = 4e-5, at the end 4e-5" in said
    assert figure.overtaking(some).startswith("Before the drop that AutoL2 is 8.2 points")
    assert "lifts the constant more, by 7.0 points" in figure.overtaking(some)
    assert len(figure.said(some)) == 2
    behind = figure.overtaking(runs(auto=(30, 14, 0.5)))
    assert "is no overtaking here" in behind
    assert "lifts AutoL2 more, by " in behind
    few = Trained("laptop", {RUNS: some.frames[RUNS][some.frames[RUNS]["step"] % 256 == 0]})
    assert figure.table(few).rows[0][2].text == "–"
