import json
import shutil

import pandas as pd
import pytest

from landscape import cli
from landscape.experiments import catalogue, execute, settings
from landscape.train.history import COLUMNS, OPTIONAL_COLUMNS

EXPERIMENT = "thesis-fig-2-3-mnistfc"


@pytest.fixture
def project(tmp_path, small_data, monkeypatch):
    """A project folder with the real parameters and a data set of 96 samples."""
    root = settings.find_root()
    shutil.copytree(root / "params", tmp_path / "params")
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(root / name, tmp_path / name)
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    return tmp_path


def train(root, **options):
    return execute.train(EXPERIMENT, "anneal_sgd", "smoke", root=root, **options)


def test_a_csv_and_its_provenance_and_no_checkpoints(project):
    path = train(project)
    assert path == project / "results" / "smoke" / EXPERIMENT / "anneal_sgd.csv"
    frame = pd.read_csv(path)
    assert tuple(frame.columns) == (*COLUMNS, *OPTIONAL_COLUMNS[1:])  # AnnealSGD has a field
    assert sorted(frame["seed"].unique()) == [0, 1]
    record = json.loads(path.with_name("anneal_sgd.provenance.json").read_text())
    assert record["seeds"] == [0, 1]
    assert record["parameters"]["optimizer_options"]["tau0"] == 500
    assert record["device"] == "CPU"
    assert (record["replicas"], record["world_size"], record["backend"]) == (1, 1, None)
    assert record["versions"]["torch"]
    assert record["command"].endswith("--method anneal_sgd --profile smoke")
    assert not list((project / "checkpoints").glob("*/*"))


def test_the_same_command_gives_the_same_bytes(project):
    first = train(project).read_bytes()
    assert train(project).read_bytes() == first


def test_no_times_or_hosts_in_the_csv(project):
    header = train(project).read_text().splitlines()[0]
    assert not {"time", "seconds", "host", "date"} & set(header.split(","))


def test_a_grid_is_one_csv_with_the_settings_that_differ_in_front(project):
    grid = "{run: {epochs: [0.5, 1]}, optimizer: {J: [1.0e-2, 1.0e-3, 0]}}"
    paper = project / "params" / "paper.yaml"
    lines = paper.read_text().split("\n")
    start = lines.index(f"{EXPERIMENT}:")
    method = lines.index("    anneal_sgd:", start)
    paper.write_text("\n".join([*lines[: method + 1], f"      grid: {grid}", *lines[method + 1 :]]))
    path = train(project)
    frame = pd.read_csv(path)
    assert tuple(frame.columns[:3]) == ("epochs", "J", "seed")
    points = list(dict.fromkeys(zip(frame["epochs"], frame["J"], strict=True)))
    assert points == [(e, j) for e in (0.5, 1) for j in (0, 1e-3, 1e-2)]
    ends = frame.groupby(["epochs", "J", "seed"], sort=False).tail(1)
    assert len(ends) == 12
    assert ends.loc[ends["epochs"] == 1, "effective_epoch"].eq(1).all()
    assert ends.loc[ends["J"] == 0, "alignment"].isna().all()
    record = json.loads(path.with_name("anneal_sgd.provenance.json").read_text())
    assert record["seeds"] == [0, 1]
    assert record["parameters"]["grid"][0] == {"epochs": 0.5, "J": 1e-2}
    assert len(record["parameters"]["grid"]) == 6
    assert train(project).read_bytes() == path.read_bytes()


def test_live_training_writes_nothing(project):
    frame = execute.train_frame(EXPERIMENT, "smoke", project)
    assert set(frame["method"]) == set(catalogue.get(EXPERIMENT).runs)
    assert not (project / "results").exists()
    assert not (project / "checkpoints").exists()


def test_a_failing_run_leaves_no_result(project, monkeypatch):
    monkeypatch.setattr(execute, "fit_many", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(project)
    assert not (project / "results").exists()


def test_show_prints_each_setting_with_its_source(project, capsys):
    assert cli.main(["show", EXPERIMENT, "--profile", "laptop"]) == 0
    lines = capsys.readouterr().out.splitlines()
    epochs = next(line for line in lines if "run.epochs" in line)
    assert epochs.startswith("*")
    assert "(work: 50)" in epochs
    rate = next(line for line in lines if "methods.adam.optimizer.lr" in line)
    assert "thesis 2.4.3" in rate


def test_list_says_what_has_results(project, capsys):
    train(project)
    assert cli.main(["list", "--profile", "smoke"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if f" {EXPERIMENT} " in line]
    assert "partly" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "thesis-fig-2-3-mnist"], "did you mean 'thesis-fig-2-3-mnistfc'"),
        (["train", "thesis-fig-2-2"], "simulate"),
        (["train", EXPERIMENT, "--method", "sgd"], "it has adam, anneal_sgd"),
        (["train", EXPERIMENT, "--workers", "0"], "0 workers"),
        (["simulate", EXPERIMENT], "train"),
        (["analyse", "optimizer-paths"], "has no analysis of its own"),
        (["show", EXPERIMENT, "--profile", "lapto"], "did you mean 'laptop'"),
    ],
)
def test_errors_are_one_sentence_with_status_1(project, capsys, arguments, said):
    assert cli.main(arguments) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_clean_leaves_data_and_results(project, capsys):
    train(project)
    for name in ("checkpoints/x", "data/mnist"):
        (project / name).mkdir(parents=True)
    assert cli.main(["clean"]) == 0
    assert not (project / "checkpoints").exists()
    assert (project / "data").exists()
    assert (project / "results").exists()
