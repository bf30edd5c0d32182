"""The page on the published programs: its sentences on frames made by hand, its panels."""

import itertools

import pandas as pd
import pytest

from landscape.evidence import figures, form_rules

from .made import ROOT, Made, falling

ID = "what-the-programs-do"
RUNS = ("thesis", "pytorch", "lua", "thesis_inner", "other_batches")


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def made(figure, thesis=1.0, pytorch=1.0, rate=1.0, lua=1.0, outer=0.8, factor=1.0):
    """Adam ends at 1 %, the forms where they are told; one switch moves the weights most."""
    ends = dict(zip(figure.FORMS, (thesis, pytorch, rate, lua), strict=True))
    ends |= {"adam": 3.0, "adam_constant": 1.0}
    frame = falling({name: (end, 1.0) for name, end in ends.items()})
    frame["step"] *= 20
    lenet = pd.DataFrame([
        {"seed": seed, "first": a, "second": b, "update": update, "apart": 0.1 * update,
         "moved": 1.0 + seed / 100}
        for seed in range(3) for update in (1, 2) for a, b in itertools.combinations(RUNS, 2)
    ])  # fmt: skip
    effects = {"averaging": 0.18, "first_gradient": 0.02, "scoping": 1e-5, "force": 1e-4,
               "inner_buffer": 0.47, "outer_momentum": outer}  # fmt: skip
    tiny = pd.DataFrame([
        {"inner_steps": L, "gamma": gamma, "lr": lr, "seed": seed, "base": base, "switch": switch,
         "update": update, "apart": factor * apart * (1 + seed / 100), "left": 1 - apart / 2,
         "moved": 1.0}
        for L, gamma in ((20, 1e4), (5, 1.0)) for lr in (0.1, 1.0) for seed in range(3)
        for base in ("thesis", "pytorch") for update in (1, 10, 30)
        for switch, apart in {"none": 0.0, **effects}.items()
    ])  # fmt: skip
    return Made(frames={ID: frame}, tables={("lenet", "results"): lenet, ("tiny", "results"): tiny})


def test_the_answer_groups_the_forms(figure):
    said = figure.answer(made(figure, thesis=3.0, pytorch=2.0))
    assert "at its own rate and the Lua program end at most 0.2 points above Adam" in said
    assert "the PyTorch program end 2 [2, 2] and 1 [1, 1] points above the Lua program, the" in said
    assert "the PyTorch program at its own rate not measurably apart from it; on" in said
    assert "the text's form and the PyTorch program stay over 0.2 points above Adam" in said
    assert "on a tiny network ($L = 20$) the outer momentum alone moves weights most" in said
    assert said.endswith("by 81 % of their way.")
    assert "decided" not in said


def test_one_form_alone_is_said_in_the_singular(figure):
    said = figure.answer(made(figure, thesis=3.0, outer=0.3))
    assert "the text's form stays over 0.2 points above Adam" in said
    assert "the text's form ends 2 [2, 2] points above the Lua program, the" in said
    assert "the kept inner buffer alone moves weights most" in said


def test_forms_that_all_end_alike_are_said_in_one(figure):
    said = figure.answer(made(figure))
    assert "every form of Entropy-SGD ends at most 0.2 points above Adam; none ends" in said
    assert said.startswith("After 400 gradients on LeNet")
    assert len(said.split()) < 45


def test_the_table_reads_every_form(figure):
    rows = {row[0]: row for row in texts(figure.errors_table(made(figure, thesis=3.0)))}
    assert rows["text"][5] == "stays above"
    assert rows["text"][4].startswith("2 [")
    assert rows["Lua"][3:] == ["0 [0, 0] points", "–", "reaches Adam"]
    assert rows["Adam, constant rate"][3] == "–"
    assert rows["Adam, schedule scaled"][5] == "–"
    assert rows["text"][1] == "400"


def test_the_parting_of_the_forms_is_told(figure):
    said = figure.parting(made(figure, thesis=3.0))
    assert "apart from the Lua program from gradient" in said
    assert "After 2 outer steps (panel b) its weights are 20 % and 20 % of its way from" in said
    assert "not measurably apart from the Lua program at the end" in figure.parting(made(figure))


def test_drift_is_found_in_either_order(figure):
    runs = made(figure)
    assert figure.drift(runs, "lua", "thesis")[2].value == pytest.approx(0.198, rel=1e-2)
    assert figure.drift(runs, "lua", "nothing") == {}


def test_recorded_effects_are_compared(figure):
    tiny = made(figure, factor=2.0).tables["tiny", "results"]
    low, high, count = form_rules.agreement(tiny)
    assert low < 2 < high
    assert count == 25
    assert f"gave {count} of these numbers" in figure.confirmed(made(figure))
    short = made(figure)
    tiny = short.tables["tiny", "results"]
    short.tables["tiny", "results"] = tiny[tiny["update"] == 3]
    assert "no setting" in figure.confirmed(short)


def test_what_moves_the_weights_most_is_told_for_every_setting(figure):
    said = figure.largest(made(figure))
    assert said.startswith("What moves the weights most: the outer momentum at $L = 20$")
    assert r"$L = 5$, $\eta' = 0.1$ (81 %)" in said
    assert "Everywhere the kept inner buffer and the outer momentum are the two largest." in said
    assert said.endswith("the force's place moves them by 0.0 % and 0.0 %.")
    runs = made(figure)
    tiny = runs.tables["tiny", "results"]
    there = (tiny["switch"] == "averaging") & (tiny["inner_steps"] == 5)
    tiny.loc[there, "apart"] = 3.0
    said = figure.largest(runs)
    assert r"the weight $\alpha$ at $L = 5$, $\eta' = 1$ (300 %)" in said
    assert "Everywhere" not in said


def test_every_convention_has_its_row_and_its_dot(figure):
    runs = made(figure)
    rows = texts(figure.switch_table(runs))
    assert len(rows) == 4 * len(figure.SWITCHES)
    assert rows[0][0] == "L = 20, γ = 10000, η′ = 0.1"
    assert rows[0][3] == "0.18"
    assert rows[2][2] == "0.000"
    picture = figure.switches(runs)
    assert picture.titles["b"] == r"$L = 5$, $\gamma = 1$"
    (ax,) = picture.panels["a"].axes
    assert [len(one[0].get_xdata()) for one in ax.containers] == 2 * [len(figure.SWITCHES)]
    assert set(figure.curves(runs).panels) == {"a", "b"}
