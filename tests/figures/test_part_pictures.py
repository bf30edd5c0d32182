"""The pictures with which the parts begin."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from landscape.evidence import figures, wider
from landscape.evidence.measurement import Measurement

from .made import falling

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def glass():
    return figures.load("1-spin-glass", ROOT)


@pytest.fixture(scope="module")
def entropy():
    return figures.load("2-local-entropy", ROOT)


def test_the_drawn_spin_glass_has_the_covariance_of_the_model(glass):
    x, y = np.array([0.6, 0.0, 0.8]), np.array([0.0, 0.0, 1.0])
    values = np.array([glass.energy(np.stack([x, y]), 0, seed, 4) for seed in range(4000)])
    covariance = glass.SPINS * values.T @ values / len(values)
    np.testing.assert_allclose(covariance, [[1, 0.8**4], [0.8**4, 1]], atol=0.08)


@pytest.mark.parametrize("field", [0.0, 2.5])
def test_it_has_as_many_minima_as_is_expected(glass, field):
    found = [len(glass.minima(field, seed)) for seed in range(40)]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(glass.expected_minima(field), abs=4 * error)


def test_the_field_leaves_fewer_minima_and_then_one(glass):
    numbers = [len(glass.minima(field)) for field in glass.FIELDS]
    assert numbers == sorted(numbers, reverse=True)
    assert (numbers[0] > 5, numbers[-1]) == (True, 1)
    assert glass.title(0) == f"no field: {numbers[0]} minima"
    assert glass.title(1.0) == rf"field $\nu_c$: {numbers[2]} minima"
    assert glass.title(2.5) == r"field $2.5\,\nu_c$: 1 minimum"


def test_the_map_shows_every_direction_once(glass):
    points, _ = glass.globe(200)
    inside = np.isfinite(points[..., 0])
    np.testing.assert_allclose((points[inside] ** 2).sum(-1), 1, atol=1e-12)
    np.testing.assert_allclose(points[inside].mean(0), 0, atol=0.02)  # equal area
    u, v = glass.hammer(points[inside])
    where = np.argwhere(inside)
    wide = 2 * np.sqrt(2)
    np.testing.assert_allclose(u, np.linspace(-wide, wide, 200)[where[:, 1]], atol=1e-9)
    assert np.abs(v).max() <= np.sqrt(2)


def test_the_areas_are_those_under_the_curves(entropy):
    for side in entropy.minima():
        under = np.trapezoid(entropy.integrand(side.place), entropy.GRID)
        assert entropy.area(side.place) == pytest.approx(under, rel=1e-4)
    wide, sharp = (side.place for side in entropy.minima())
    assert entropy.area(wide) > entropy.area(sharp)
    assert entropy.area(wide, 1e-3) < entropy.area(sharp, 1e-3)


def test_a_larger_scope_prefers_the_wide_valley(entropy):
    wide, sharp = (side.value for side in entropy.minima())
    assert sharp < wide
    table = entropy.heights()
    narrow = table["gamma"] < entropy.crossing()
    assert ((table["wide"] > table["sharp"]) == narrow).all()
    assert f"{wide - sharp:.2f} deeper" in entropy.sentence()


def test_the_data_of_the_picture_are_what_is_drawn(entropy):
    picture = entropy.picture()
    (ax,) = picture.panels["b"].axes
    np.testing.assert_allclose(ax.lines[1].get_ydata(), picture.data["heights"]["sharp"])
    (ax,) = picture.panels["a"].axes
    frame = picture.data["areas"]
    np.testing.assert_allclose(ax.lines[0].get_ydata()[::3], frame["exp_minus_loss"])
    assert [text.get_text().split()[0] for text in ax.texts] == ["area", "area"]


CARD = {"artifacts": [
    {"id": name, "finding": f"What {name} found.",
     "claims": [{"id": one, "verdict": {"word": "reproduced"}} for one in ("c1", "c3")]}
    for name in ("thesis-fig-3-1", "thesis-fig-3-2", "thesis-tab-3-1")
]}  # fmt: skip


def narrower(runs):
    return "Narrower."


def pages(entropy, monkeypatch, **given):
    """Let the part read made pages."""
    made = {name.replace("_", "-"): SimpleNamespace(**page) for name, page in given.items()}
    monkeypatch.setattr(entropy, "figures", SimpleNamespace(load=lambda name, root: made[name]))


@pytest.mark.parametrize(("ends", "lead"), [
    ("lower on A, and higher on B", "Lower errors on some tasks, higher on others."),
    ("lower on A, and not measurably apart on B", "Lower errors on some tasks."),
    ("lower on A (where Adam itself ends 0.2 nats above its printed value), and higher on B",
     "Lower errors on some tasks, higher on others, beside a baseline worse than the work's."),
    ("lower on A (where Adam itself ends 0.2 nats below its printed value)",
     "Lower errors on some tasks."),
    ("higher on A", "Higher errors on some tasks."),
    ("not measurably apart on A and B", "No measurably lower errors."),
])  # fmt: skip
def test_the_lead_on_errors_follows_the_tables_sentence(entropy, ends, lead):
    assert entropy.lead(f"The entropic one ends {ends}.") == lead


def test_without_a_gap_in_the_short_runs_nothing_is_explained(entropy):
    ends = {"adam": 3.5, "adam_constant": 2.0, "entropy_sgd": 3.5}
    runs = SimpleNamespace(frame=lambda name: falling({m: (e, 1.0) for m, e in ends.items()}))
    assert entropy.stopped(runs) == ""


@pytest.mark.parametrize(("says", "than"), [
    (wider.WIDER, "are by most measures wider than SGD's"),
    (wider.NARROWER, "are by most measures narrower than SGD's"),
    (wider.APART, "are not told apart from SGD's"),
    (wider.DISAGREE, "are not clearly wider than SGD's"),
])  # fmt: skip
def test_the_answer_follows_the_widths(entropy, monkeypatch, says, than):
    wide = {"MEASURES": {"a": "", "b": ""}, "at_common_loss": lambda runs: (0.1, None),
            "says": lambda found, method, base: says}  # fmt: skip
    pages(entropy, monkeypatch, wide_or_not=wide)
    signs = {"a": Measurement(0.5, 0.1, 0.9, 3), "b": Measurement(0.1, -0.1, 0.9, 3)}
    monkeypatch.setattr(wider, "rank_correlation", lambda found, m, column: signs[m])
    said = entropy.answer(CARD, None, None)
    assert than in said
    assert "err more by 1 of 2 measures" in said
    assert said.startswith("In a loss of one weight")
    assert len(said.split()) < 48
    assert entropy.answer({"artifacts": []}, None, None).startswith("Not even")


def test_the_findings_say_what_was_measured(entropy, monkeypatch):
    better = Measurement(2.0, 1.0, 3.0, 9, unit="points")
    found = {"c1": {"better": better}, "c5": {"picked": Measurement(-4.0, -5.0, -3.0, 9)}}
    share, gain = Measurement(1.1, 0.4, 2.0, 9), Measurement(1.3, 0.2, 2.4, 9, unit="points")
    average = {"NETWORKS": {"dense": "mnistfc", "other": "LeNet"},
               "found": lambda runs, name: (
                   {"entropy": (0, gain, None),
                    "no force": (0, 0, share if name == "dense" else None)},
                   Measurement(-1.7, -2.0, -1.4, 9), ""),
               "share_is_known": lambda measured: True, "percent": lambda part: "110 %",
               "answer": lambda runs: "An average does it."}  # fmt: skip
    others = {"thesis_fig_3_3": {"measure": lambda runs: found}, "is_it_the_averaging": average,
              "wide_or_not": {"answer": narrower}}  # fmt: skip
    pages(entropy, monkeypatch, **others)
    short = {"adam": 3.5, "adam_constant": 2.0, "entropy_sgd": 1.0}
    runs = SimpleNamespace(frame=lambda name: falling({m: (e, 1.0) for m, e in short.items()}))
    said = entropy.findings(CARD, runs, None)
    assert len(said) == 5
    assert "err less where all can be counted" in said[0]
    assert "4.0 points less than the mean" in said[0]
    assert "What thesis-fig-3-1 found." in said[1]
    assert "What thesis-tab-3-1 found." in said[2]
    assert said[2].endswith("ends higher.")
    assert "without the force, too" in said[3]
    assert "keeps 110 % of its gain on mnistfc. " in said[3]
    assert said[3].endswith("An average does it.")
    assert "Adam ends 2.5 [2.5, 2.5] points above Entropy-SGD" in said[2]
    assert "[costs it](what-the-programs-do.html) 1.5" in said[2]
    assert said[4].endswith("Narrower.")
    found["c1"]["better"] = Measurement(None)
    average["share_is_known"] = lambda measured: False
    pages(entropy, monkeypatch, **others)
    short["adam_constant"] = 3.5
    said = entropy.findings(CARD, runs, None)
    assert "costs Adam" not in said[2]
    assert said[0].endswith("were not compared.")
    assert said[3].endswith("An average does it.")


def test_every_page_without_claims_is_listed(entropy):
    folders = {path.parent.name for path in (ROOT / "book/2-local-entropy").glob("*/page.md")
               if not path.with_name("claims.yaml").exists()}  # fmt: skip
    assert set(entropy.BESIDE) == folders
    for name, title in entropy.BESIDE.items():
        page = ROOT / "book" / "2-local-entropy" / name / "page.md"
        assert f"\n# {title}\n" in page.read_text(encoding="utf-8")


def test_the_cost_of_part_two_counts_every_page_with_runs(entropy):
    from landscape.experiments import catalogue

    pages = {e.page.split("/")[1] for e in catalogue.experiments(ROOT)
             if e.page.startswith("2-local-entropy/")}  # fmt: skip
    assert pages == {*entropy.WITH_RUNS, *entropy.BESIDE}


def test_it_says_for_how_many_runs_the_cpu_time_is_known(entropy):
    made = {"wide-or-not": {"a": {"wall_seconds": 60.0, "workers": 2}},
            "thesis-fig-3-3": {"a": {"wall_seconds": 900.0, "workers": 2, "cpu_seconds": 30.0}}}
    runs = SimpleNamespace(scale="laptop", provenance=lambda name: made.get(name, {}))
    note, table = entropy.cost(runs, ROOT)
    assert "The 2 runs of this part in the laptop profile took at most 2 minutes" in note.text
    assert "Of 1 the CPU time is known: 0 minutes, where the clock says 30." in note.text
    assert "The other 1 were made before CPU time was counted: their 2 minutes" in note.text
    assert [row[0].text.split("]")[0] for row in table.rows] == ["[wide-or-not", "[thesis-fig-3-3"]
    del made["wide-or-not"]
    assert entropy.cost(runs, ROOT)[0].text.endswith("took 0 minutes of CPU time.")
    made.clear()
    assert len(entropy.cost(runs, ROOT)) == 1
