"""Published runs: reading, refusing, publishing."""

import json
from pathlib import Path

import pytest

from landscape.evidence import records

ROOT = Path(__file__).parents[2]
EXPERIMENT = "thesis-fig-2-3-mnistfc"


def publish(project, **changes):
    options = {"title": "ten seeds", "differs": ["the batch size is ours"], "root": project}
    source = project / "results" / "laptop" / EXPERIMENT
    return records.publish(EXPERIMENT, source, **options | changes)


def test_publishing_makes_a_valid_record_of_the_day_it_finished(project):
    folder = publish(project)
    assert folder == project / "records" / EXPERIMENT / "2026-01-02"
    found = records.newest(EXPERIMENT, project)
    assert found.date == "2026-01-02"
    assert found.scale == "paper"
    assert found.info["differs"] == ["the batch size is ours"]
    assert found.info["commit"] == "0123456789ab"
    source = project / "results" / "laptop" / EXPERIMENT
    methods = ("adam", "anneal_sgd", "resampled_noise")
    for name in methods:
        assert (folder / f"{name}.csv").read_bytes() == (source / f"{name}.csv").read_bytes()
    frame = found.frame()
    assert frame.groupby("method").size().to_dict() == dict.fromkeys(methods, 15)
    assert [record.folder for record in records.all_records(project)] == [folder]


def test_the_newest_of_several_is_taken(project):
    publish(project)
    publish(project, date="2025-12-31", title="older")
    publish(project, date="2026-01-02-b", title="newest")
    assert records.newest(EXPERIMENT, project).info["title"] == "newest"
    assert len(records.all_records(project)) == 3
    assert records.newest("thesis-fig-2-3-lenet", project) is None


def only_entry(project):
    return [path.name for path in (project / "records").rglob("*")]


def test_a_second_record_of_a_day_is_refused(project):
    publish(project)
    before = sorted(only_entry(project))
    with pytest.raises(records.RecordError, match="exists"):
        publish(project)
    assert sorted(only_entry(project)) == before


def test_results_without_provenance_make_no_record(project):
    (project / "results" / "laptop" / EXPERIMENT / "adam.provenance.json").unlink()
    with pytest.raises(records.RecordError, match="adam.provenance.json is missing"):
        publish(project)
    assert not (project / "records").exists()


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"title": ""}, "title"), ({"date": "tomorrow"}, "not a date")],
)
def test_a_record_that_would_not_validate_leaves_nothing(project, changes, word):
    with pytest.raises(records.RecordError, match=word):
        publish(project, **changes)
    assert not [name for name in only_entry(project) if "." in name]


def test_another_experiments_results_are_refused(project):
    with pytest.raises(records.RecordError, match="another experiment"):
        records.publish(
            "thesis-fig-2-3-lenet", project / "results" / "laptop" / EXPERIMENT,
            title="t", root=project,
        )  # fmt: skip
    with pytest.raises(records.RecordError, match="holds no CSV"):
        records.publish(EXPERIMENT, project / "params", title="t", root=project)


def publish_simulation(source, **changes):
    options = {"title": "all starts", "root": source.parent}
    return records.publish("thesis-fig-2-2", source, **options | changes)


def test_the_record_of_a_simulation_holds_all_its_tables(simulation):
    folder = publish_simulation(simulation)
    assert folder.name == "2026-01-03"
    files = sorted(path.name for path in simulation.glob("*.csv"))
    assert len(files) == 10
    assert sorted(path.name for path in folder.iterdir()) == sorted([*files, "record.json"])
    for name in files:
        assert (folder / name).read_bytes() == (simulation / name).read_bytes()
    found = records.newest("thesis-fig-2-2", simulation.parent)
    assert found.info["files"] == files
    assert sorted(found.info["methods"]) == ["exponential", "polynomial", "trivial"]
    assert found.info["started"] == "2026-01-02T03:04:05Z"
    assert found.frame().groupby("method")["energy"].max().to_dict() == {
        "exponential": -1.5, "polynomial": -2.5, "trivial": -3.5}  # fmt: skip
    assert found.csv("summary.csv")["minima"].tolist() == [1.0]
    with pytest.raises(records.RecordError, match="no '../summary.csv'; it holds exp"):
        found.csv("../summary.csv")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("polynomial.provenance.json", "polynomial.provenance.json is missing"),
        ("polynomial.csv", "the case polynomial has no polynomial.csv"),
    ],
)
def test_an_unfinished_simulation_makes_no_record(simulation, name, word):
    (simulation / name).unlink()
    with pytest.raises(records.RecordError, match=word):
        publish_simulation(simulation)
    assert not list(simulation.parent.glob("records/*/*"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda i: i["methods"].pop("trivial"), "the case trivial has no provenance"),
        (lambda i: i.pop("files"), "lacks 'files'"),
        (lambda i: i["files"].remove("summary.csv"), "holds CSVs of"),
        (lambda i: i["methods"]["trivial"].pop("command"), "method trivial lacks 'command'"),
    ],
)
def test_a_damaged_description_of_a_simulation_is_named(simulation, change, word):
    folder = publish_simulation(simulation)
    edit(folder, change)
    with pytest.raises(records.RecordError, match=word):
        records.read(folder)


def test_a_lost_or_empty_table_of_a_simulation_is_named(simulation):
    folder = publish_simulation(simulation)
    (folder / "trivial-minima.csv").write_text("start,energy\n", encoding="utf-8")
    with pytest.raises(records.RecordError, match="trivial-minima.csv is empty"):
        records.read(folder)
    (folder / "trivial-minima.csv").unlink()
    with pytest.raises(records.RecordError, match="holds CSVs of"):
        records.read(folder)


def test_the_command_publishes_a_simulation(project, simulation, monkeypatch, capsys):
    from landscape import cli

    monkeypatch.setenv("LANDSCAPE_ROOT", str(project))
    monkeypatch.chdir(project)
    words = ["record", "thesis-fig-2-2", "--source", "run", "--title", "t", "--differs", "one"]
    assert not cli.main(words)
    assert "records/thesis-fig-2-2/2026-01-03" in capsys.readouterr().out
    assert records.newest("thesis-fig-2-2", project).info["differs"] == ["one"]


def edit(folder, change):
    path = folder / "record.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    change(info)
    path.write_text(json.dumps(info), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda i: i.pop("title"), "lacks 'title'"),
        (lambda i: i.update(differs="none"), "differs"),
        (lambda i: i.update(experiment="x"), "experiment 'x'"),
        (lambda i: i["methods"].pop("adam"), "holds CSVs"),
        (lambda i: i["methods"]["adam"].pop("versions"), "versions"),
        (lambda i: i["methods"]["adam"].update(cores="two"), "cores"),
        (lambda i: i["methods"]["adam"].update(seeds=[0, 1]), "other seeds"),
    ],
)
def test_a_damaged_description_is_named(project, change, word):
    folder = publish(project)
    edit(folder, change)
    with pytest.raises(records.RecordError, match=word):
        records.read(folder)


def test_damaged_files_are_named(project):
    folder = publish(project)
    frame = records.read(folder).frame()
    one = frame[frame["method"] == "adam"].drop(columns=["method"])
    one.drop(columns=["gradient_min"]).to_csv(folder / "adam.csv", index=False)
    with pytest.raises(records.RecordError, match="lacks the column gradient_min"):
        records.read(folder)
    (folder / "record.json").write_text("{", encoding="utf-8")
    with pytest.raises(records.RecordError, match="not valid JSON"):
        records.read(folder)
    (folder / "record.json").unlink()
    with pytest.raises(records.RecordError, match="no record.json"):
        records.read(folder)


def test_the_training_columns_are_those_that_training_writes():
    history = pytest.importorskip("landscape.train.history")
    assert tuple(history.COLUMNS) == records.TRAINING_COLUMNS


def test_every_record_of_the_repository_validates():
    folders = sorted(path for path in (ROOT / "records").glob("*/*") if path.is_dir())
    problems = {}
    for folder in folders:
        info = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        if found := records.validate(folder, info):
            problems[folder.name] = found
    assert problems == {}
    described = {path.parent for path in (ROOT / "records").glob("*/*/record.json")}
    assert described == set(folders), "a folder under records/ has no record.json"
