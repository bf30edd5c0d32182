"""Records made of results, and results made of a record."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import publishing, records
from landscape.train import provenance

ROOT = Path(__file__).parents[2]
EXPERIMENT, SIMULATION, PART = "toy-training", "toy-simulation", "1-spin-glass"


def source(project, profile="paper", experiment=EXPERIMENT):
    return project / "results" / profile / PART / experiment


def publish(project, experiment=EXPERIMENT, **changes):
    options = {"title": "all seeds", "root": project}
    return publishing.publish(experiment, **options | changes)


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
        publishing, "publish", lambda *given, **named: calls.append((given, named)) or "the folder"
    )
    words = ["record", SIMULATION, "--title", "t", "--differs", "one", "--suffix", "b"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out == "wrote the folder\n"
    ((given, named),) = calls
    assert given == (SIMULATION, None)
    assert named == {"title": "t", "differs": ["one"], "suffix": "b", "root": ROOT}


def restored(project, run="adam"):
    path = source(project) / f"{run}.provenance.json"
    return path, path.read_bytes(), (source(project) / run / "results.csv").read_bytes()


def test_the_runs_of_a_record_come_back_as_they_were(project):
    """A later session has the record alone, adds a method and publishes both."""
    for run in ("adam", "anneal_sgd"):
        note_files(project, run)
        change(project, run, files={"results.csv": restored_sum(project, run)})
    publish(project)
    before = restored(project)
    shutil.rmtree(source(project))
    assert publishing.restore(EXPERIMENT, project) == [
        source(project) / run for run in ("adam", "anneal_sgd")]  # fmt: skip
    path, note, table = restored(project)
    assert (json.loads(note), table) == (json.loads(before[1]), before[2])
    publishing.restore(EXPERIMENT, project)  # once more: the same bytes are there
    assert restored(project) == (path, note, table)
    assert publish(project, suffix="b").name.endswith("-b")


def test_what_lies_there_or_is_not_in_the_record_stops_the_restoring(project):
    with pytest.raises(records.RecordError, match="There is no record of toy-training"):
        publishing.restore(EXPERIMENT, project)
    for run in ("adam", "anneal_sgd"):
        note_files(project, run)
    publish(project)
    with pytest.raises(records.RecordError, match=r"has not weights.safetensors; it has to be run"):
        publishing.restore(EXPERIMENT, project)
    for run in ("adam", "anneal_sgd"):
        change(project, run, files={"results.csv": restored_sum(project, run)})
    publish(project, suffix="b")
    (source(project) / "anneal_sgd" / "results.csv").write_text("other", encoding="utf-8")
    shutil.rmtree(source(project) / "adam")
    with pytest.raises(records.RecordError, match="anneal_sgd holds another result; move it away"):
        publishing.restore(EXPERIMENT, project)
    assert not (source(project) / "adam").exists()


def test_checksums_of_the_tables_are_needed_to_put_them_back(project):
    publish(project)
    with pytest.raises(records.RecordError, match="has not the checksums of its tables"):
        publishing.restore(EXPERIMENT, project)


def restored_sum(project, run):
    return provenance.checksums(source(project) / run)["results.csv"]
