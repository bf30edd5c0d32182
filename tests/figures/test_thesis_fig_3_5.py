"""Thesis figure 3.5: Entropy-SGD against Adam on MNIST, on errors made by hand."""

import pytest

from landscape.evidence import figures

from .made import ROOT, Made, diverge, falling, judged, labels

ID = "thesis-fig-3-5"
MNISTFC, LENET = "thesis-tab-3-1-mnistfc", "thesis-tab-3-1-lenet"
OPTIMIZER = {"L": 20, "lr_inner": 0.1, "momentum": 0.9, "gamma": 1e4, "gamma_decay": 1e-3}


class Runs(Made):
    def parameters(self, experiment, method=None):
        return {"optimizer": OPTIMIZER}


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def runs(mnistfc=-0.02, lenet=-0.01, speeds=(0.5, 1.5), scale="laptop", **options):
    """Both networks; Entropy-SGD ends so many points from Adam and falls so fast (Adam: 1)."""
    return Runs(scale, {
        name: falling({"adam": (end, 1.0), "entropy_sgd": (end + gap, speed)}, **options)
        for name, end, gap, speed in (
            (MNISTFC, 1.39, mnistfc, speeds[0]), (LENET, 0.51, lenet, speeds[1]))
    })  # fmt: skip


def test_the_works_own_numbers_and_order_are_reproduced():
    found, named = judged(ID, runs(epochs=30), runs(scale="paper", epochs=30))
    assert set(labels(named, "c1").values()) == {"reproduced"}
    assert set(labels(named, "c2").values()) == {"reproduced"}
    assert labels(named, "c3") == {"lenet": "reproduced", "mnistfc": "reproduced"}
    assert found["verdict"]["label"] == "reproduced"
    assert "shorter than the work's" not in found["finding"]
    assert len(found["finding"].split()) < 46


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ((-0.5, 0.5), "ends 0.5 points below Adam on the fully connected network and 0.5 points "
                      "above Adam on LeNet"),
        ((0.0, -0.3), "ends within 0.1 points of Adam on the fully connected network and 0.3 points"
                      " below Adam on LeNet"),
    ],
)  # fmt: skip
def test_the_sentence_follows_what_was_measured(gaps, words):
    found, _ = judged(ID, runs(*gaps))
    assert words in found["finding"]
    assert "in runs much shorter than the work's" in found["finding"]
    assert len(found["finding"].split()) < 46


def test_a_record_of_one_network_leaves_the_other_short():
    work = runs(scale="paper", epochs=30)
    work.frames.pop(MNISTFC)
    found, named = judged(ID, runs(), work)
    assert labels(named, "c1")["lenet"] == "reproduced"
    assert labels(named, "c1")["mnistfc"] == "reproduced at small scale"
    end = "; the runs of the fully connected network are much shorter than the work's."
    assert found["finding"].endswith(end)
    assert len(found["finding"].split()) < 46


def test_a_faster_entropy_sgd_contradicts_more_passes_at_the_works_scale():
    work = runs(speeds=(2.0, 0.5), scale="paper", epochs=30)
    named = judged(ID, runs(speeds=(2.0, 0.5), epochs=30), work)[1]
    assert labels(named, "c3") == {"lenet": "contradicted", "mnistfc": "contradicted"}
    small = judged(ID, runs(speeds=(2.0, 0.5), epochs=30))[1]
    assert labels(small, "c3")["lenet"] == "not seen at small scale"


def test_a_ratio_that_may_be_one_is_said_to_be_no_difference():
    found = judged(ID, runs(speeds=(1.0, 0.5)))[0]["finding"]
    assert "it takes measurably neither more nor fewer passes on the first, " in found


def test_ends_that_scatter_are_said_to_be_no_measured_difference():
    made = runs()
    rows = made.frames[MNISTFC]
    made.frames[MNISTFC] = rows.assign(
        test_error=rows["test_error"] + (rows["method"] == "adam") * (rows["seed"] - 1.5)
    )
    found = judged(ID, made)[0]["finding"]
    assert "ends not measurably apart from Adam on the fully connected network and within" in found


def test_trained_means_within_a_tenth_of_the_worse_end(figure):
    frame = runs(mnistfc=0.3).frame(MNISTFC)
    assert figure.level(frame) == pytest.approx(1.39 + 0.3 + 0.015 + 0.1)
    # 88 exp(-t) + 1.39 and 88 exp(-t/2) + 1.69 fall below it in half epochs.
    assert figure.passes(frame).value == pytest.approx(10 / 5.5, rel=0.02)


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Made("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_one_network_alone_is_measured(figure):
    made = Made("paper", {MNISTFC: runs().frame(MNISTFC)})
    assert set(figure.measure(made)["c1"]) == {"mnistfc"}


def test_a_diverged_run_is_left_out_by_name(figure):
    made = runs()
    diverge(made.frames[LENET], "adam", 2)
    gap = figure.measure(made)["c1"]["lenet"]
    assert (gap.n, gap.diverged) == (3, ("adam seed 2",))


def test_updates_are_passes_over_the_length_of_the_loop(figure):
    rows = figure.by_updates(runs(), "lenet")
    ends = rows.groupby("method")["updates"].max()
    assert (ends["adam"], ends["entropy_sgd"]) == (10, 0.5)
    text = figure.costs(runs(), Runs("paper"))
    assert "One update of Entropy-SGD costs 20 gradients" in text
    assert text.count("in this build") == 2


def test_passes_are_those_of_a_record_where_there_is_one(figure):
    work = Runs("paper", {LENET: runs(speeds=(1.0, 2.0)).frames[LENET]})
    text = figure.costs(runs(speeds=(1.0, 1.0)), work)
    assert "on the fully connected network, in this build, " in text
    assert "on LeNet, in the record, 0.5" in text


def test_the_force_is_small_beside_the_gradient(figure):
    assert figure.largest_force(OPTIMIZER, 1e4) == pytest.approx(0.002)
    text = figure.force(runs(), Runs("paper"))
    assert "from 1e4 to 9990" in text  # one update in the 20 steps of these rows
    assert "in this build on the fully connected network. " in text
    assert "0.20 % of it at the beginning" in text
    work = Runs("paper", {LENET: runs(epochs=100).frames[LENET]})
    # 200 steps are ten updates: the scope is divided by 1.001 ten times.
    assert "from 1e4 to 9901 in the record of LeNet. " in figure.force(runs(), work)
