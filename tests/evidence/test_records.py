"""Published runs: reading, refusing, publishing."""

import hashlib
import json
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import departures, records
from landscape.train import provenance

ROOT = Path(__file__).parents[2]
EXPERIMENT, SIMULATION, PART = "toy-training", "toy-simulation", "1-spin-glass"


def source(project, profile="paper", experiment=EXPERIMENT):
    return project / "results" / profile / PART / experiment


def publish(project, experiment=EXPERIMENT, **changes):
    options = {"title": "all seeds", "root": project}
    return records.publish(experiment, **options | changes)


def change(project, run, *, experiment=EXPERIMENT, at="paper", **changes):
    """Change the provenance of a run; None takes the key away."""
    path = source(project, at, experiment) / f"{run}.provenance.json"
    item = json.loads(path.read_text(encoding="utf-8")) | changes
    item = {key: value for key, value in item.items() if value is not None}
    path.write_text(json.dumps(item), encoding="utf-8")


def there(project):
    return sorted(str(path.relative_to(project)) for path in project.glob("records/**/*"))


def test_publishing_makes_a_valid_record_of_the_day_it_finished(project):
    folder = publish(project, differs=["the batch size is ours"])
    assert folder == project / "records" / EXPERIMENT / "2026-01-02"
    found = records.newest(EXPERIMENT, project)
    assert (found.date, found.scale, found.simulated) == ("2026-01-02", "paper", False)
    assert found.info["differs"] == ["the batch size is ours"]
    assert found.info["commit"] == "0123456789ab"
    assert found.info["files"] == ["adam/results.csv", "anneal_sgd/results.csv"]
    for name in found.info["files"]:
        assert (folder / name).read_bytes() == (source(project) / name).read_bytes()
    assert found.frame().groupby("method").size().to_dict() == {"adam": 15, "anneal_sgd": 15}
    assert [record.folder for record in records.all_records(project)] == [folder]
    assert not [name for name in there(project) if "/." in name]


def test_results_of_another_profile_are_reduced_and_say_so(project):
    """``train --profile smoke --output R; record --source R`` was published as paper scale."""
    folder = source(project, "laptop")
    for run in ("adam", "anneal_sgd"):
        item = json.loads((folder / f"{run}.provenance.json").read_text())
        changed = item["parameters"] | {"epochs": 1}
        change(project, run, at="laptop", parameters=changed)
    found = records.read(publish(project, source=folder, differs=["a test"]))
    assert found.scale == "reduced"
    assert found.info["differs"] == [
        "the profile is laptop instead of paper",
        "epochs is 1 instead of 50",
        "a test",
    ]


def test_other_settings_in_the_profile_paper_are_reduced_too(project):
    item = json.loads((source(project) / "adam.provenance.json").read_text())
    change(project, "adam", parameters=item["parameters"] | {"epochs": 49, "extra": 1})
    found = records.read(publish(project))
    assert found.scale == "reduced"
    assert found.info["differs"] == [
        "adam: epochs is 49 instead of 50", "adam: extra is 1 instead of not set"]  # fmt: skip


def test_fewer_seeds_differ_and_keep_the_scale(project):
    folder = source(project)
    for run in ("adam", "anneal_sgd"):
        path = folder / run / "results.csv"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:11]))  # seeds 0 and 1
        change(project, run, seeds=[0, 1])
    found = records.read(publish(project))
    assert (found.scale, found.info["differs"]) == ("paper", ["2 runs instead of 3"])


@pytest.mark.parametrize(
    ("commit", "words"),
    [(None, "adam.provenance.json names no commit"), ("", "names no commit"),
     ("0123456789ab+changes", r"uncommitted changes \(0123456789ab\+changes\): commit them")],
)  # fmt: skip
def test_what_nobody_could_repeat_is_refused(project, commit, words):
    change(project, "adam", commit=commit)
    with pytest.raises(records.RecordError, match=words):
        publish(project)
    assert there(project) == []


BEFORE = {"seeds": [0], "commit": "aaaaaaaaaaaa", "started": "2026-01-01T00:00:00Z",
          "finished": "2026-01-01T01:00:00Z", "wall_seconds": 5.0}  # fmt: skip


def test_seeds_from_an_execution_before_name_its_commit(project):
    change(project, "adam", commit="bbbbbbbbbbbb", earlier=[BEFORE])
    assert "aaaaaaaaaaaa, bbbbbbbbbbbb" in records.read(publish(project)).info["commit"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"commit": ""}, "names no commit"), ({"commit": "0123456789ab+changes"}, "uncommitted"),
     ({"seeds": []}, "seeds"), ({"wall_seconds": -1}, "wall_seconds")],
)  # fmt: skip
def test_nor_are_seeds_taken_that_nobody_could_repeat(project, changed, words):
    change(project, "adam", earlier=[BEFORE | changed])
    with pytest.raises(records.RecordError, match=words):
        publish(project)
    assert there(project) == []


def note_files(project, run):
    """As an execution does: the SHA-256 of what it wrote."""
    table = source(project) / run / "results.csv"
    checksum = hashlib.sha256(table.read_bytes()).hexdigest()
    change(project, run, files={"results.csv": checksum, "weights.safetensors": "not in records"})
    return table


def test_results_that_are_not_what_the_run_wrote_are_refused(project):
    table = note_files(project, "adam")
    text = table.read_text(encoding="utf-8")
    tampered = text.replace(",0.0\n", ",1.0\n", 1).replace(",0\n", ",1\n", 1)
    assert tampered != text
    table.write_text(tampered, encoding="utf-8")
    with pytest.raises(records.RecordError, match="adam/results.csv is not what the run wrote"):
        publish(project)
    assert not [name for name in there(project) if name.endswith(".csv")]
    table.write_text(text, encoding="utf-8")
    folder = publish(project)
    (folder / "adam" / "results.csv").write_text(tampered, encoding="utf-8")
    with pytest.raises(records.RecordError, match="adam/results.csv is not what the run wrote"):
        records.read(folder)


def test_tables_are_those_that_the_run_wrote_and_no_others(project):
    folder = source(project, experiment=SIMULATION)
    written = provenance.checksums(folder / "hot")
    change(project, "hot", experiment=SIMULATION, files=written)
    (folder / "hot" / "more.csv").write_text("a\n1\n")
    with pytest.raises(records.RecordError, match=r"the run has not written hot/more\.csv"):
        publish(project, SIMULATION)
    (folder / "hot" / "more.csv").unlink()
    (folder / "hot" / "minima.csv").unlink()
    with pytest.raises(records.RecordError, match=r"hot/minima\.csv, which the run wrote, is miss"):
        publish(project, SIMULATION)
    assert there(project) == []


def test_the_results_of_one_run_under_another_s_name_are_refused(project):
    folder = source(project, experiment=SIMULATION)
    text = (folder / "cold.provenance.json").read_text(encoding="utf-8")
    (folder / "hot.provenance.json").write_text(text, encoding="utf-8")
    with pytest.raises(records.RecordError, match="hot.provenance.json belongs to 'cold', not to"):
        publish(project, SIMULATION)
    assert there(project) == []


def test_a_folder_that_takes_no_record_is_one_sentence(project):
    (project / "records").write_text("a file", encoding="utf-8")
    with pytest.raises(LandscapeError, match="Cannot write to"):
        publish(project)


def test_the_newest_of_several_is_chosen(project):
    publish(project)
    publish(project, date="2025-12-31", title="older")
    publish(project, suffix="b", title="newest")
    assert records.newest(EXPERIMENT, project).info["title"] == "newest"
    assert len(records.all_records(project)) == 3
    assert records.newest("toy-other", project) is None
    publish(project, date="2026-02-02", source=source(project, "laptop"))
    assert records.newest(EXPERIMENT, project).scale == "reduced"
    assert records.newest(EXPERIMENT, project, scale="paper").info["title"] == "newest"


def test_a_second_record_of_a_day_needs_a_suffix(project):
    publish(project)
    before = there(project)
    with pytest.raises(records.RecordError, match="exists; tell the new one apart with --suffix b"):
        publish(project)
    assert there(project) == before
    assert publish(project, suffix="b").name == "2026-01-02-b"


def test_results_without_provenance_make_no_record(project):
    (source(project) / "adam.provenance.json").unlink()
    with pytest.raises(records.RecordError, match="adam.provenance.json is missing"):
        publish(project)
    (source(project) / "adam.provenance.json").write_text("{", encoding="utf-8")
    with pytest.raises(records.RecordError, match="is not valid JSON"):
        publish(project)
    assert not (project / "records").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"finished": None}, "adam.provenance.json: it has no 'finished'; make adam again"),
     ({"profile": "papr"}, "profile is 'papr'; did you mean 'paper'"),
     ({"seeds": "all"}, "seeds is 'all'; it must be a list of whole numbers")],
)  # fmt: skip
def test_a_damaged_provenance_is_named(project, changes, words):
    change(project, "adam", **changes)
    with pytest.raises(records.RecordError, match=words):
        publish(project)
    assert there(project) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"title": ""}, "title is ''; it must be a text"), ({"date": "tomorrow"}, "not a date"),
     ({"suffix": "a/b"}, "suffix 'a/b' must be a letter or a word")],
)  # fmt: skip
def test_a_record_that_would_not_validate_leaves_nothing(project, changes, word):
    with pytest.raises(records.RecordError, match=word):
        publish(project, **changes)
    assert not [name for name in there(project) if name.endswith(("csv", "json"))]


def test_another_experiments_results_are_refused(project):
    with pytest.raises(records.RecordError, match="adam.provenance.json belongs to another"):
        publish(project, SIMULATION, source=source(project))
    with pytest.raises(records.RecordError, match=r"references holds no results of toy-training"):
        publish(project, source=project / "references")


def test_the_record_of_a_simulation_holds_all_its_tables(project):
    folder = publish(project, SIMULATION)
    assert folder.name == "2026-01-03"
    files = [f"{case}/{name}.csv" for case in ("cold", "hot") for name in ("minima", "results")]
    found = records.newest(SIMULATION, project)
    assert found.info["files"] == files
    for name in files:
        assert (folder / name).read_bytes() == (
            source(project, "paper", SIMULATION) / name).read_bytes()  # fmt: skip
    assert (found.scale, found.simulated, found.info["differs"]) == ("paper", True, [])
    assert found.info["started"] == "2026-01-02T03:04:05Z"
    assert found.frame().groupby("method")["energy"].max().to_dict() == {"cold": -1.5, "hot": -2.5}
    assert found.table("hot", "minima")["energy"].tolist() == [-2.5] * 4
    with pytest.raises(records.RecordError, match="no ../hot/results.csv; it holds cold/minima"):
        found.table("../hot")


def test_a_case_is_not_judged_by_the_numbers_of_the_others(project):
    work = {"spins": 100, "seed": 0, "draws": {"cold": 5, "hot": 99}}
    change(project, "cold", experiment=SIMULATION, parameters=work)
    assert records.read(publish(project, SIMULATION)).info["differs"] == []
    change(project, "hot", experiment=SIMULATION, parameters=work)
    found = records.read(publish(project, SIMULATION, suffix="b"))
    assert (found.scale, found.info["differs"]) == (
        "reduced", ["hot: draws.hot is 99 instead of 7"])  # fmt: skip


def test_an_unfinished_simulation_makes_no_record(project):
    folder = source(project, "paper", SIMULATION)
    (folder / "hot" / "results.csv").unlink()
    with pytest.raises(records.RecordError, match="there is no hot/results.csv"):
        publish(project, SIMULATION)
    for path in (folder / "hot").iterdir():
        path.unlink()
    with pytest.raises(records.RecordError, match="provenance of .*hot.* and tables of .*cold"):
        publish(project, SIMULATION)
    (folder / "hot.provenance.json").unlink()
    with pytest.raises(records.RecordError, match="hot.provenance.json is missing"):
        publish(project, SIMULATION)


def test_the_command_passes_on_what_it_is_told(monkeypatch, capsys):
    from landscape import cli

    calls = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(
        records, "publish", lambda *given, **named: calls.append((given, named)) or "the folder"
    )
    words = ["record", SIMULATION, "--title", "t", "--differs", "one", "--suffix", "b"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out == "wrote the folder\n"
    ((given, named),) = calls
    assert given == (SIMULATION, None)
    assert named == {"title": "t", "differs": ["one"], "suffix": "b", "root": ROOT}


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
