"""Published runs: reading and refusing."""

import json
from pathlib import Path

import pytest

from landscape.evidence import departures, publishing, records

ROOT = Path(__file__).parents[2]
EXPERIMENT, PART = "toy-training", "1-spin-glass"


def publish(project, **changes):
    return publishing.publish(EXPERIMENT, **{"title": "all seeds", "root": project} | changes)


def test_the_newest_of_several_is_chosen(project):
    publish(project)
    publish(project, date="2025-12-31", title="older")
    publish(project, suffix="b", title="newest")
    assert records.newest(EXPERIMENT, project).info["title"] == "newest"
    assert len(records.all_records(project)) == 3
    assert records.newest("toy-other", project) is None
    publish(project, date="2026-02-02", source=project / "results" / "laptop" / PART / EXPERIMENT)
    assert records.newest(EXPERIMENT, project).scale == "reduced"
    assert records.newest(EXPERIMENT, project, scale="paper").info["title"] == "newest"


def edit(folder, function):
    path = folder / "record.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    function(info)
    path.write_text(json.dumps(info), encoding="utf-8")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda i: i.pop("title"), "record.json: it has no 'title'"),
        (lambda i: i.update(differs="none"), "differs is 'none'; it must be a list of texts"),
        (lambda i: i.update(scale="papre"), "scale is 'papre'; did you mean 'paper'?"),
        (lambda i: i.update(titel="x"), "unknown key 'titel'; did you mean 'title'?"),
        (lambda i: i.update(commit=""), "commit is ''"),
        (lambda i: i.update(finished="yesterday"), "a moment like 2026-01-31T10:00:00Z"),
        (lambda i: i.update(experiment="x"), "it says experiment 'x'"),
        (lambda i: i["methods"].pop("adam"), "provenance of .'anneal_sgd'. and tables of"),
        (lambda i: i["methods"].clear(), "a mapping of at least one run"),
        (lambda i: i["files"].remove("adam/results.csv"), "it describes .* but holds"),
        (lambda i: i.update(files=["adam.csv"]), "a path like adam/results.csv"),
        (lambda i: i["methods"]["adam"].pop("versions"), "methods.adam has no 'versions'"),
        (lambda i: i["methods"]["adam"].update(cores="two"), "methods.adam.cores is 'two'"),
        (lambda i: i["methods"]["adam"].update(workers=0), "workers is 0; .* at least 1"),
        (lambda i: i["methods"]["adam"].update(wall_seconds=-1), "a number of seconds"),
        (lambda i: i["methods"]["adam"].update(seeds=[0, 1]), "adam/results.csv holds other seeds"),
    ],
)
def test_a_damaged_description_is_named(project, function, words):
    folder = publish(project)
    edit(folder, function)
    with pytest.raises(records.RecordError, match=words) as error:
        records.read(folder)
    assert f"The record records/{EXPERIMENT}/2026-01-02 is not usable" in str(error.value)


def test_damaged_files_are_named(project):
    folder = publish(project)
    path = folder / "adam" / "results.csv"
    frame = records.read(folder).table("adam")
    frame.drop(columns=["gradient_min"]).to_csv(path, index=False)
    with pytest.raises(records.RecordError, match="adam/results.csv lacks the column gradient_min"):
        records.read(folder)
    path.write_text("seed,step\n", encoding="utf-8")
    with pytest.raises(records.RecordError, match="adam/results.csv is empty"):
        records.read(folder)
    path.unlink()
    with pytest.raises(records.RecordError, match="it describes .* but holds"):
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


# --- the repository's own

FOLDERS = sorted(path.parent for path in ROOT.glob("records/*/*/record.json"))


def test_every_folder_is_described():
    folders = {path for path in (ROOT / "records").glob("*/*") if path.is_dir()}
    assert folders == set(FOLDERS), "a folder under records/ has no record.json"
    assert len(FOLDERS) >= 4


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}"
)
def test_every_record_is_usable(folder):
    found = records.read(folder)
    assert found.info["commit"]
    assert all(not item["commit"].endswith("changes") for item in found.info["methods"].values())
    wanted = len(next(iter(found.info["methods"].values()))["seeds"])
    if "seeds" in found.info["title"]:
        assert f"{wanted} seeds" in found.info["title"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_a_record_called_paper_has_the_works_settings_in_force(folder):
    """Computed as for a new record; whoever changes a setting of the works hears of it here."""
    found = records.read(folder)
    _, reduced = departures.of_runs(found.info["methods"], found.info["experiment"], ROOT)
    assert found.scale == ("reduced" if reduced else "paper")
