"""The practitioner's page: its program runs as it stands, and its rules are as stated."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from landscape.book import own_model
from landscape.evidence import figures
from landscape.optim.predicted_l2 import predicted_l2

ROOT = Path(__file__).parents[2]
PROBE, C = 0.05, 0.5


@pytest.fixture(scope="module")
def figure():
    return figures.load("predict-your-l2", ROOT)


def errors(l2, step, seed, trains=100):
    """A run that follows the law: it peaks at C / l2, and no sooner than it is trained."""
    peak = max(C / l2, trains) if l2 < 1e-3 else C / l2
    reached = 80 - 1e3 * l2 - seed / 100
    return 100 - reached * min(1, (step / peak) ** 0.5)


def made(trains=100, longest=1000, seeds=(0, 1, 2)):
    steps = np.unique(np.round(np.geomspace(1, longest, 60)).astype(int))
    rows = []
    for l2 in (1e-4, 5e-4, 1e-3, 5e-3, 1e-2, PROBE):
        for seed in seeds:
            least = np.inf
            for step in steps:
                error = errors(l2, step, seed, trains)
                least = min(least, error)
                rows.append((l2, seed, step, error, least, 0))
    frame = pd.DataFrame(rows, columns=["l2", "seed", "step", "test_error", "least_test_error",
                                        "diverged"])  # fmt: skip
    return SimpleNamespace(frame=lambda _: frame)


def test_the_probe_gives_the_law_s_constant(figure):
    frame = made().frame("")
    assert figure.probe_of(frame) == PROBE
    assert figure.coefficient(frame).value == pytest.approx(C, rel=0.15)
    assert figure.coefficient(frame, 15.0).value < figure.coefficient(frame).value


def test_the_nearest_coefficient_tried_stands_for_the_prediction(figure):
    c, rows = figure.found(made())
    assert [one.epochs for one in rows] == [30, 100, 300, 1000]
    for one in rows:
        assert one.predicted.value == pytest.approx(c.value / one.epochs)
        assert one.tried < PROBE
        assert one.low <= one.tuned <= one.high
        assert one.loss.value >= -1e-9  # the tuned one has the best mean
    last = rows[-1]
    assert last.tried == last.tuned == 5e-4
    assert last.loss.value == 0
    assert last.least.value > 0  # the smallest has not peaked yet


def test_the_answer_names_the_longest_and_the_shortest_budget(figure):
    said = figure.answer(made())
    assert "finds the best $\\lambda$ tried for 1,000 epochs, where the smallest" in said
    assert "for 300, 100 and 30 epochs its answer is" in said
    assert len(said.split()) <= 55


def test_a_budget_too_short_to_train_is_said_to_be_so(figure):
    late = made(trains=900)
    assert figure.needed(late.frame("")) > 500
    assert "whatever" in figure.reading(late)


def test_a_tuned_coefficient_that_does_not_fall_may_meet_the_prediction_by_chance(figure):
    assert "may be chance" not in figure.crossing(made(trains=1))
    level = made(trains=1).frame("")
    level["test_error"] = level["least_test_error"] = 20 + np.abs(np.log(level["l2"] / 5e-4))
    said = figure.crossing(SimpleNamespace(frame=lambda _: level))
    assert "does not fall with it: it goes from 5.0e-04 to 5.0e-04" in said
    assert said.endswith("may be chance.")


def test_pictures_and_tables_hold_every_budget(figure):
    runs = made()
    picture = figure.picture(runs)
    assert set(picture.panels) == {"a", "b"}
    assert picture.data["coefficients"]["budget"].tolist() == [30, 100, 300, 1000]
    assert len(figure.table(runs).rows) == 4
    assert "Three seeds" in figure.interval(runs)
    assert "best of 5 means of 3 seeds" in figure.bias(runs)


def test_the_program_of_the_page_runs_on_a_small_model(figure):
    program = own_model.program(figure.PAGE)
    names = own_model.short_run(program)
    best = int(np.argmax(names["accuracies"]))
    assert 0 < best < len(names["epochs"]) - 1  # a peak inside the run
    assert names["accuracies"][best] > 40 > 32 > names["accuracies"][-1]
    assert best >= 9  # the page's own advice: ten looks before the peak
    assert names["c"] == pytest.approx(names["epochs"][best] * 0.2)
    assert names["strength"] == predicted_l2(names["c"], epochs=200)
    assert f"{names['strength']:.2g}" in figure.says()
    assert "points over no L2" in figure.says()
    assert set(figure.probe_picture().panels) == {"a", "b"}
    assert own_model.long_runs(program)["factor"].tolist() == list(own_model.FACTORS)
    assert len([line for line in program.splitlines() if line.strip()]) == 10
