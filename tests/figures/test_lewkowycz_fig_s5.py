"""Figure S5 of Lewkowycz & Gur-Ari: squared loss and the catapult, on runs made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, Made, judged, labels

ID = "lewkowycz-fig-S5"
SWEEP, CATAPULT = "lewkowycz-fig-s5-mse", "lewkowycz-fig-s5-catapult"
RATES, SMALL = (0.2, 0.4, 0.8), "not seen at small scale"
SPLIT = {0.2: 40, 0.4: 36, 0.8: 30}  # test error when training accuracy reaches 1


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def network(lr, l2, seed, early, end, rise=2.0):
    """Rows at 0 to 100; fitted at step 20, least loss at 50, ``rise`` times it at the end."""
    bump = seed / 10
    rows = [
        (0, 0.2, 90, 90), (10, 0.1, 30, early + 9), (20, 0.05, 0, early + bump),
        (50, 0.01, 0, end + 1 + bump), (100, 0.01 * rise, 0, end + bump),
    ]  # fmt: skip
    return [
        {"method": "l2" if l2 else "without_l2", "lr": lr, "l2": l2, "seed": seed, "step": step,
         "training_loss": loss, "training_error": error, "test_error": test, "diverged": 0}
        for step, loss, error, test in rows
    ]  # fmt: skip


def sweep(early=None, end=25.0, without=None, rise=2.0, seeds=4):
    early = early or SPLIT
    rows = []
    for seed in range(seeds):
        for lr in RATES:
            for l2 in (0.02, 0.04):
                rows += network(lr, l2, seed, early[lr], end, rise)
            rows += network(lr, 0.0, seed, early[lr], (without or early)[lr], 1.0)
    made = pd.DataFrame(rows)
    short = made[(made["l2"] == 0.02) & (made["step"] < 100)]
    return pd.concat([made, short.assign(method="early")], ignore_index=True)


def catapults(peak=3.0, after=0.7, seeds=4):
    """Curvature 6 at the start; the largest rate rises to ``peak`` times its first loss."""
    losses, curvature = [], []
    for seed in range(seeds):
        for lr in RATES:
            big = lr == RATES[-1]
            for step, loss in enumerate((0.2, 0.2 * peak if big else 0.15, 0.05)):
                one = {"lr": lr, "seed": seed, "step": step, "loss": loss * (1 + seed / 99)}
                losses.append(one)
            end = after * 2 / lr if big else 5.0
            curvature.append({"lr": lr, "seed": seed, "start": 6 + seed / 10, "end": end,
                              "diverged": 0})  # fmt: skip
    return {("mse", "results"): pd.DataFrame(losses), ("mse", "curvature"): pd.DataFrame(curvature)}


def runs(scale="laptop", steps=None, **options):
    return Made(scale, {SWEEP: sweep(**options)}, steps or catapults())


def test_what_the_work_says_is_reproduced_by_runs_that_show_it():
    found, named = judged(ID, runs())
    for claim in ("c1", "c2", "c3"):
        assert named[claim]["verdict"]["label"] == "reproduced at small scale", claim
    assert named["c1.early"]["build"]["value"] == pytest.approx(10)
    assert named["c1.late"]["build"]["value"] == pytest.approx(0, abs=1e-9)
    assert named["c1.stays-without"]["build"]["value"] == pytest.approx(10)
    assert named["c2.rise"]["build"]["value"] == pytest.approx(2)
    # t eta lambda at the minimum: 50 * 0.02 * the mean rate.
    assert named["c2.inside"]["build"]["value"] == pytest.approx(np.mean(RATES), rel=1e-5)
    assert named["c3.rise"]["build"]["value"] == pytest.approx(3)
    assert found["finding"] == (
        "When training accuracy reaches 1, the test accuracy of the largest learning rate is "
        "10.0 points above that of the smallest (10.0 to 10.0); after $1/(\\eta\\lambda)$ steps it "
        "is not measurably apart (0.0 to 0.0 points); the training loss climbs to 2.0 times its "
        "minimum (2.0 to 2.0)."
    )


def test_seeds_that_were_added_are_told_apart(figure):
    assert figure.seeds_sentence(runs()) == "No seeds were added."
    frame, more = sweep(), sweep(seeds=7)
    more = more[(more["method"] == "early") & (more["seed"] > 3)]
    said = figure.seeds_sentence(Made("laptop", {SWEEP: pd.concat([frame, more])}, catapults()))
    assert "has 7 seeds, 4 of which had been seen" in said
    assert "those 3 alone give 10 [" in said


def test_a_rate_that_never_matters_and_a_loss_that_stays_are_not_seen():
    flat = dict.fromkeys(RATES, 30)
    found, named = judged(ID, runs(early=flat, rise=1.0))
    assert labels(named, "c1")["early"] == SMALL
    assert labels(named, "c2")["rise"] == SMALL
    assert found["finding"].endswith("the training loss hardly leaves its minimum.")


def test_a_difference_that_stays_is_said_and_not_seen():
    frame = sweep()
    last = (frame["step"] == 100) & (frame["lr"] == 0.8)
    frame.loc[last, "test_error"] += 6
    found, named = judged(ID, Made("laptop", {SWEEP: frame}, catapults()))
    assert labels(named, "c1")["late"] == labels(named, "c1")["shrinks"] == SMALL
    assert "steps it is 6.0 points below (" in found["finding"]


def test_networks_that_never_fit_or_diverge_are_left_out_by_name(figure):
    frame = sweep()
    never = (frame["lr"] == 0.8) & (frame["seed"] == 1) & (frame["l2"] == 0.02)
    frame.loc[never & (frame["training_error"] == 0), "training_error"] = 1
    lost = (frame["lr"] == 0.2) & (frame["seed"] == 2) & (frame["l2"] == 0.02)
    frame.loc[lost & (frame["step"] == 100), "diverged"] = 1
    named = judged(ID, Made("laptop", {SWEEP: frame}, catapults()))[1]
    early = named["c1.early-few"]["build"]
    assert early["n"] == 2
    assert named["c1.early"]["build"]["n"] == 3  # the short run of seed 2 did not diverge
    assert early["diverged"] == ["rate 0.2, coefficient 0.02, seed 2"]
    assert "2 of 12 networks never get there" in early["note"]
    assert named["c1.late"]["build"]["n"] == 3


def test_without_any_pair_nothing_is_said(figure):
    frame = sweep()
    frame.loc[(frame["lr"] == 0.8), "training_error"] = 5
    found, named = judged(ID, Made("laptop", {SWEEP: frame}, catapults()))
    assert found["finding"] == "Nothing was measured."
    assert "no seed" in named["c1.early"]["reason"]
    assert judged(ID)[0]["finding"] == "Nothing was measured."
    assert figure.measure(Made("paper")) == {}
    assert "no pair" in figure.without_sentence(Made("laptop", {SWEEP: frame}))


def test_a_catapult_that_does_not_happen_is_not_seen():
    named = judged(ID, runs(steps=catapults(peak=0.9, after=3.0)))[1]
    assert labels(named, "c3")["rise"] == labels(named, "c3")["flatter"] == SMALL
    assert labels(named, "c3")["calm"] == "reproduced at small scale"


def test_a_catapult_whose_networks_diverge_says_so():
    steps = catapults()
    curvature = steps["mse", "curvature"]
    curvature.loc[curvature["lr"] == 0.8, ["end", "diverged"]] = [np.nan, 1]
    named = judged(ID, runs(steps=steps))[1]
    assert "all networks diverged" in named["c3.flatter"]["reason"]
    assert named["c3.above"]["build"]["n"] == 4


def test_networks_that_survive_a_steep_start_are_counted(figure):
    steps = catapults()
    # 0.4 and 0.8 start above 2 / 6; one of them is lost.
    curvature = steps["mse", "curvature"]
    curvature.loc[(curvature["lr"] == 0.8) & (curvature["seed"] == 0), ["end", "diverged"]] = [
        np.nan, 1
    ]  # fmt: skip
    said = figure.catapult_sentence(runs(steps=steps))
    assert said.startswith("8 of 12 networks start above")
    assert "the loss of 3 of them rises at first and then falls, that of 1 diverges" in said
    assert said.endswith("below 1 for 3 of 7, between 0.70 and 1.00.")
    curvature["diverged"] = 1
    assert figure.catapult_sentence(runs(steps=steps)).startswith("No network above")


def test_pictures_and_tables(figure):
    made = runs()
    picture, early = figure.panels(made), figure.first_picture(made)
    assert set(picture.panels) == set(picture.titles) == {"a", "b", "c"}
    assert set(early.panels) == set(early.titles) == {"a", "b"}
    table = figure.rates_table(made)
    assert len(table.rows) == len(RATES)
    assert table.rows[-1][2].text.startswith("3")
    assert "10" in figure.without_sentence(made)
