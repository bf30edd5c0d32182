"""Thesis table 3.1: Entropy-SGD against the usual optimizer, on errors made by hand."""

import pytest

from landscape.evidence import figures

from .made import ROOT, Made, falling, judged, labels

ID = "thesis-tab-3-1"
MNISTFC, LENET = "thesis-tab-3-1-mnistfc", "thesis-tab-3-1-lenet"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def runs(mnistfc=-0.02, lenet=-0.01, scale="laptop", **options):
    """Both networks; Entropy-SGD ends so many points from Adam."""
    return Made(scale, {
        name: falling({"adam": (end, 1.0), "entropy_sgd": (end + gap, 1.0)}, **options)
        for name, end, gap in ((MNISTFC, 1.39, mnistfc), (LENET, 0.51, lenet))
    })  # fmt: skip


def test_tasks_that_were_not_run_say_why_and_leave_the_claim_partly():
    found, named = judged(ID, runs(), runs(scale="paper", seeds=5))
    assert labels(named, "c1") == {
        "mnistfc": "reproduced", "lenet": "reproduced", "allcnn": "not run"}  # fmt: skip
    assert named["c1.mnistfc"]["record"]["value"] == pytest.approx(-0.02)
    assert named["c1"]["verdict"]["label"] == "partly"
    assert named["c2"]["verdict"]["label"] == named["c3"]["verdict"]["label"] == "not run"
    assert "Penn Treebank not fetched" in named["c2.ptb"]["reason"]
    assert "Langevin" in named["c3.lenet"]["reason"]
    assert "shorter than the work's" not in found["finding"]


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ((-0.5, 0.5), "ends lower than Adam on the fully connected network (-0.5 [-0.5, -0.5] "
                      "points) and higher than Adam on LeNet"),
        ((0.0, -0.5), "ends not measurably apart from Adam on the fully connected network"),
    ],
)  # fmt: skip
def test_the_sentence_follows_what_was_measured(gaps, words):
    found, _ = judged(ID, runs(*gaps))
    assert words in found["finding"]
    assert "in runs much shorter than the work's" in found["finding"]


def test_a_difference_beyond_the_tolerance_is_contradicted_at_the_works_scale_alone():
    small, work = runs(0.5, 0.5), runs(0.5, 0.5, scale="paper")
    assert labels(judged(ID, small)[1], "c1")["lenet"] == "not seen at small scale"
    assert labels(judged(ID, small, work)[1], "c1")["lenet"] == "contradicted"


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Made("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_a_single_run_decides_nothing():
    found, named = judged(ID, runs(seeds=1))
    assert labels(named, "c1")["lenet"] == "not run"
    assert found["finding"].endswith(".")


def test_the_table_has_a_row_for_every_number_of_the_work(figure):
    rows = figure.rows(runs(), Made("paper"))
    assert len(rows) == 10
    assert rows[0][:2] == ["mnistfc", "Entropy-SGD"]
    assert rows[0][2].text == "1.37 ± 0.03 %"
    assert rows[0][2].details == "after 120 epochs"
    assert rows[0][3] == "–"
    assert rows[0][4].text.endswith("n = 4")
    ptb = next(row for row in rows if row[0] == "PTB-LSTM")
    assert ptb[2].text == "77.656 ± 0.171 perplexity"
    assert "not fetched" in ptb[4].details


def test_langevin_dynamics_stands_apart_with_its_source(figure):
    rows = figure.beside(ROOT)
    assert ["PTB-LSTM", "SGLD of Gan et al. (2016)", "94.03 perplexity",
            "cited there from other authors"] in rows  # fmt: skip
    assert len(rows) == 5


def test_momentum_in_the_outer_loop_is_compared_in_a_sentence(figure):
    made = runs()
    made.frames[figure.OUTER] = falling({"entropy_sgd": (80.0, 1.0)})
    text = figure.momentum(made)
    # 1.37 % and 80 %, and 0.015 points more on the mean of four seeds.
    assert "momentum in the inner loop only 1.385 [" in text
    assert "in both loops 80.015 [" in text
