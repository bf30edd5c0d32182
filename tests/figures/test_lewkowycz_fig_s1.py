"""Figure S1 of Lewkowycz & Gur-Ari: times to training accuracy 1 made by hand."""

import pytest

from landscape.evidence import figures

from .l2_made import swept
from .made import ROOT, Trained, judged

ID = "lewkowycz-fig-S1"
FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
GRID = [(lr, l2) for lr in (0.1, 1.0, 10.0) for l2 in (0.0, 1e-5, 1e-4, 0.05)]
ONE_RATE = [(1.6, 0.0), (1.6, 1e-4)]


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def made(power=-1.0, slower=1.0, fast=1.0):
    def fit(lr, l2, seed):
        if l2 > 0.01:
            return None
        factor = slower if l2 > 1e-5 else 1.0
        return round(1000 * lr**power * factor * (fast if lr > 5 else 1) * (1 + seed / 100))

    def frame(grid):
        return swept(lambda *_: 5, lambda *_: 80, grid, fit=fit)

    return Trained(frames={FC: frame(GRID), WRN: frame(ONE_RATE)})


def test_a_time_that_is_one_over_the_rate():
    found, named = judged(ID, made())
    assert named["c1.fc"]["build"]["value"] == pytest.approx(1)
    assert named["c1.wrn"]["build"]["value"] == pytest.approx(1)
    assert named["c2.fc"]["build"]["value"] == pytest.approx(-1, abs=0.01)
    assert found["verdict"]["label"] == "reproduced at small scale"
    assert r"after a time that goes as $\eta^{-1.00}$" in found["finding"]
    assert "makes that time 1.00 (1.00 to 1.00) times as long" in found["finding"]
    assert found["finding"].endswith(", in the Wide ResNet 1.00 times.")


def test_large_rates_may_bend():
    _, named = judged(ID, made(fast=4))
    assert named["c2.fc"]["build"]["value"] == pytest.approx(-1, abs=0.01)
    assert named["c2.fc-all"]["build"]["value"] > -0.8
    assert named["c2"]["verdict"]["label"] == "reproduced at small scale"


def test_l2_that_doubles_the_time():
    _, named = judged(ID, made(slower=2))
    assert named["c1.fc"]["build"]["value"] == pytest.approx(2, rel=0.01)
    assert named["c1.fc"]["verdict"]["label"] == "not seen at small scale"
    assert "lambda = 0.0001" in named["c1.fc"]["build"]["note"]


def test_settings_that_never_fit(figure):
    runs = made()
    assert (0.1, 0.05) not in figure.times(runs, "fc").index
    assert "3 of 12 settings" in figure.never(runs)
    assert "0.05" in figure.never(runs)
    assert "20" in figure.beside_the_peak(runs).split("accuracy is ")[1]
    picture = figure.figure_s1(runs)
    assert set(picture.panels) == {"a", "b"}
    assert len(figure.table_of_times(runs).rows) == 9 + 2


def test_no_run_that_fits():
    frame = swept(lambda *_: 5, lambda *_: 80, GRID)
    runs = Trained(frames={FC: frame, WRN: frame})
    found, named = judged(ID, runs)
    assert named["c1.fc"]["verdict"]["word"] == "not run"
    assert found["finding"] == "No sweep has runs that fit their samples at several rates."
    figures.load(ID, ROOT).figure_s1(runs)
    assert figures.load(ID, ROOT).beside_the_peak(runs) == ""
