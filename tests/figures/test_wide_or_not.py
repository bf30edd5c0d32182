"""The page on widths: what it compares, says and draws, on frames made by hand and on results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures, wider
from landscape.evidence.runs import Runs
from landscape.experiments import width_summary

from .made import Made

ROOT = Path(__file__).parents[2]
ATS = (0.25, 0.5, 1.0)
#: The training loss at each instant; all but the control come below 0.2.
LOSSES = {"sgd": (0.4, 0.1, 0.05), "sgd_inner": (0.8, 0.4, 0.2), "adam": (0.6, 0.3, 0.1),
          "entropy_sgd": (0.9, 0.5, 0.15), "entropy_sgd_loose": (0.5, 0.2, 0.1)}  # fmt: skip


@pytest.fixture(scope="module")
def figure():
    return figures.load("wide-or-not", ROOT)


def made(figure, sharp, errors=None, seeds=4):
    """Runs whose measures at a loss l are ``sharp[method] * l``, a seed s 1 % * s off."""
    rows = []
    for method, losses in LOSSES.items():
        for seed in range(seeds):
            for at, loss in zip(ATS, losses, strict=True):
                size = sharp[method] * loss * (1 + 0.01 * seed * (1 + len(method) % 2))
                row = {"method": method, "seed": seed, "at": at, "training_loss": loss,
                       "samples": 2000, "slope": 0.01, "test_loss": 0.3, "sampled_width": size,
                       "error": size / 50, "test_error": (errors or sharp)[method]}  # fmt: skip
                rows.append(row | dict.fromkeys([*figure.MEASURES, *figure.PLAIN], size))
    frame = pd.DataFrame(rows)
    measures = frame.drop(columns=["sampled_width", "error"]).assign(case="measures")
    sampled = frame[["method", "seed", "at", "sampled_width", "error"]]
    lines = pd.concat(
        pd.DataFrame({"method": m, "seed": s, "kind": k, "step": [-1.0, 0, 1], "rise": [1, 0, 1.1]})
        for m in LOSSES for s in range(seeds) for k in ("random", "eigenvector")
    )  # fmt: skip
    factors = [("layer", f) for f in (0.5, 1.0, 2.0)] + [("unit", 0.0)]
    rescaled = pd.DataFrame(factors, columns=["kind", "factor"])
    for name in (*figure.PLAIN, "rise", "balanced_trace", "balanced_rise"):
        rescaled[name] = 3.0 * (rescaled["factor"].clip(lower=1) if name in figure.PLAIN else 1)
    exact = pd.DataFrame({"width_1": [1.0], "lanczos_width_1": [1.05], "near_zero": [0.6],
                          "bottom": [-0.06]})  # fmt: skip
    tables = {"measures": measures, "sampled": sampled, "lines": lines, "rescaled": rescaled,
              "exact": exact}  # fmt: skip
    return Made(tables={(case, "results"): table for case, table in tables.items()})


FLAT = dict.fromkeys(LOSSES, 1.0)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (0.5, "are by most measures wider than SGD's and Adam's where"),
        (2, "are by most measures narrower than SGD's and Adam's"),
        (1, "are not told apart from SGD's and Adam's"),
    ],
)
def test_the_answer_follows_the_measures(figure, factor, words):
    runs = made(figure, FLAT | {"entropy_sgd": factor})
    text = figure.answer(runs)
    assert text.startswith("At equal training loss Entropy-SGD's solutions are ")
    assert words in text
    assert text.count(". ") == 0, "one sentence"
    assert f"felt (width term {factor:g}" in text or factor == 1
    assert text.count("] times theirs), at the work's scope") == 1
    assert len(text.split()) < 55


def test_measures_that_disagree_are_said_to(figure):
    runs = made(figure, FLAT)
    table = runs.tables[("measures", "results")]
    ours = table["method"] == "entropy_sgd"
    table.loc[ours, "balanced_trace"] *= 0.5
    table.loc[ours, "balanced_top"] *= 2
    found = figure.at_common_loss(runs)[1]
    assert figure.says(found, "entropy_sgd", "sgd") == wider.DISAGREE
    assert "depending on the measure" in figure.answer(runs)


def test_it_is_said_on_how_many_measures_a_word_rests(figure):
    runs = made(figure, FLAT)
    table = runs.tables[("measures", "results")]
    ours = table["method"] == "entropy_sgd"
    table.loc[ours, ["balanced_trace", "balanced_top", "rise"]] *= 2
    said = figure.rests(runs)
    assert "3 against SGD, 3 against Adam, 3 against SGD, inner rate; 3 are the fewest" in said
    found = figure.at_common_loss(runs)[1]
    lows = [wider.ratio(found, m, *pair).low for pair in figure.PAIRS[:3]
            for m in ("balanced_trace", "balanced_top", "rise")]  # fmt: skip
    assert said.endswith(f"begins at {min(lows):.3f}.")
    table.loc[ours, "balanced_width_1"] *= 2
    assert "fewest" not in figure.rests(runs)
    assert figure.rests(made(figure, FLAT)).startswith("By no comparison")


def test_the_work_s_scope_is_said_to_have_no_force(figure):
    said = figure.without_force(made(figure, FLAT | {"sgd": 0.5}))
    assert said.endswith("SGD itself against Adam: wider.")
    assert figure.without_force(made(figure, FLAT)).endswith("Adam: not told apart.")


def test_two_of_five_are_not_enough(figure):
    runs = made(figure, FLAT)
    table = runs.tables[("measures", "results")]
    table.loc[table["method"] == "entropy_sgd", ["balanced_trace", "balanced_top"]] *= 0.5
    assert figure.says(figure.at_common_loss(runs)[1], "entropy_sgd", "sgd") == wider.APART


def test_what_is_not_balanced_does_not_count(figure):
    runs = made(figure, FLAT)
    table = runs.tables[("measures", "results")]
    table.loc[table["method"] == "entropy_sgd", list(figure.PLAIN)] *= 0.1
    assert figure.says(figure.at_common_loss(runs)[1], "entropy_sgd", "sgd") == wider.APART


def test_the_common_loss_is_the_one_that_all_reach(figure):
    level, found = figure.at_common_loss(made(figure, FLAT))
    assert level == 0.2
    assert found["balanced_top"].notna().all()
    ratio = wider.ratio(found, "balanced_top", "entropy_sgd", "sgd")
    assert ratio.value == pytest.approx(1, abs=0.02)
    assert "At 0.15, the lowest training loss" in figure.lower(made(figure, FLAT))


def test_test_errors_that_follow_the_width_are_seen(figure):
    sharp = {m: 1.0 + i for i, m in enumerate(LOSSES)}
    assert "sharper solutions err more by 5 of 5" in figure.answer(made(figure, sharp))
    against = {m: 9.0 - i for i, m in enumerate(LOSSES)}
    assert "more by 0 of 5 measures and less by 5." in figure.answer(made(figure, sharp, against))
    assert "err more by 0 of 5 measures." in figure.answer(made(figure, sharp, FLAT))


def test_nothing_measured_is_said(figure):
    text = figure.answer(made(figure, FLAT, seeds=1))
    assert "not compared to SGD's" in text


def test_tables_and_sentences(figure):
    runs = made(figure, FLAT | {"entropy_sgd": 0.5})
    table = figure.comparison(runs)
    assert [row[1].details for row in table.rows[:5]] == ["wider"] * 5
    assert table.rows[-1][1].text == "wider"
    assert len(figure.ends(runs).rows) == 5
    assert len(figure.correlations(runs).rows) == 5
    changed = {row[0].text: row[1].text for row in figure.changed_table(runs).rows}
    assert changed["trace of the Hessian"] == "2"
    assert changed["trace, balanced"] == "1"
    assert "at most 5 %" in figure.theory(runs)
    runs.parameters = lambda experiment, run: {"optimizer": {"lr": len(run)}}
    text = figure.rate(runs)
    assert "SGD at 3 has" in text
    assert text.endswith("Entropy-SGD against SGD at that rate: wider.")
    assert r"\cdot10^{-" in figure.own_terms(runs)


def test_without_chains_and_whole_spectra_the_page_still_speaks(figure):
    runs = made(figure, FLAT)
    runs.tables[("sampled", "results")] = pd.DataFrame(columns=["method", "seed", "at"])
    runs.tables[("exact", "results")] = pd.DataFrame(columns=["method", "seed", "at"])
    found = figure.at_common_loss(runs)[1]
    assert figure.readings(found, "entropy_sgd", "sgd")["sampled_width"] == wider.UNMEASURED
    assert figure.comparison(runs).rows[0][1].text == "–"


def test_pictures_have_a_mark_for_every_method(figure):
    runs = made(figure, FLAT)
    for picture, letter in ((figure.widths(runs), "a"), (figure.profile(runs), "b"),
                            (figure.comparable(runs), "b")):  # fmt: skip
        labels = picture.panels[letter].axes[0].get_legend_handles_labels()[1]
        assert len(labels) == len(LOSSES)
        assert picture.alt
    labels = figure.widths(runs).panels["b"].axes[0].get_legend_handles_labels()[1]
    assert labels == ["SGD", "Adam", "SGD, inner rate"]
    assert len(figure.errors(runs).panels.axes[0].get_legend_handles_labels()[1]) == 5


def test_the_rates_are_those_of_the_search(figure):
    runs = Runs.build("laptop", ROOT)
    best = width_summary.chosen_rates(runs.frame(figure.RATES), figure.RATE)
    for method, column in figure.RATE.items():
        assert runs.parameters(figure.TRAINING, method)["optimizer"][column] == best[method]
    inner = runs.parameters(figure.TRAINING, "sgd_inner")["optimizer"]["lr"]
    assert inner == best["entropy_sgd"]


def test_a_diverged_rate_is_not_chosen():
    rows = [(m, r, 0, s, loss, d) for m, r, s, loss, d in
            [("sgd", 0.1, 9, 0.5, 0), ("sgd", 0.2, 9, 0.3, 0), ("sgd", 0.4, 5, 0.1, 0),
             ("sgd", 0.4, 6, np.nan, 1)]]  # fmt: skip
    columns = ["method", "lr", "seed", "step", "training_loss", "diverged"]
    frame = pd.DataFrame(rows, columns=columns)
    assert width_summary.chosen_rates(frame, {"sgd": "lr"}) == {"sgd": 0.2}
