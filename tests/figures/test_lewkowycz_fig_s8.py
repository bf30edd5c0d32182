"""Figure S8: the arithmetic, what is said without runs, and the rules on made-up accuracies."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from landscape.errors import LandscapeError
from landscape.evidence import figures
from landscape.evidence.measurement import Measurement
from landscape.experiments import imagenet_l2

ROOT = Path(__file__).parents[2]
ID = "lewkowycz-fig-S8"
LRS, L2S = (0.025, 0.05, 0.1, 0.2, 0.4), (2.5e-5, 5e-5, 1e-4, 2e-4, 4e-4)


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def no_results(_):
    raise LandscapeError("There is no results.csv.")


NOTHING = SimpleNamespace(frame=no_results, scale="laptop", root=ROOT)


def runs(grid, lengths, scale="paper"):
    """Results whose best accuracies are those of two functions."""
    rows = [("grid", lr, l2, 91.0, grid(lr, l2)) for lr in LRS for l2 in L2S]
    rows += [("lengths", 0.1, l2, length, lengths(l2, length))
             for l2 in (1.25e-5, *L2S[:4]) for length in (45.5, 91.0, 182.0)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["case", "lr", "l2", "epochs", "best"])
    early = frame.assign(test_error=100 - frame["best"] + 5, diverged=0)
    late = frame.assign(test_error=100 - frame["best"], diverged=0)
    both = pd.concat([early, late], ignore_index=True)
    return SimpleNamespace(frame=lambda _: both, scale=scale, root=ROOT)


def by_product(lr, l2):
    return 76 - 2 * abs(np.log2(lr * l2 / 1e-5))


def never(l2, length):
    return 76 - 2 * max(0, np.log2(1e-4 / l2)) - (l2 > 1e-4)


def test_the_printed_length_counts_steps(figure):
    assert figure.epochs(figure.PRINTED, 8192) == pytest.approx(91.0, abs=0.01)
    assert figure.epochs(figure.REFERENCE_STEPS, figure.REFERENCE_BATCH) == pytest.approx(
        90, abs=0.02
    )
    table = figure.lengths_table()
    assert [row[0].text.split(",")[0] for row in table.rows][:2] == ["as printed", "as steps"]


def test_the_drawn_rate_is_the_one_that_trains(figure):
    given = figure.work()
    parts = np.linspace(0, 0.999, 500)
    slow = [imagenet_l2.learning_rate(p, 0.1, given["batch_size"], given["schedule"])
            for p in parts]  # fmt: skip
    np.testing.assert_allclose(figure.rate(parts, 0.1, given), slow, rtol=1e-12)


def test_shrinking_is_the_same_along_diagonals_and_for_equal_lambda_t(figure):
    given = figure.work()
    assert figure.shrinking(0.1, 1e-4, 91, given) == pytest.approx(
        figure.shrinking(0.4, 2.5e-5, 91, given)
    )
    assert figure.shrinking(0.1, 1e-4, 91, given) == pytest.approx(
        figure.shrinking(0.1, 5e-5, 182, given)
    )
    total = 14_232  # step by step
    steps = (np.arange(total) + 0.5) / total
    slow = sum(imagenet_l2.learning_rate(p, 0.1, 8192, given["schedule"]) for p in steps) * 1e-3
    assert figure.shrinking(0.1, 1e-4, 91, given) == pytest.approx(slow, rel=1e-3)


def test_without_images_nothing_is_judged_and_the_reason_is_said(figure):
    found = figure.measure(NOTHING)
    assert found["c2"].note == "data set ImageNet not fetched"
    assert figure.measure(SimpleNamespace(frame=lambda _: None, scale="paper")) == {}
    nothing = SimpleNamespace(value=None)
    said = figure.finding({key: nothing for key in ("c1.diagonal", "c1.alone", "c2")})
    assert "not run" in said
    assert "91.0 epochs" in said
    assert len(said.split()) < 45
    assert figure.draw_accuracies(NOTHING) is None


def test_accuracies_that_depend_on_the_product_reproduce_the_work(figure):
    found = figure.measure(runs(by_product, never))
    assert found["c1"]["diagonal"].value == pytest.approx(0, abs=1e-9)
    assert found["c1"]["alone"].value > 2
    assert found["c2"].value == pytest.approx(-2)
    said = figure.finding({
        "c1.diagonal": found["c1"]["diagonal"], "c1.alone": found["c1"]["alone"],
        "c2": found["c2"]})  # fmt: skip
    assert "less than half along constant products" in said
    assert "2.0 points below the best" in said


def test_accuracies_of_lambda_alone_contradict_it(figure):
    found = figure.measure(
        runs(lambda lr, l2: 70 + np.log2(l2), lambda l2, length: 60 + length / 10 + np.log10(l2))
    )
    assert found["c1"]["diagonal"].value > 0.5
    assert found["c2"].value > 0
    flat = figure.measure(runs(by_product, lambda l2, length: 70 - 1e4 * l2))
    assert "no smaller coefficient" in flat["c2"].note
    part = {"c1.diagonal": Measurement(1.4), "c1.alone": Measurement(3.0), "c2": Measurement(1.0)}
    assert "140 % as much" in figure.finding(part)
    assert "above the best" in figure.finding(part)


def test_a_network_that_diverged_has_no_accuracy(figure):
    made = runs(by_product, never)
    frame = made.frame("")
    lost = (frame["case"] == "grid") & (frame["lr"] == 0.4) & (frame["l2"] == 4e-4)
    frame.loc[lost, "diverged"] = 1
    table = figure.accuracies(made)
    assert table["accuracy"].isna().sum() == 1
    assert np.isfinite(figure.measure(made)["c1"]["diagonal"].value)


def test_pictures_show_the_declared_grid_and_measured_accuracies(figure):
    picture = figure.plan()
    assert len(picture.data["grid"]) == 25
    assert picture.data["schedules"].groupby("length")["epoch"].max().tolist() == pytest.approx(
        [45.5, 91, 182, 364], rel=1e-4)  # fmt: skip
    assert len(picture.panels["a"].axes[0].texts) == 25
    drawn = figure.draw_accuracies(runs(by_product, never))
    assert set(drawn.panels) == {"a", "b"}
    assert "15.5 times by e in 91 epochs" in figure.reference_cell()
    assert "data set ImageNet not fetched" in figure.not_run_images(ROOT)
