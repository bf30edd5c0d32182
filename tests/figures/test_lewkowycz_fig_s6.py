"""Figure S6 of Lewkowycz & Gur-Ari: losses that come back, made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.errors import LandscapeError
from landscape.evidence import figures, l2_sweeps

from .made import ROOT, Made, Trained, diverge, judged, labels

ID = "lewkowycz-fig-S6"
FC, WRN, CNN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn", "lewkowycz-fig-3-cnn"
LAMBDAS = [1e-4, 2e-4, 4e-4, 8e-4, 16e-4]
SMALL, UNSEEN = "reproduced at small scale", "not seen at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def sweep(method, lr, at=0.3, grows=2.0, power=1.0, values=LAMBDAS, horizon=2.0, seeds=3):
    """Losses that fall to 0.01 at ``at / (lr l2 ** power)`` and end at ``grows`` times that."""
    rows = []
    for l2 in values:
        end = round(horizon / (lr * l2)) if l2 else 1000
        least = round(at * (1 + 0.005 * seeds) / (lr * l2**power)) if l2 else end
        for seed in range(seeds):
            turn = min(least + seed, end)
            for step in sorted({0, 1, *np.geomspace(2, end, 15).astype(int), turn, end}):
                down = min(1.0, step / turn)
                up = (step - turn) / (end - turn) if step > turn else 0.0
                loss = 0.01 * np.exp(3 * (1 - down)) * grows**up
                rows.append({
                    "method": method, "lr": lr, "l2": l2, "seed": seed, "step": step,
                    "training_loss": loss, "training_error": 50.0 * (1 - down), "test_loss": loss,
                    "test_error": 60 + 10 * (1 - down), "least_test_error": 60 + 10 * (1 - down),
                    "norm2": 1.0, "diverged": 0,
                })  # fmt: skip
    return pd.DataFrame(rows)


def runs(scale="laptop", experiments=(FC, WRN, CNN), **options):
    parts = {
        FC: [sweep("slow", 0.5, values=LAMBDAS[2:]), sweep("middle", 1.6, **options),
             sweep("smallest", 1.6, values=[1e-5], horizon=0.05),
             sweep("no_l2", 1.6, values=[0.0])],
        WRN: [sweep("fast", 1.6, **options)],
        CNN: [sweep("plain", 0.5, **options), sweep("batch_norm", 1.0, grows=1.0)],
    }  # fmt: skip
    frames = {key: pd.concat(parts[key], ignore_index=True) for key in experiments}
    return Trained(scale, frames)


def test_minima_at_one_over_lambda_that_double_reproduce_the_claim(figure):
    found, named = judged(ID, runs())
    parts = labels(named, "c1")
    assert {parts[key] for key in parts if key != "cnn-bn-grows"} == {SMALL}
    assert parts["cnn-bn-grows"] == UNSEEN
    assert named["c1.fc-time"]["build"]["value"] == pytest.approx(-1, abs=0.02)
    assert named["c1.fc-time"]["build"]["note"] == "5 coefficients"
    assert named["c1.wrn-grows"]["build"]["value"] == pytest.approx(2, abs=0.001)
    assert found["finding"].startswith(
        "In small networks the training loss without its L2 term is least after a time like "
        r"$\lambda^{-1.00}$ (-1.00 to -0.99) in the fully connected network and $\lambda^{-1.00}$ "
    )
    assert found["finding"].endswith(
        "it then grows by 100 % (100 to 100) in the first, by 100 % (100 to 100) in the second."
    )


def test_the_rate_is_the_works_or_the_one_with_most_lambdas(figure):
    rows = figure.frame(runs(), "fc")
    whole = l2_sweeps.whole(rows[rows["l2"] > 0])
    assert figure.rate(whole, 0.15) == 1.6
    assert figure.rate(whole, 0.5) == 0.5
    level = pd.concat([sweep("a", 0.4), sweep("b", 6.0)])
    assert figure.rate(level, 0.2) == 0.4
    # Runs that were cut, and those without L2, are not drawn.
    assert sorted(figure.shown(runs(), "fc")["l2"].unique()) == LAMBDAS


def test_a_minimum_that_lambda_does_not_move_and_a_loss_that_only_falls_are_not_seen():
    still = judged(ID, runs(at=4.0, power=0.0))[1]
    assert labels(still, "c1")["fc-time"] == UNSEEN
    falls, named = judged(ID, runs(at=2.0, grows=1.0))
    assert labels(named, "c1")["wrn-grows"] == UNSEEN
    assert "fewer than three coefficients" in named["c1.wrn-time"]["reason"]
    assert "that of no law in the Wide ResNet; it then grows not measurably" in falls["finding"]


def test_without_the_runs_of_other_pages_the_rest_is_shown(figure):
    class Absent(Trained):
        def frame(self, experiment):
            if experiment not in self.frames:
                raise LandscapeError("There is no results.csv.")
            return super().frame(experiment)

    made = Absent("laptop", runs(experiments=(CNN,)).frames)
    found, named = judged(ID, made)
    assert named["c1.fc-time"]["reason"] == "its runs have not been made"
    assert labels(named, "c1")["cnn-time"] == SMALL
    assert "have not been made" in found["finding"]
    assert list(figure.dynamics(made, figure.MAIN).panels) == ["a"]
    assert list(figure.dynamics(made, figure.OTHER).panels) == list("abcdef")
    assert {row[0].text for row in figure.minima_table(made).rows} == {
        "CNN without batch norm", "CNN with batch norm",
    }  # fmt: skip
    empty = Absent("laptop", {})
    assert figure.orders(empty) == "None of the runs have been made."
    assert figure.returns(empty) == "None of the runs have been made."
    assert figure.minima_table(empty).rows == []
    assert list(figure.law(empty).panels) == ["a", "b", "c"]
    assert set(figure.measure(Made())["c1"]) == set(labels(named, "c1"))


def test_diverged_runs_take_their_coefficient_with_them(figure):
    made = runs()
    rows = made.frames[WRN]
    for l2 in LAMBDAS[:3]:
        some = rows[rows["l2"] == l2]
        rows.loc[some.index] = diverge(some.copy(), "fast", 1)
    named = judged(ID, made)[1]
    assert "fewer than three" in named["c1.wrn-time"]["reason"]
    assert named["c1.wrn-smallest"]["build"]["value"] is None
    assert len(figure.minima_table(made).rows) == 20


def test_the_way_back_ends_at_a_network_that_answers_nothing(figure):
    nothing = 0.05 * np.log(10)
    made = runs(grows=nothing / 0.01)
    assert figure.way_back(made, "fc")["back"].to_numpy() == pytest.approx(100)
    halfway = runs(grows=(0.01 + nothing) / 0.02)
    assert figure.way_back(halfway, "wrn")["back"].to_numpy() == pytest.approx(50)
    assert "fully connected, 5 of 5 coefficients, those from $\\lambda$ = 0.0001 on" in (
        figure.returns(made)
    )
    assert "CNN with batch norm, 0 of 5 coefficients, none." in figure.returns(made)


def test_panels_tables_and_sentences(figure):
    made = runs()
    picture = figure.dynamics(made, figure.MAIN)
    assert list(picture.panels) == list(picture.titles) == list("abcdef")
    assert picture.titles["a"] == r"fully connected, $\eta$ = 1.6"
    assert list(figure.law(made).panels) == ["a", "b", "c"]
    assert "fully connected, 0.99" in figure.orders(made)
