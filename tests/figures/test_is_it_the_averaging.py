"""What part of a gain averaging gives: the rules, on errors made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import averaging, figures
from landscape.evidence.measurement import Measurement

from .made import ROOT, Made

ERRORS = {  # case, rate, answer: test error
    ("entropy_sgd", 1.0, "last"): 2.0,
    ("entropy_sgd_no_force", 1.0, "last"): 2.0,
    ("entropy_sgd_restart", 1.0, "last"): 2.9,
    ("sgd_constant", 0.03, "last"): 2.8,
    ("sgd_constant", 0.1, "last"): 3.0,
    ("sgd_constant", 0.3, "last"): 4.0,
    ("sgd_falling", 0.03, "last"): 2.3,
    ("sgd_falling", 0.1, "last"): 2.1,
    ("sgd_falling", 0.3, "last"): 2.6,
    ("sgd_outer", 1.0, "last"): 2.2,
    ("sgd_constant", 0.1, "ema-0.95"): 2.7,
    ("sgd_constant", 0.1, "ema-0.99"): 2.5,
    ("sgd_constant", 0.1, "ema-0.995"): 2.4,
    ("sgd_constant", 0.1, "swa"): 2.25,
    ("sgd_falling", 0.1, "ema-0.95"): 2.1,
    ("sgd_falling", 0.1, "ema-0.99"): 2.1,
    ("sgd_falling", 0.1, "ema-0.995"): 2.1,
    ("sgd_falling", 0.1, "swa"): 2.1,
    ("sgd_outer", 1.0, "ema-0.99"): 2.2,
}


@pytest.fixture(scope="module")
def figure():
    return figures.load("is-it-the-averaging", ROOT)


class Runs(Made):
    def parameters(self, experiment, method=None):
        inner = {"entropy_sgd": 0.1, "entropy_sgd_slower": 0.03}
        return {"decays": [0.95, 0.99, 0.995],
                "methods": {name: {"optimizer": {"lr_inner": rate}}
                            for name, rate in inner.items()}}  # fmt: skip

    def frame(self, experiment):
        found = super().frame(experiment)
        return None if found is None else found.copy()


#: LeNet was given fewer cases, and one decay.
LEFT_OUT = {"entropy_sgd_restart", "sgd_outer"}


def runs(changes=(), seeds=6, spread=0.02, validation=(), diverged=(), lenet=()):
    frame = table(ERRORS | dict(changes), seeds, spread, validation, diverged)
    slower = frame[(frame["method"] == "entropy_sgd")].assign(method="entropy_sgd_slower")
    slower["test_error"] -= 0.1
    errors = {key: error for key, error in ERRORS.items() if key[0] not in LEFT_OUT}
    return Runs("laptop", {
        "is-it-the-averaging": frame, "is-it-the-averaging-slower": slower,
        "is-it-the-averaging-lenet": table(errors | dict(lenet), 4, spread),
    })  # fmt: skip


def table(errors, seeds, spread, validation=(), diverged=()):
    draws = np.random.default_rng(0)
    rows = []
    for (case, rate, answer), error in errors.items():
        for seed in range(seeds):
            bad = int((case, rate) in diverged and seed == 0)
            for step in (0, 500, 1000):
                value = error + (3 - step / 500) ** 2 - 1 + draws.normal(0, spread)
                value = np.nan if bad and step == 1000 else value
                shown = dict(validation).get((case, rate), value)
                rows.append({
                    "method": case, "rate": rate, "seed": seed, "step": step, "answer": answer,
                    "effective_epoch": step / 78, "diverged": bad * (step == 1000),
                    "test_error": value, "validation_error": shown, "training_loss": value / 10,
                })  # fmt: skip
    return pd.DataFrame(rows)


def test_each_rate_of_the_inner_loop_meets_sgd_at_the_same_rate(figure):
    made = runs({("sgd_constant", 0.03, "ema-0.99"): 1.9})
    rows = [[cell.text.split(" ")[0] for cell in row] for row in figure.slower(made).rows]
    assert [row[0] for row in rows] == ["0.03", "0.1"]
    numbers = [[float(text) for text in row[3:]] for row in rows]
    # 1.9 against 2.8 and an average of 1.9; 2.0 against 3.0 and an average of 2.5.
    np.testing.assert_allclose(numbers, [[1.9, 0.9, 0.0], [2.0, 1.0, 0.5]], atol=0.03)


def test_shares_are_of_the_gain_over_sgd_at_the_inner_rate(figure):
    measured, tuned, best = figure.found(runs())
    assert measured["entropy"][1].value == pytest.approx(1.0, abs=0.05)
    assert measured["average"][2].value == pytest.approx(0.5, abs=0.05)
    assert measured["swa"][2].value == pytest.approx(0.75, abs=0.05)
    assert measured["restart"][2].value == pytest.approx(0.1, abs=0.05)
    assert measured["average"][2].low < 0.5 < measured["average"][2].high
    assert best == "SGD, falling rate 0.1"
    assert tuned.value == pytest.approx(0.1, abs=0.05)


def test_the_rate_is_picked_on_validation_and_never_where_a_seed_diverges(figure):
    shown = {("sgd_constant", 0.03): 0.1, ("sgd_constant", 0.3): 0.05}
    made = runs(validation=shown, diverged={("sgd_constant", 0.3)})
    assert figure.picked(made.frame(figure.RUNS)) == ("sgd_constant", 0.03)


OUTCOMES = {  # error of Entropy-SGD: what is said of it against SGD at either rate
    2.0: ("of Entropy-SGD's gain", "gains 0."),
    2.1: ("of Entropy-SGD's gain", "gains nothing measurable"),
    2.4: ("of Entropy-SGD's gain", "loses 0."),
    3.0: ("Entropy-SGD gains nothing measurable", "loses 0."),
    3.5: ("Entropy-SGD loses 0.", "loses 1."),
}


@pytest.fixture(scope="module")
def errors_alone():
    """Frames of both networks by Entropy-SGD's error; made once."""
    key = ("entropy_sgd", 1.0, "last")
    return {error: runs({key: error}, lenet={key: error}) for error in OUTCOMES}


@pytest.mark.parametrize("dense", OUTCOMES)
@pytest.mark.parametrize("lenet", OUTCOMES)
def test_the_sentence_follows_what_was_measured_on_both_networks(
    figure, errors_alone, dense, lenet
):
    made = Runs("laptop", {
        name: errors_alone[lenet if "lenet" in name else dense].frames[name]
        for name in ("is-it-the-averaging", "is-it-the-averaging-slower",
                     "is-it-the-averaging-lenet")
    })  # fmt: skip
    text = figure.answer(made)
    first, picked = text.split("; over SGD at a picked rate it ")
    for error, network in ((dense, "mnistfc"), (lenet, "LeNet")):
        assert OUTCOMES[error][0] in first
        assert OUTCOMES[error][1] in picked
        assert f"n {network}" in first
    assert ("on both" in picked) == (dense == lenet == 2.1)
    assert len(text.split()) < 65
    assert text.count(". ") == 0


def test_each_network_has_its_own_share(figure):
    better = {("sgd_constant", 0.1, "ema-0.99"): 2.05}
    text = figure.answer(runs(lenet=better))
    dense, lenet = (int(one.rpartition(" %")[0].split(" ")[-1]) for one in text.split(" (95")[:2])
    assert dense == pytest.approx(50, abs=5)
    assert lenet == pytest.approx(95, abs=5)
    assert text.index("on mnistfc and ") < text.index("on LeNet")


def test_a_loss_is_told_by_its_size(figure):
    text = figure.against_picked({"one": Measurement(-1.5, -2.0, -1.0, 8, unit="points")})
    assert text.endswith("it loses 1.50 [1.00, 2.00] points on one")


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((-0.1, 0.9), "no measurable part"),
        ((0.41, 5.1), "at least 41 %"),
        ((0.2, 0.6), "20 to 60 %"),
        ((1.1, 1.2), "at least 110 %"),
    ],
)
def test_a_share_is_told_by_what_its_interval_leaves(figure, ends, words):
    assert figure.extent(Measurement(sum(ends) / 2, *ends, 8)) == words


def test_the_average_that_answers_is_the_middle_one(figure):
    assert figure.main_average(Runs()) == "ema-0.99"
    assert averaging.inner_rate(Runs()) == 0.1


def test_a_diverged_path_has_no_error(figure):
    frame = runs(diverged={("sgd_outer", 1.0)}, seeds=1).frame(figure.RUNS)
    assert figure.ends(frame, averaging.OUTER).empty


def test_the_table_names_no_share_where_the_gain_may_be_none(figure):
    known = figure.table(runs()).rows
    assert [row[0].text for row in known[:2]] == ["SGD at the inner rate", "Entropy-SGD"]
    average = next(row for row in known if row[0].text == "SGD, exponential average")
    assert average[4].text.startswith("50.0 [")
    none = figure.table(runs({("entropy_sgd", 1.0, "last"): 3.0})).rows
    assert {row[4].text for row in none if row[1].text == "mnistfc"} == {"–"}
    assert {row[4].text for row in none if row[1].text == "LeNet"} != {"–"}


def test_the_table_has_no_row_of_what_a_network_was_not_given(figure):
    rows = figure.table(runs()).rows
    names = {network: {row[0].text for row in rows if row[1].text == network}
             for network in ("mnistfc", "LeNet")}  # fmt: skip
    assert names["mnistfc"] - names["LeNet"] == {"its averages left out, too",
                                                 "SGD at the outer rate"}  # fmt: skip


def test_what_diverged_everywhere_is_left_out_of_table_and_picture(figure):
    made = runs()
    frame = made.frames[figure.RUNS]
    lost = frame["method"] == "sgd_outer"
    frame.loc[lost & (frame["step"] == 1000), ["diverged", "test_error"]] = [1, np.nan]
    row = next(r for r in figure.table(made).rows if r[0].text == "SGD at the outer rate")
    assert [cell.text for cell in row[2:]] == ["–", "–", "–"]
    assert set(figure.picture(made).panels) == {"a", "b", "c"}
    assert set(figure.rates(made).panels) == {"a", "b"}


def test_the_sentences_have_numbers(figure):
    text = figure.against_the_picked(runs())
    assert "its last weights: SGD, falling rate 0.1. Entropy-SGD's gain over it is 0.1" in text
    assert "its gain over SGD, falling rate 0.1 is " in text
    assert "On LeNet SGD, falling rate 0.1 was picked; Entropy-SGD's gain over it is 0.1" in text
    text = figure.controls(runs(spread=0.001))
    assert text.startswith("The force adds 0.00")
    assert "points, n = 4, on LeNet, with the same noise" in text
    assert "the loop gains 0.0998 [" in text
    assert "itself, not asked beforehand: 0.50" in figure.against_the_average(runs(spread=0.001))
    text = figure.cost(runs())
    assert "50 paths of 42,000 gradients would take about" in text
    assert "core hours" in text
