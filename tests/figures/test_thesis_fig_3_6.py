"""Thesis figure 3.6: Entropy-SGD against SGD, on curves made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, Trained, diverge, judged, labels

ID, RUNS = "thesis-fig-3-6", "thesis-fig-3-6-allcnn"
SMALL = "not seen at small scale"
#: Falls of log loss in tenths of the run: the first two are not looked at.
EVEN, STAIRS = [1] * 10, [1, 1, 0, 4, 0, 0, 4, 0, 0, 4]


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def curve(method, falls, end, seeds=3, epochs=200):
    """Runs with eleven evaluations; losses and errors fall so much, to the end plus s / 100."""
    left = np.cumsum([0, *falls[::-1]])[::-1] / 10
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": 10 * i, "effective_epoch": epochs * i / 10,
         "training_loss": (0.1 + seed / 1000) * np.exp(height), "diverged": 0,
         "test_error": (end + seed / 100) * np.exp(height)}
        for seed in range(seeds) for i, height in enumerate(left)
    ])  # fmt: skip


def runs(entropy=EVEN, sgd=STAIRS, ends=(7.81, 7.71), scale="laptop", **options):
    frame = pd.concat([curve("entropy_sgd", entropy, ends[0], **options),
                       curve("sgd", sgd, ends[1], **options)], ignore_index=True)  # fmt: skip
    return Trained(scale, {RUNS: frame})


def test_the_printed_errors_and_a_staircase_reproduce_the_claims():
    found, named = judged(ID, runs(), runs(scale="paper"))
    assert set(labels(named, "c2").values()) == {"reproduced"}
    assert set(labels(named, "c3").values()) == {"reproduced"}
    assert labels(named, "c1")["error"] == "reproduced"
    assert named["c1.error"]["record"]["value"] == pytest.approx(0.1, abs=1e-4)
    assert named["c2.few"]["record"]["value"] == 0
    assert named["c2.fewer"]["record"]["value"] == pytest.approx(5 / 8)
    # 12 of 12 units of fall lie in 3 of 8 tenths; even falls have 1.
    assert named["c2.stairs"]["record"]["value"] == pytest.approx(8 / 3 - 1, abs=1e-4)
    assert named["c2.stairs-same"]["record"]["value"] == pytest.approx(8 / 3 - 1, abs=1e-4)
    assert found["finding"] == (
        "Entropy-SGD ends 0.1 points above SGD; after the run's first fifth its training loss "
        "stands still for 0 % of the time, SGD's for 62 %."
    )


def test_two_smooth_curves_are_told_apart_by_nothing():
    found, named = judged(ID, runs(sgd=EVEN, ends=(7.8, 7.8)))
    assert labels(named, "c2")["fewer"] == labels(named, "c2")["stairs"] == SMALL
    assert labels(named, "c2")["few"] == "reproduced at small scale"
    assert "On a narrow network and a tenth of the images" in found["finding"]
    assert "not measurably apart from SGD" in found["finding"]
    assert found["finding"].endswith("SGD's for 0 %, which is no measurable difference.")


def test_two_curves_that_fall_alike_at_different_drops_are_told_by_the_control():
    alike = [1, 1, 1, 6, 1, 1, 0, 0, 0, 0]  # SGD drops at 0.3, where both fall
    _, named = judged(ID, runs(entropy=alike, sgd=alike))
    assert labels(named, "c2")["stairs"] == "reproduced at small scale"
    assert named["c2.stairs-same"]["build"]["value"] == pytest.approx(0, abs=1e-9)


def test_a_staircase_of_entropy_sgd_contradicts_at_the_works_scale_alone():
    swapped = {"entropy": [1, 1, 0, 0, 5, 0, 0, 0, 5, 0], "sgd": EVEN}
    _, named = judged(ID, runs(**swapped), runs(scale="paper", **swapped))
    assert labels(named, "c2")["few"] == labels(named, "c2")["fewer"] == "contradicted"
    assert labels(judged(ID, runs(**swapped))[1], "c2")["few"] == SMALL


def test_an_error_far_above_is_said():
    found, named = judged(ID, runs(ends=(60, 55)))
    assert "ends 5.0 points above SGD" in found["finding"]
    assert labels(named, "c1")["error"] == SMALL
    assert "2 of 3" not in (named["c1.passes"]["build"]["note"] or "")
    assert "ends 5.0 points below SGD" in judged(ID, runs(ends=(55, 60)))[0]["finding"]


def test_a_curve_that_rises_stands_still_everywhere(figure):
    frame = curve("sgd", [1, 1, *[-1] * 8], 8)
    assert figure.falls(frame, "sgd", "training_loss").isna().all().all()
    assert (figure.plateaus(frame, "sgd", "training_loss") == 1).all()
    assert figure.stairs(frame, "sgd", [0.3]).empty


def test_falls_are_interpolated_between_evaluations(figure):
    frame = curve("sgd", EVEN, 8)
    sparse = frame[frame["step"] % 20 == 0]
    table = figure.falls(sparse, "sgd", "training_loss")
    assert table.to_numpy() == pytest.approx(1)
    assert list(table.columns) == list(range(2, 10))


def test_diverged_runs_are_left_out_and_a_method_without_any_says_so():
    made = runs()
    diverge(made.frames[RUNS], "sgd", 1)
    named = judged(ID, made)[1]
    assert named["c1.error"]["build"]["n"] == 2
    for seed in (0, 2):
        diverge(made.frames[RUNS], "sgd", seed)
    found, named = judged(ID, made)
    assert found["finding"] == "Nothing was measured."
    assert "diverged" in named["c1.error"]["reason"]


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Trained("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_a_run_that_never_gets_there_counts_with_its_length(figure):
    made = runs(ends=(9.0, 7.0))
    frame = made.frames[RUNS]
    late = (frame["method"] == "entropy_sgd") & (frame["seed"] == 0)
    frame.loc[late, "test_error"] += 50
    found = figure.passes(frame)
    assert "1 of 3 Entropy-SGD runs never get there" in found.note
    # To 26 %, which all others have from the beginning on: once 200 epochs for 20.
    assert found.value == pytest.approx(10 ** (1 / 3))


def test_the_scope_ends_where_the_works_ends(figure):
    table = figure.scope_table(Trained("laptop"))
    gammas = [float(row[2].text) for row in table.rows]
    assert gammas[0] == 30
    assert gammas[1] == pytest.approx(gammas[3], rel=0.02)
    assert gammas[2] == pytest.approx(29.5, abs=0.1)
    gamma, kept = figure.scope({"gamma": 30, "gamma_decay": 0, "L": 20, "lr_inner": 0.1,
                                "momentum": 0.9}, 5)  # fmt: skip
    assert (gamma, kept) == (30, pytest.approx(np.exp(-2 / 3)))


def test_tables_and_panels(figure):
    made = runs()
    errors, still = figure.errors_table(made, Trained("paper")), figure.plateau_table(made)
    assert errors.rows[0][1].text == "7.71 ± 0.19 %"
    assert errors.rows[0][2].text == "–"
    assert len(errors.rows) == 4
    assert still.rows[1][1].text.startswith("0 [0, 0] %")
    picture = figure.curves(made, runs(scale="paper"))
    assert set(picture.panels) == set(picture.titles) == {"a", "b"}
    assert set(figure.pace(made).panels) == {"a", "b"}
