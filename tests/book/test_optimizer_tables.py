"""Tables of the chapter on the optimizers: words, defaults, costs."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from landscape.book.optimizer_tables import OptimizerTables, newest_costs
from landscape.errors import LandscapeError

ROOT = Path(__file__).parents[2]
OPTIONS = pd.DataFrame(
    [
        ("sgd", "", "setting", "lr", "0.1"),
        ("sgd", "", "setting", "momentum", "1e-05"),
        ("sgd", "", "property", "gradients_per_update", "1"),
        ("sgd", "", "property", "own_answer", "False"),
        ("sgd", "", "property", "trains_replicas", "False"),
        ("parle", "", "setting", "L", "25"),
        ("parle", "", "setting", "rho", "None"),
        ("parle", "", "setting", "gamma", ""),
        ("parle", "other", "setting", "L", "20"),
        ("parle", "other", "setting", "rho", "None"),
        ("parle", "other", "setting", "gamma", ""),
        ("parle", "", "property", "gradients_per_update", "25"),
        ("parle", "", "property", "own_answer", "True"),
        ("parle", "", "property", "trains_replicas", "True"),
        ("AutoL2", "", "setting", "factor", "10.0"),
    ],
    columns=["optimizer", "variant", "kind", "name", "value"],
)


def record(root, date="2026-01-01", device="cpu", **rows):
    """Write a measurement; `rows` maps labels to (method, ratio, copies)."""
    folder = root / "records" / "optimizer-costs"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": {"device": device, "name": "Example", "threads": 1, "torch": "2", "python": "3"},
        "date": date, "commit": "abc", "command": "python benchmarks/optimizers.py",
        "rows": [
            {"network": network, "weights": 1000, "method": method, "label": label,
             "ratio": ratio, "ratio_quartiles": [ratio - 0.1, ratio + 0.1], "copies": copies,
             "transient_copies": 1.0, "repeats": 7}
            for label, (method, ratio, copies) in rows.items()
            for network in ("lenet", "allcnn")
        ],
    }  # fmt: skip
    path = folder / f"{date}{'' if device == 'cpu' else '-' + device}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path):
    """A root with the words."""
    shutil.copytree(ROOT / "references", tmp_path / "references")
    return tmp_path


@pytest.fixture
def tables(project):
    record(project, fast=("sgd", 0.5, 2.0), slow=("sgd", 1.5, 2.0), three=("parle", 1.2, 16.0))
    return OptimizerTables(project, OPTIONS)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_the_overview_has_a_line_for_each_with_ranges_over_its_variants(tables):
    assert texts(tables.overview()) == [
        ["[SGD](#optimizers-sgd)", tables.words["sgd"]["when"], "1", "2",
         "0.5 to 1.5", "0.5 to 1.5"],
        ["[Parle](#optimizers-parle)", tables.words["parle"]["when"],
         "L, 25 by default, of each replica", "16", "1.2", "1.2"],
    ]  # fmt: skip


def test_settings_show_defaults_as_a_reader_writes_them(tables):
    rows = texts(tables.settings("sgd"))
    assert [row[:2] for row in rows] == [["`lr`", "0.1"], ["`momentum`", "1e-5"]]
    assert tables.settings("sgd").rows[0][0].details == "η"
    assert [row[1] for row in texts(tables.settings("parle"))] == ["25", "None", "must be given"]
    variants = tables.variants("parle", {"": "as it is", "other": "another"})
    assert texts(variants) == [["`L`", "25", "20"]], "only what differs"


def test_costs_are_those_of_the_newest_measurement_on_a_processor(project, tables):
    assert [row[0] for row in texts(tables.costs())] == ["fast", "slow", "three"]
    assert texts(tables.costs())[0][1] == "0.50 (0.40 to 0.60)"
    assert "Copies of the weights kept: 2. " in tables.cost("sgd").text
    assert tables.cost("sgd").text.endswith("Its answer is the point of the next gradient.")
    assert "Its answer is another point than that" in tables.cost("parle").text
    assert "7 paired repeats on LeNet (1,000 weights)" in tables.conditions().text
    record(project, "2026-02-01", new=("sgd", 9.0, 2.0))
    record(project, "2026-03-01", "cuda", gpu=("sgd", 1.0, 2.0))
    assert newest_costs(project)["date"] == "2026-02-01"


def test_without_a_measurement_the_page_says_how_to_make_one(project):
    tables = OptimizerTables(project, OPTIONS)
    for note in (tables.costs(), tables.cost("sgd"), tables.conditions()):
        assert note.code == "python benchmarks/optimizers.py --record"
    assert texts(tables.overview())[0][3:] == ["–", "–", "–"]


def test_a_broken_measurement_is_named(project):
    record(project).write_text("{", encoding="utf-8")
    with pytest.raises(LandscapeError, match=r"2026-01-01\.json cannot be read"):
        OptimizerTables(project, OPTIONS)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (("new", "", "setting", "lr", "1"), "nothing of the optimizer 'new'"),
        (("sgd", "", "setting", "speed", "1"), "'speed' of sgd means"),
    ],
)
def test_an_optimizer_or_a_setting_without_words_is_refused(project, row, word):
    more = pd.concat([OPTIONS, pd.DataFrame([row], columns=OPTIONS.columns)])
    with pytest.raises(LandscapeError, match=word):
        OptimizerTables(project, more)


def test_missing_words_are_named(tmp_path):
    with pytest.raises(LandscapeError, match=r"references/optimizers\.yaml is missing"):
        OptimizerTables(tmp_path, OPTIONS)
