"""Experiments on data sets that are fetched only by name: outside the pipeline, and they run."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from landscape.data import sequences
from landscape.evidence import gpu_plan
from landscape.experiments import catalogue, execute
from landscape.pipeline import lists

ROOT = Path(__file__).parents[2]
PTB = "thesis-fig-3-7-ptb"
WORDS = ["the", "valley", "is", "wide", "and", "the", "hill", "is", "steep", "so", "that", "none",
         "of", "us", "can", "see", "the", "sea"]  # fmt: skip


@pytest.fixture
def treebank(tmp_path, monkeypatch):
    """A data folder with tiny files of the layout of the Penn Treebank."""
    folder = tmp_path / "data" / "ptb"
    folder.mkdir(parents=True)
    for part, lines in (("train", 60), ("valid", 15), ("test", 15)):
        text = [WORDS[i % 7 : i % 7 + 9] for i in range(lines)]
        content = "".join(f" {' '.join(line)} \n" for line in text)
        (folder / f"ptb.{part}.txt").write_text(content, encoding="utf-8")
    monkeypatch.setenv("LANDSCAPE_DATA", str(folder.parent))
    asked = []
    monkeypatch.setattr(
        sequences, "require_pinned",
        lambda name, path: asked.append((name, hashlib.sha256(path.read_bytes()).hexdigest())),
    )  # fmt: skip
    return asked


def test_it_is_declared_and_not_in_the_pipeline():
    experiment = catalogue.get(PTB, "train", ROOT)
    assert experiment.needs == ("ptb",)
    assert catalogue.get("thesis-fig-3-7-char", root=ROOT).needs == ()
    assert catalogue.get("thesis-fig-3-7-angle-char", root=ROOT).needs == ()
    assert not [run for run in lists.lists(ROOT)["runs"] if PTB in run]
    assert PTB in lists.in_force(ROOT)["laptop"]


def test_a_gpu_has_it_in_its_queue_where_the_set_is(treebank, monkeypatch, tmp_path):
    assert PTB in {one.id for one in gpu_plan.waiting(ROOT)}
    monkeypatch.setenv("LANDSCAPE_DATA", str(tmp_path / "elsewhere"))
    assert PTB not in {one.id for one in gpu_plan.waiting(ROOT)}


def test_it_trains_on_files_of_the_right_layout(treebank, project):
    ends = {}
    for method in ("sgd", "entropy_sgd"):
        folder = execute.run(f"2-local-entropy/{PTB}/{method}", "smoke", root=project)
        frame = pd.read_csv(folder / "results.csv")
        assert sorted(frame["seed"].unique()) == [0, 1]
        assert not frame["diverged"].any()
        for part in ("validation", "test"):
            assert frame[f"{part}_perplexity"].between(1, 100).all()
        last = frame.groupby("seed").tail(1)
        ends[method] = last["effective_epoch"].tolist()
        start = frame.groupby("seed").head(1)
        assert last["test_loss"].mean() < start["test_loss"].mean()
    assert ends == {"sgd": [1, 1], "entropy_sgd": [2, 2]}
    assert {name for name, _ in treebank} == {"ptb"}
