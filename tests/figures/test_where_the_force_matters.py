"""The page on the force of Entropy-SGD: its sentences on tables made by hand, its panels."""

import math

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, Made

ID = "where-the-force-matters"
SCOPES = (1e4, 100.0, 10.0, 1.0, 0.1, 0.05)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def made(far=10.0, change=0.0, edge=0.07, top=8.0):
    """Both L at the work's alpha: the force is felt at ``far`` and below, unstable below edge."""
    rows = []
    for L in (5, 20):
        for seed in range(4):
            row = {"inner_steps": L, "alpha": 0.25, "seed": seed, "start_loss": 2.3, "moved": 5.0,
                   "gamma": math.inf, "stands_for": math.inf, "diverged": 0, "lr": 1.0,
                   "training_loss": 0.1, "distance": 0.0, "batches": 0, "noise": 0,
                   "test_error": 10 + seed / 10}  # fmt: skip
            rows += [row | {"kind": "force"}, row | {"kind": "noise", "distance": 0.4},
                     row | {"kind": "batches", "distance": 2.0}]  # fmt: skip
            for gamma in SCOPES:
                felt = gamma <= far
                rows.append(row | {
                    "kind": "force", "gamma": gamma, "test_error":
                    row["test_error"] + felt * (change + seed / 1000),
                    "distance": (4.0 if felt else 1.0) + seed / 100,
                    "training_loss": 0.2 if gamma >= edge else 9.0,
                })  # fmt: skip
                rows.append(row | {"kind": "rate", "stands_for": gamma})
    bent = [{"inner_steps": L, "alpha": 0.25, "seed": s, "start": 2.0, "end": top}
            for L in (5, 20) for s in range(4)]  # fmt: skip
    tables = {("map", "results"): pd.DataFrame(rows), ("map", "curvature"): pd.DataFrame(bent)}
    return Made(tables=tables)


def test_the_answer_names_the_tasks_that_get_to_where_the_force_matters(figure):
    said = figure.answer(made())
    assert r"other mini-batches only from $\gamma = 10$ down ($L = 20$; there 2.0" in said
    assert "] times as far), where the test error" in said
    assert "where the test error changes measurably at none of 3 scopes; " in said
    assert said.endswith("of the work's tasks CIFAR-10 alone reaches such scopes.")
    assert len(said.split()) <= 50
    assert figure.answer(made(far=0.1)).endswith("none of the work's tasks reaches such scopes.")
    assert "CIFAR-10 and War and Peace reach such" in figure.answer(made(far=100))


@pytest.mark.parametrize(
    ("change", "words"),
    [(-1.0, "rises at 0 and falls at 3 of 3 scopes, compared with a matched smaller rate at 0 and"),
     (1.0, "rises at 3 and falls at 0 of 3 scopes, compared with a matched smaller rate at 3 and")],
)
def test_the_answer_says_what_the_test_error_does(figure, change, words):
    assert words in figure.answer(made(change=change))


def test_a_force_that_is_never_felt_is_said_so(figure):
    assert figure.answer(made(far=0)).startswith("At no scope")
    assert texts(figure.map_table(made(far=0)))[0][2] == "nowhere"


def test_the_map_has_measured_and_predicted_edges(figure):
    runs = made()
    row = texts(figure.map_table(runs))[1]
    assert row[:3] == [r"$L = 20$, $\alpha = 0.25$", "10000", "10"]
    assert row[4] == "0.05 – 0.1"
    late, early, alone = figure.predicted(runs, 20, 0.25)
    assert alone == pytest.approx(0.1 / (2 * 1.9 / 2.8))
    assert alone < early < late  # curvature lifts the edge
    said = figure.breaking(runs)
    assert "curvature at its start its edge lies between the last stable scope and the next" in said
    assert "the next in 2 of 2 cases" in said
    assert "the next in 0 of 2 cases and is wrong by a factor of up to" in said


def test_half_a_step_is_half_a_step(figure):
    loop = figure.loop_of(20, 0.25)
    assert figure.inner_loop.step_share(figure.half_step(20, 0.25), **loop) == pytest.approx(0.5)


def test_the_works_scopes_stand_on_the_map(figure):
    rows = {row[0]: row for row in texts(figure.works_table(made()))}
    assert rows["MNIST"][4] == "6,912"
    assert rows["CIFAR-10"][4] == "1,100"
    assert rows["Penn Treebank"][4] == "never"
    assert rows["War and Peace"][5] == "rate not stated"
    assert texts(figure.works_table(made(far=100)))[1][4] == "from the start"


def test_differences_are_counted(figure):
    row = texts(figure.gains_table(made(change=-1.0)))[0]
    assert row[1] == "3 lower, 0 higher of 5"
    assert row[2].startswith("-0.99")


def test_what_a_smaller_rate_does_is_told_apart(figure):
    # The matched runs of these tables end where those without force do.
    said = figure.beyond(made(change=1.0))
    assert "Of the 6 stable scopes" in said
    assert "at 6, lower at 0, and not measurably different at 0." in said


def test_panels_draw_every_stable_scope(figure):
    runs = made()
    picture = figure.ends(runs)
    assert set(picture.panels) == {"a", "b"}
    (ax,) = picture.panels["a"].axes
    line = next(line for line in ax.lines if len(line.get_xdata()) == 5)
    np.testing.assert_allclose(sorted(line.get_xdata()), sorted(SCOPES[:-1]))
    panels = figure.losses(runs).panels
    assert set(panels) == {"a", "b", "c"}
    assert len(panels["c"].axes[0].lines) == 7
