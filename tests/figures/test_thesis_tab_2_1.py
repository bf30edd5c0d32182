"""Thesis table 2.1: three methods on CIFAR-10, judged on errors made by hand."""

import pytest

from landscape.evidence import figures

from .made import ROOT, Made, diverge, falling, judged, labels

ID, RUNS = "thesis-tab-2-1", "thesis-tab-2-1-allcnn"
PRINTED = {"sgd": 8.42, "resampled_noise": 8.16, "anneal_sgd": 7.95}
UNSEEN = "not seen at small scale"


def runs(ends=PRINTED, scale="laptop", **options):
    frame = falling({method: (end, 3.0) for method, end in ends.items()}, **options)
    return Made(scale, {RUNS: frame})


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def test_the_printed_errors_reproduce_every_claim():
    found, named = judged(ID, runs(), runs(scale="paper", seeds=5))
    assert found["verdict"]["label"] == "reproduced"
    assert named["c2.fixed"]["record"]["value"] == pytest.approx(-0.47)
    assert named["c2.noise"]["record"]["value"] == pytest.approx(-0.26)
    assert named["c1.fixed-noise"]["record"]["value"] == pytest.approx(-0.21)
    assert named["c3.size"]["record"]["value"] == pytest.approx(8.42 + 0.02 - 9.08)
    assert found["finding"].startswith(
        "At the work's scale the final test error depends on the method: the fixed field lowers it"
    )


def test_at_small_scale_a_gain_is_said_with_its_reservation():
    found, _ = judged(ID, runs({"sgd": 30, "resampled_noise": 31, "anneal_sgd": 29}))
    assert "which cannot decide about errors near 8 %" in found["finding"]
    assert "the fixed field lowers it (-1 [" in found["finding"]
    assert "redrawn noise raises it (1 [" in found["finding"]


def test_equal_ends_are_not_ordered():
    found, named = judged(ID, runs(dict.fromkeys(PRINTED, 8.2), seeds=2))
    assert set(labels(named, "c1").values()) == {UNSEEN}
    assert "neither the fixed field (0" in found["finding"]


def test_one_that_moves_and_one_that_does_not():
    found, _ = judged(ID, runs(PRINTED | {"resampled_noise": 8.42}))
    assert "the fixed field lowers it" in found["finding"]
    assert "redrawn noise does not measurably change it (0" in found["finding"]


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Made("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_a_single_run_decides_nothing():
    found, named = judged(ID, runs(seeds=1))
    assert named["c1"]["verdict"]["label"] == "not run"
    assert found["finding"].endswith(".")


def test_the_table_sets_our_errors_beside_the_printed_ones(figure):
    made = runs()
    diverge(made.frames[RUNS], "sgd", 1)
    rows = {row[0]: row for row in figure.rows(made, Made("paper"))}
    sgd = rows["All-CNN with batch normalisation, SGD"]
    assert sgd[1:3] == ["8.42 ± 0.08 %", "–"]
    assert sgd[3].text.endswith("n = 3")
    assert sgd[3].details == "after 10 epochs; left out as diverged: sgd seed 1"
    assert len(rows) == 3


def test_errors_that_the_work_cites_stand_apart(figure):
    cited = figure.cited(ROOT)
    assert ["ELU (Clevert et al., 2015)", "6.55 %", "table 2.1"] in cited
    assert len(cited) == 5


def test_gains_are_drawn_with_every_seed(figure):
    (ax,) = figure.draw_gains(runs(), Made("paper")).axes
    seeds = [line for line in ax.lines if len(line.get_xdata()) == 4]
    assert [list(line.get_ydata()) for line in seeds] == [
        pytest.approx([-0.26] * 4), pytest.approx([-0.47] * 4)]  # fmt: skip
