"""The picture and the sentences with which part VI begins."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures
from landscape.evidence.measurement import Measurement
from landscape.theory import l2_modes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def part():
    return figures.load("6-l2-dynamics", ROOT)


def runs():
    rows = [(l2, seed, step, 100 - min(80, 10 * step * l2 + 10 * seed), 90.0, 0)
            for l2 in (1e-4, 1e-3, 1e-2, 0.05) for seed in (0, 1)
            for step in (0, 1, 10, 100)]  # fmt: skip
    columns = ["l2", "seed", "step", "test_error", "least_test_error", "diverged"]
    frame = pd.DataFrame(rows, columns=columns)
    return SimpleNamespace(frame=lambda _: frame, root=ROOT)


def test_modes_are_those_of_the_theory_and_forgotten_more_than_ten_times_later(part):
    table = part.modes()
    two = table[(table["k"] == 2) & (table["lambda"] == 0.01)]
    np.testing.assert_allclose(
        two["mode"], l2_modes.mode(two["time"].to_numpy(), part.GAMMA, k=2, decay=0.01)
    )
    half = [l2_modes.time_below(0.5, part.GAMMA, k=2, decay=decay) for decay in part.DECAYS[1:]]
    assert 10 < half[1] / half[0] < 16
    linear = table[(table["k"] == 1) & (table["lambda"] == 0.1)]["mode"]
    assert linear.iloc[-1] == pytest.approx(1 / 1.1, rel=1e-3)


def test_accuracies_are_means_over_seeds_from_the_largest_coefficient_on(part):
    table = part.accuracies(runs())
    assert table["l2"].max() == 0.05
    assert table["l2"].nunique() <= part.DRAWN
    one = table[(table["l2"] == 0.05) & (table["step"] == 10)]["accuracy"]
    assert one.iloc[0] == pytest.approx(5 + 5)
    assert set(part.picture(runs()).panels) == {"a", "b"}


def card(**claims):
    """Claims as ``lewkowycz_fig_2_c1="reproduced"``, every artifact with a sentence."""
    found = {}
    for key, word in claims.items():
        name, _, claim = key.replace("_", "-").rpartition("-")
        row = found.setdefault(name, {"id": name, "finding": f"What {name} found.", "claims": [],
                                      "number": f"Figure {name.split('-')[-1]}"})  # fmt: skip
        row["claims"].append({"id": claim, "verdict": {"word": word, "scale": "small"}})
    return {"artifacts": list(found.values())}


def test_the_answer_follows_the_claims(part, monkeypatch):
    page = SimpleNamespace(measure=lambda runs: {
        "c1": {"fc": Measurement(-0.84), "wrn": Measurement(-0.81), "other": Measurement(None)}
    })  # fmt: skip
    monkeypatch.setattr(part, "figures", SimpleNamespace(load=lambda name, root: page))
    given = card(lewkowycz_fig_2_c1="contradicted", lewkowycz_fig_4_c1="contradicted",
                 lewkowycz_fig_1_c4="contradicted")  # fmt: skip
    said = part.answer(given, runs())
    law = r"$\lambda^{-0.81}$ to $\lambda^{-0.84}$ (means of 4 networks; the work: $\lambda^{-1}$);"
    assert said.startswith(f"In small networks the time to the best accuracy goes as {law}")
    assert "is not always within ten times" in said
    assert said.endswith("AutoL2 does not measurably beat a tuned constant.")
    assert len(said.split()) < 45
    good = card(lewkowycz_fig_2_c1="reproduced", lewkowycz_fig_4_c1="reproduced",
                lewkowycz_fig_1_c4="reproduced")  # fmt: skip
    for row in good["artifacts"]:
        row["claims"][0]["verdict"]["scale"] = "work"
    said = part.answer(good, runs())
    assert said.startswith("The time to the best accuracy")
    assert "as the work says; the predicted coefficient is within ten times" in said
    assert "AutoL2 beats" in said
    assert "have not been judged" in part.answer(card(lewkowycz_fig_2_c1="not run"), runs())
    few = part.answer(card(lewkowycz_fig_2_c1="partly", lewkowycz_fig_4_c1="undecided",
                           lewkowycz_fig_1_c4="undecided"), runs())  # fmt: skip
    assert "whether the predicted coefficient is always within ten times" in few
    assert "is left open;" in few
    assert len(few.split()) < 45


def test_findings_quote_the_pages_that_are_there(part):
    given = card(lewkowycz_fig_2_c1="reproduced", lewkowycz_fig_S7_c1="undecided")
    said = part.findings(given, {"lewkowycz-fig-2", "lewkowycz-fig-3", "lewkowycz-fig-S7"})
    assert len(said) == 5
    assert said[0].startswith("**The law holds.** What lewkowycz-fig-2 found.")
    assert "[figure 2](lewkowycz-fig-2.html)" in said[0]
    assert "[convolutional networks](lewkowycz-fig-3.html)" in said[0]
    assert "S6" not in said[0]
    assert said[1].startswith("**In a narrow network, where it should end.** What lewkowycz-fig-S7")
    given["artifacts"].append({"id": "lewkowycz-fig-S8", "claims": [],
                               "verdict": {"word": "not run"}})  # fmt: skip
    said = part.findings(given, {"lewkowycz-fig-S7", "lewkowycz-fig-S8"})
    assert said[1].endswith("[ImageNet](lewkowycz-fig-S8.html) (not run).")
    said = part.findings(given, {"lewkowycz-fig-2", "lewkowycz-fig-3", "lewkowycz-fig-S7"})
    bare = card(lewkowycz_fig_4_c1="not run")
    bare["artifacts"][0]["finding"] = ""
    assert "have not been judged" in part.findings(bare, {"lewkowycz-fig-4"})[2]
    assert said[2] == "**Can the coefficient be predicted?** Not written yet."


def test_every_page_without_claims_is_listed_with_its_title(part):
    there = {path.parent.name for path in (ROOT / "book/6-l2-dynamics").glob("*/page.md")
             if not path.with_name("claims.yaml").exists()}  # fmt: skip
    assert there <= set(part.BESIDE)
    for name in there:
        page = ROOT / "book" / "6-l2-dynamics" / name / "page.md"
        assert f"\n# {part.BESIDE[name]}\n" in page.read_text(encoding="utf-8")
    assert {"predict-your-l2", "lewkowycz-fig-5"} <= part.there_are(ROOT)


def test_only_pages_that_are_there_are_asked(part, monkeypatch):
    asked = []

    def load(name, root):
        asked.append(name)
        return SimpleNamespace(answer=lambda runs: f"Found by {name}.")

    monkeypatch.setattr(part, "figures", SimpleNamespace(load=load))
    monkeypatch.setattr(part, "there_are", lambda root: {"theory-and-width", "lewkowycz-fig-5"})
    table = part.beside(None, ROOT)
    assert asked == ["theory-and-width"]
    assert "Found by theory-and-width." in repr(table)
