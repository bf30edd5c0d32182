"""Weights and tables of steps beside the results of a run, and how analyses read them."""

import json

import pandas as pd
import pytest
import torch

from landscape.errors import LandscapeError
from landscape.evidence import runs as evidence
from landscape.experiments import catalogue, execute, kept, training_job
from landscape.experiments.job import Job
from landscape.experiments.networks import network
from landscape.experiments.settings import SettingsError

PAGE = """\
    toy:
      title: A training
      common:
        data: {name: mnist}
        model: {name: small_fc_ch6, size: 28, width: 8}
        run: {epochs: 1, seeds: 2, batch_size: 16, weights: [0.5, 1.0], record_every: 2}
      methods:
        sgd: {optimizer: {name: sgd, lr: 0.1}}
        swept:
          optimizer: {name: sgd}
          grid: {optimizer: {lr: [0.1, 0.01]}}
        bare: {optimizer: {name: sgd, lr: 0.1}, run: {weights: []}}
      laptop: {}
      smoke: {}
"""


@pytest.fixture
def book(toy, small_data, monkeypatch):
    """A project with one experiment that keeps weights; two cores' worth of patience."""
    toy.page("1-spin-glass/toy", PAGE)
    monkeypatch.setenv("LANDSCAPE_ROOT", str(toy.root))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    return toy


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def train(book, run="sgd", profile="smoke", **options):
    return execute.run(f"1-spin-glass/toy/{run}", profile, root=book.root, workers=1, **options)


def test_they_lie_in_the_folder_of_the_run(book):
    folder = train(book)
    names = [f"seed-{seed}-at-{at}.safetensors" for seed in (0, 1) for at in ("0.5", "1.0")]
    assert files(folder) == [
        "results.csv", "steps.csv", "weights.csv", *(f"weights/{name}" for name in names),
    ]  # fmt: skip
    listed = pd.read_csv(folder / "weights.csv")
    assert listed["file"].tolist() == names
    assert listed["bytes"].tolist() == [(folder / "weights" / n).stat().st_size for n in names]
    steps = pd.read_csv(folder / "steps.csv")
    assert steps["seed"].tolist() == [0] * 3 + [1] * 3
    assert steps["step"].tolist() == [0, 2, 4] * 2
    assert not list((book.root / "checkpoints").glob("*/*"))
    again = {path: (folder / path).read_bytes() for path in files(folder)}
    assert {path: (train(book) / path).read_bytes() for path in again} == again


def test_a_run_that_asks_for_no_weights_has_none(book):
    assert files(train(book, "bare")) == ["results.csv", "steps.csv"]
    with pytest.raises(LandscapeError, match="has kept no weights.*run: {weights"):
        evidence.Runs.build("smoke", book.root).weights("toy", "bare")


def test_analyses_read_the_network(book):
    train(book)
    runs = evidence.Runs.build("smoke", book.root)
    early, late = (network(runs, "toy", "sgd", seed=1, at=at) for at in (0.5, 1.0))
    assert not late.training
    assert runs.read == ["toy"]
    pairs = zip(early.parameters(), late.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)
    assert runs.table("toy", "sgd", "steps")["method"].tolist() == ["sgd"] * 6


def test_runs_of_a_grid_are_told_apart_by_its_columns(book):
    folder = train(book, "swept")
    assert pd.read_csv(folder / "weights.csv").columns[0] == "lr"
    assert sorted(set(pd.read_csv(folder / "steps.csv")["lr"])) == [0.01, 0.1]
    runs = evidence.Runs.build("smoke", book.root)
    slow, fast = (network(runs, "toy", "swept", lr=lr) for lr in (0.01, 0.1))
    pairs = zip(slow.parameters(), fast.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)
    with pytest.raises(LandscapeError, match="has 2 weights of seed 0 at 1.*for each of lr"):
        network(runs, "toy", "swept")
    with pytest.raises(LandscapeError, match="no column 'lrr'; did you mean 'lr'"):
        network(runs, "toy", "swept", lrr=0.1)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("run", ["sgd", "swept", "bare"])
def test_seeds_added_later_leave_the_same_bytes(book, run, large, monkeypatch):
    if large:
        monkeypatch.setattr(kept, "LARGEST_IN_GIT", 1000)
    profile = "paper" if large else "smoke"
    folder = train(book, run, profile)
    apart = book.root / f"weights/{profile}/1-spin-glass/toy/{run}"

    def contents():
        return [{path: (at / path).read_bytes() for path in files(at)} for at in (folder, apart)]

    whole = contents()
    train(book, run, profile, seeds=1)
    assert contents() != whole
    assert train(book, run, profile, take_seeds=True) == folder
    assert contents() == whole
    assert bool(whole[1]) == (large and run != "bare")


def test_only_training_takes_seeds(book):
    job = execute.job_of(catalogue.get("toy", root=book.root), "sgd", "smoke", book.root)
    with pytest.raises(LandscapeError, match="toy is no training: it is run with all its seeds"):
        Job.take(job, book.root)


@pytest.mark.parametrize("asked", [{"seed": 7}, {"at": 0.7}])
def test_other_instants_and_seeds_are_named(book, asked):
    train(book)
    with pytest.raises(LandscapeError, match=r"no weights of seed.*seeds \[0, 1\] at \[0.5, 1.0\]"):
        evidence.Runs.build("smoke", book.root).weights("toy", "sgd", **asked)


def test_damaged_and_missing_files_are_refused(book):
    folder = train(book)
    path = folder / "weights" / "seed-0-at-1.0.safetensors"
    runs = evidence.Runs.build("smoke", book.root)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(LandscapeError, match="is not the file"):
        runs.weights("toy", "sgd")
    path.unlink()
    with pytest.raises(LandscapeError, match="are not here"):
        runs.weights("toy", "sgd")


def test_what_is_too_large_for_git_lies_apart_in_the_paper_profile(book, monkeypatch):
    small = train(book, profile="paper")
    listed = (small / "weights.csv").read_bytes()
    monkeypatch.setattr(kept, "LARGEST_IN_GIT", 1000)
    folder = train(book, profile="paper")
    assert files(folder) == ["results.csv", "steps.csv", "weights.csv"]
    # The folder has the same bytes wherever the large files are.
    assert (folder / "weights.csv").read_bytes() == listed
    apart = book.root / "weights/paper/1-spin-glass/toy/sgd"
    assert len(files(apart)) == 4
    runs = evidence.Runs.build("paper", book.root)
    assert runs.weights("toy", "sgd").parent == apart
    assert network(runs, "toy", "sgd") is not None
    elsewhere = train(book, profile="paper", output=book.root / "elsewhere")
    assert len(files(elsewhere / "weights")) == 4


def test_what_is_too_large_is_refused_before_training_on_a_laptop(book, monkeypatch):
    monkeypatch.setattr(kept, "LARGEST_IN_GIT", 1000)
    monkeypatch.setattr(training_job, "fit_many", lambda *a, **k: pytest.fail("it trained"))
    with pytest.raises(LandscapeError, match=r"small_fc_ch6 take 0.0 MB.*weights: \[\]"):
        train(book, profile="laptop")


def test_live_runs_have_them_too(book):
    runs = evidence.Runs.live("smoke", book.root)
    assert network(runs, "toy", "sgd", at=0.5) is not None
    assert len(runs.table("toy", "sgd", "steps")) == 6


def test_the_settings_stand_in_the_provenance_only_where_they_are_stated(book):
    folder = train(book)
    parameters = json.loads((folder.parent / "sgd.provenance.json").read_text())["parameters"]
    assert parameters["weights"] == [0.5, 1.0]
    assert parameters["record_every"] == 2
    assert "augmentation" not in parameters
    assert "clip_norm" not in parameters
    assert "unroll" not in parameters["data"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("run: {epochs: 1, seeds: 1, weigths: [1.0]}", "did you mean 'weights'"),
        ("run: {epochs: 1, seeds: 1, weights: [2.0]}", "from 0 to 1"),
        ("run: {epochs: 1, seeds: 1, clip_nrom: 1.0}", "did you mean 'clip_norm'"),
        ("augmentation: {flipp: 0.5}", "did you mean 'flip'"),
        ("augmentation: {crop: 0.5}", "whole number"),
        ("loss: {l3: 0.5}", "did you mean 'l2'|known are"),
        ("loss: {name: mes}", "mse"),
        ("data: {name: text, unrol: 5}", "did you mean 'unroll'"),
    ],
)
def test_wrong_settings_are_refused_with_the_nearest_name(book, wrong, said):
    book.page(
        "1-spin-glass/toy",
        PAGE.replace(
            "optimizer: {name: sgd, lr: 0.1}}", f"optimizer: {{name: sgd, lr: 0.1}}, {wrong}}}", 1
        ),
    )
    with pytest.raises((SettingsError, LandscapeError), match=said):
        catalogue.run_specs("toy", "sgd", "smoke", book.root)
