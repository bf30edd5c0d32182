"""Plain Langevin dynamics beside Entropy-SGD: differences, temperatures and the search, by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import artifacts, figures
from landscape.evidence.runs import Runs
from landscape.experiments import settings

from .made import ROOT, Trained, diverge, falling

ID = "sgld-comparison"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def tried(errors, seeds=3, steps=10):
    """One row a temperature and seed, at the last step: ``{temperature: error}``."""
    return pd.DataFrame([
        {"method": "sgld", "temperature": value, "seed": seed, "step": steps,
         "effective_epoch": steps / 2, "test_error": error + seed / 100, "diverged": 0}
        for value, error in errors.items() for seed in range(seeds)
    ])  # fmt: skip


def searched(errors):
    """``{(lr, power): validation error}``, one run each."""
    return pd.DataFrame([
        {"method": "sgld", "lr": lr, "power": power, "seed": 0, "step": step, "diverged": 0,
         "effective_epoch": step / 5, "validation_error": 90 if not step else error}
        for (lr, power), error in errors.items() for step in (0, 10)
    ])  # fmt: skip


def runs(lenet=(3.0, 1.2), allcnn=(70.0, 55.0), cold=None):
    """SGLD's and Entropy-SGD's ends on both networks, and errors at other temperatures."""
    made = {}
    for task, (ours, theirs), base in (("lenet", lenet, "adam"), ("allcnn", allcnn, "sgd")):
        made[f"sgld-comparison-{task}"] = falling({"sgld": (ours, 1.0)})
        other = "thesis-tab-3-1-lenet" if task == "lenet" else "thesis-fig-3-6-allcnn"
        made[other] = falling({"entropy_sgd": (theirs, 1.0), base: (theirs + 1, 1.0)})
        made[f"sgld-comparison-{task}-search"] = searched(
            {(2e-5, 0.0): 9, (8e-5, 0.0): 5, (2e-5, 0.33): 7, (8e-5, 0.33): 4}
        )
    made["sgld-comparison-lenet-decaying"] = falling({"sgld": (lenet[0] + 0.5, 1.0)})
    made["sgld-comparison-lenet-temperature"] = tried(
        {0.0: 3.0, 0.01: 3.0, 0.1: 3.5} if cold is None else cold
    )
    made["sgld-comparison-allcnn-temperature"] = tried({0.0: allcnn[1] + 2}, seeds=4, steps=20)
    return Trained("laptop", made)


def test_it_is_no_figure_or_table_of_the_count():
    assert ID not in {artifact.id for artifact in artifacts.load(ROOT)}
    assert not (ROOT / "book/2-local-entropy" / ID / "claims.yaml").exists()


def test_the_difference_is_paired_by_seed(figure):
    found = figure.beside(runs(), figure.RUNS["lenet"], "lenet")
    assert (found.value, found.n) == (pytest.approx(1.8), 4)
    assert figure.beside(runs(), figure.RUNS["allcnn"], "allcnn", "sgd").value == pytest.approx(14)
    assert figure.claimed(runs(), "lenet").value == pytest.approx(2.3)
    assert figure.claimed(Trained("paper"), "lenet").note == "there are no runs of both"


def test_without_a_pair_of_finished_runs_there_is_no_difference(figure):
    made = runs()
    for seed in range(4):
        diverge(made.frames["sgld-comparison-lenet"], "sgld", seed)
        diverge(made.frames["sgld-comparison-lenet-decaying"], "sgld", seed)
    assert figure.beside(made, figure.RUNS["lenet"], "lenet").value is None
    assert "nothing ended" in figure.answer(made)


def test_the_noise_parts_where_it_raises_the_error_there_and_above(figure):
    errors = {0.0: 3.0, 0.01: 3.2, 0.1: 3.0, 1.0: 4.0}
    ladder = {value: pd.Series([e, e + 0.1, e + 0.2]) for value, e in errors.items()}
    found = figure.above_none(ladder)
    assert list(found) == [0.01, 0.1, 1.0]
    assert found[1.0].value == pytest.approx(1)
    assert figure.parting(found) == 1.0  # 0.1 does not, so that 0.01 is chance
    ladder[0.1] = ladder[0.0] + 0.3
    assert figure.parting(figure.above_none(ladder)) == 0.01
    ladder[1.0] = pd.Series([3.0, 9.0, 1.0])
    assert figure.parting(figure.above_none(ladder)) is None


def test_the_main_runs_temperature_is_one_of_those_tried(figure):
    made = runs()
    made.frames["sgld-comparison-lenet-temperature"] = tried({0.0: 3.0, 0.1: 3.5}, steps=4)
    errors = figure.by_temperature(made)
    assert list(errors) == [0.0, 0.1, 1.0]
    main = made.frames["sgld-comparison-lenet"]
    there = main[(main["step"] == 4) & (main["seed"] == 2)]["test_error"].iloc[0]
    assert errors[1.0][2] == pytest.approx(there)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (runs(), "2.3 points above it on LeNet and 15 points above it on All-CNN; its noise"),
        (runs(lenet=(0.5, 1.5)), "0.5 points below it on LeNet"),
        (runs(lenet=(1.0, 1.5)), "not measurably apart from it on LeNet"),
    ],
)
def test_the_answer_says_what_was_found(figure, made, words):
    text = figure.answer(made)
    assert words in re.sub(r" \[[^]]*\]", "", text)
    assert len(text.split()) < 55
    assert text.count(". ") == 0, "one sentence"


def test_the_answer_names_the_temperature_in_the_works_units(figure):
    made = runs(cold={0.0: 1.0, 0.01: 1.0, 0.1: 1.5})
    assert r"from $\beta^{-1} = 10^{-5}$ on" in figure.answer(made)
    made = runs(cold={0.0: 9.0, 0.01: 9.0, 0.1: 9.0})
    assert "at no temperature tried" in figure.answer(made)
    assert "in short runs on few images" in figure.answer(made)


def test_noise_alone_is_a_random_walk(figure):
    chosen = {"lr": 4e-4, "power": 0.0, "temperature": 0.25}
    assert figure.walk(chosen, 100) == pytest.approx(0.1)
    draws = np.random.default_rng(0).normal(size=(20_000, 10))
    etas = 4e-4 / (1 + np.arange(10)) ** 0.5
    walked = (draws * np.sqrt(etas * 2.0)).sum(axis=1).std()
    chosen = {"lr": 4e-4, "power": 0.5, "temperature": 2.0}
    assert figure.walk(chosen, 10) == pytest.approx(walked, rel=0.02)


def test_a_step_is_one_of_sgd_on_the_mean_loss(figure):
    assert figure.rate(2e-5, 10_000) == pytest.approx(0.1)


def test_the_search_takes_the_lowest_error_of_runs_that_ended(figure):
    made = runs()
    best = figure.best(made, "lenet")
    assert (best["lr"], best["power"]) == (8e-5, 0.33)
    frame = made.frames["sgld-comparison-lenet-search"]
    frame.loc[(frame["lr"] == 8e-5) & (frame["power"] == 0.33), ["diverged"]] = 1
    best = figure.best(made, "lenet")
    assert (best["lr"], best["power"]) == (8e-5, 0.0)
    table = figure.search_tables(runs())[0]
    assert table.columns[1:] == ["$b = 0$", "$b = 0.33$"]
    assert [cell.text for cell in table.rows[1]] == ["0.4", "5.00 %", "**4.00 %**"]


@pytest.mark.parametrize("task", ["lenet", "allcnn"])
def test_the_runs_have_the_rate_that_the_search_found(figure, task):
    stored = Runs.build("laptop", ROOT)
    best = figure.best(stored, task)
    used = stored.parameters(figure.RUNS[task], "sgld")["optimizer"]
    assert (used["lr"], used["power"]) == (best["lr"], best["power"])
    work = settings.method_settings(figure.RUNS[task], "sgld", "paper", ROOT)["optimizer"]
    ours = figure.rate(best["lr"], figure.samples(stored, task))
    assert figure.rate(work["lr"], figure.IMAGES[task]) == pytest.approx(ours, rel=0.01)
    assert work["power"] == best["power"]


def test_tables_and_panels(figure):
    made = runs()
    table = figure.comparison(made)
    assert len(table.rows) == 10
    assert [cell.text for cell in table.rows[1][1:3]] == ["SGLD, falling rate", "–"]
    assert table.rows[0][2].text == "0.63 ± 0.1 %"
    assert table.rows[0][2].details == "after 300 epochs"
    assert table.rows[6][1].text == "SGD"
    assert "changes the final test error by 0.5 [0.5, 0.5] points, to 2.3 [" in figure.falling(made)
    assert table.rows[-1][2].text == "1.3375 perplexity"
    assert "at $10^{-6}$" in figure.parted(made)
    # 70 with noise, 57 without, 55 for Entropy-SGD, every seed a hundredth apart.
    assert "adds 13 [13, 13] points; without noise the same steps are 2 [2" in (
        figure.without_noise(made)
    )
    assert set(figure.curves(made, Trained("paper")).panels) == {"a", "b"}
    assert set(figure.temperatures(made).panels) == {"a", "b"}


def test_langevin_dynamics_is_compared_to_the_usual_optimizer_too(figure):
    # LeNet's falling rate ends half a point above the constant one, Adam one above Entropy-SGD.
    assert "falling rate ends above Adam: 1.3 " in figure.against_usual(runs())
    assert "ends below Adam: -0.5 " in figure.against_usual(runs(lenet=(3.0, 3.0)))
    made = runs(lenet=(3.0, 2.5))
    assert "not measurably apart from Adam: 0 [" in figure.against_usual(made)
