"""The two pages that read training runs, executed cell by cell on made-up results."""

import json
import shutil
from pathlib import Path

import jupytext
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from landscape.report import records
from landscape.report.records import TRAINING_COLUMNS

mpl.use("Agg")
ROOT = Path(__file__).parents[2]
PAGES = {
    "thesis-fig-2-3": "1-spin-glass",
    "thesis-tab-3-1": "2-local-entropy",
}


DEEP = ("thesis-fig-2-3-mnistfc-glorot", "thesis-fig-2-3-mnistfc")


def write_runs(folder, experiment, finals, seeds=4, epochs=10, held_out=True):
    """Curves that fall exponentially to ``finals[method] = (final error, speed)``."""
    from .conftest import provenance

    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for method, (final, speed) in finals.items():
        rows = []
        for seed in range(seeds):
            end = final + 0.02 * rng.normal()
            for step, epoch in enumerate(np.linspace(0, epochs, 21)):
                error = 88 * np.exp(-speed * epoch) + end
                field = 1e-8 * (method == "anneal_sgd")
                rows.append({
                    "seed": seed, "step": step, "effective_epoch": epoch, "diverged": 0,
                    "validation_error": error if held_out else np.nan, "test_error": error,
                    "gradient_min": field, "gradient_min_raw": 0.0,
                    "gradient_layer_min_raw": 1e-3 + 1e5 * field,
                })  # fmt: skip
        pd.DataFrame(rows, columns=list(TRAINING_COLUMNS)).to_csv(
            folder / f"{method}.csv", index=False
        )
        sidecar = provenance(experiment, method, list(range(seeds)))
        (folder / f"{method}.provenance.json").write_text(json.dumps(sidecar), encoding="utf-8")


def run_page(artifact, project, monkeypatch, profile="laptop"):
    """Execute the page's code as a notebook would; returns its claims by id."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(project)
    monkeypatch.setattr("matplotlib.figure.Figure.show", lambda self: self.canvas.draw())
    source = ROOT / "book" / "notebooks" / PAGES[artifact] / f"{artifact}.md"
    names = {}
    for cell in jupytext.read(source).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, str(source), "exec"), names)
    plt.close("all")
    path = project / "results" / profile / artifact / "claims.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return {claim["id"][-2:]: claim for claim in content["claims"]}


def verdicts(claim):
    return {part["id"]: part["verdict"] for part in claim["parts"]}


@pytest.fixture
def annealing(project):
    laptop = project / "results" / "laptop"
    shutil.rmtree(laptop)
    lenet = "thesis-fig-2-3-lenet"
    for deep in DEEP:
        write_runs(laptop / deep, deep, {"adam": (2.92, 0.3), "anneal_sgd": (2.48, 3.0)})
    write_runs(laptop / lenet, lenet, {"adam": (0.61, 3.0), "anneal_sgd": (0.40, 3.5)})
    wide = "thesis-fig-2-3-mnistfc-p16"
    write_runs(laptop / wide, wide, {"anneal_sgd": (40.0, 0.5)})
    return project


def test_annealing_page_measures_what_the_runs_were_made_to_show(annealing, monkeypatch, capsys):
    found = run_page("thesis-fig-2-3", annealing, monkeypatch)
    ends = ("", "-default")
    assert verdicts(found["c1"]) == {
        part + end: "reproduced" for part in ("area", "epochs") for end in ends
    }
    two = {"field": "reproduced", "raw": "not reproduced", "layer": "reproduced"}
    assert verdicts(found["c2"]) == {part + end: two[part] for part in two for end in ends}
    assert verdicts(found["c3"]) == {
        "sign": "reproduced", "size": "needs paper scale", "sign-default": "reproduced"
    }  # fmt: skip
    assert verdicts(found["c4"]) == {
        "anneal": "needs paper scale", "adam": "needs paper scale", "sign": "reproduced",
        "speed": "reproduced"}  # fmt: skip
    assert "zero in every run" in capsys.readouterr().out


def test_annealing_page_counts_runs_that_never_start(annealing, monkeypatch, capsys):
    path = annealing / "results" / "laptop" / DEEP[1] / "adam.csv"
    frame = pd.read_csv(path)
    frame["validation_error"] = 88.5
    frame.to_csv(path, index=False)
    found = run_page("thesis-fig-2-3", annealing, monkeypatch)
    parts = {part["id"]: part["build"] for part in found["c1"]["parts"]}
    assert parts["epochs-default"]["note"] == "4 of 4 Adam runs never do"
    assert parts["epochs-default"]["value"] < 0.2
    assert parts["epochs"]["note"] == ""
    text = capsys.readouterr().out
    assert "Glorot initialisation 0 of 4 Adam runs" in text
    assert "the default initialisation 4 of 4 Adam runs" in text


def test_annealing_page_is_judged_by_a_record_where_there_is_one(annealing, monkeypatch):
    deep = DEEP[0]
    source = annealing / "elsewhere"
    write_runs(source, deep, {"adam": (2.92, 0.3), "anneal_sgd": (2.48, 3.0)}, epochs=50, seeds=10)
    records.publish(deep, source, title="t", root=annealing)
    found = run_page("thesis-fig-2-3", annealing, monkeypatch)
    assert set(verdicts(found["c3"]).values()) == {"reproduced"}
    assert [part["evidence"] for part in found["c3"]["parts"]] == ["record", "record", "build"]
    assert found["c3"]["evidence"] == "both"
    assert found["c4"]["parts"][2]["evidence"] == "build"


def test_annealing_page_names_diverged_runs(annealing, monkeypatch, capsys):
    path = annealing / "results" / "laptop" / "thesis-fig-2-3-lenet" / "anneal_sgd.csv"
    frame = pd.read_csv(path)
    frame.loc[(frame["seed"] == 2) & (frame["step"] > 5), "diverged"] = 1
    frame.to_csv(path, index=False)
    found = run_page("thesis-fig-2-3", annealing, monkeypatch)
    sign = found["c4"]["parts"][2]["build"]
    assert (sign["n"], sign["diverged"]) == (3, ["anneal_sgd seed 2"])
    assert "1 run left out" in capsys.readouterr().out


@pytest.fixture
def entropy(project):
    laptop = project / "results" / "laptop"
    for name, final in (("mnistfc", 1.39), ("lenet", 0.51)):
        experiment = f"thesis-tab-3-1-{name}"
        runs = {"adam": (final, 1.0), "entropy_sgd": (final - 0.02, 1.0)}
        write_runs(laptop / experiment, experiment, runs, held_out=False)
    outer = "thesis-tab-3-1-mnistfc-outer"
    write_runs(laptop / outer, outer, {"entropy_sgd": (80.0, 0.1)}, held_out=False)
    return project


def test_table_page_needs_the_works_scale_and_says_what_was_not_run(entropy, monkeypatch, capsys):
    found = run_page("thesis-tab-3-1", entropy, monkeypatch)
    assert verdicts(found["c1"]) == {
        "mnistfc": "needs paper scale", "lenet": "needs paper scale", "allcnn": "not run"
    }  # fmt: skip
    assert found["c2"]["verdict"] == found["c3"]["verdict"] == "not run"
    reasons = [part["reason"] for claim in found.values() for part in claim["parts"]]
    assert any("Penn Treebank not fetched" in reason for reason in reasons)
    text = capsys.readouterr().out
    for printed in ("77.656 ± 0.171 perplexity", "1.37 ± 0.03 %", "94.03 perplexity"):
        assert printed in text


def test_table_page_is_at_most_partly_reproduced_while_a_task_is_missing(entropy, monkeypatch):
    for name, final in (("mnistfc", 1.39), ("lenet", 0.51)):
        experiment = f"thesis-tab-3-1-{name}"
        source = entropy / f"at-scale-{name}"
        runs = {"adam": (final, 1.0), "entropy_sgd": (final - 0.02, 1.0)}
        write_runs(source, experiment, runs, seeds=5, epochs=100, held_out=False)
        records.publish(experiment, source, title="t", root=entropy)
    found = run_page("thesis-tab-3-1", entropy, monkeypatch)
    assert verdicts(found["c1"]) == {
        "mnistfc": "reproduced", "lenet": "reproduced", "allcnn": "not run"}  # fmt: skip
    assert found["c1"]["verdict"] == "partly"
