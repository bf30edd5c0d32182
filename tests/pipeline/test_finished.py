"""What is finished and made from the same things is taken, everything else is made again."""

import json
import shutil
import threading
import time
from pathlib import Path

import pytest

from landscape import cli
from landscape.experiments import execute, training_job
from landscape.pipeline import finished
from landscape.train import many

ROOT = Path(__file__).resolve().parents[2]
RUN = "1-spin-glass/thesis-fig-2-3-mnistfc/adam"
ARGUMENTS = ["run", RUN, "--profile", "smoke"]


@pytest.fixture
def project(tmp_path, small_data, monkeypatch):
    """The package and the book's settings in another folder, a data set of 96 samples."""
    (tmp_path / "dvc.yaml").touch()
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info", "_build", "executed")
    for name in ("src", "book"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    shutil.copytree(ROOT / "references", tmp_path / "references")
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    # The code that runs is this checkout's, whose bytes are the same.
    monkeypatch.setattr("landscape.project._refuse_other_code", lambda root: None)
    return tmp_path


@pytest.fixture
def trainings(monkeypatch):
    """How often something was trained."""
    calls = []
    fit = many.fit_many

    def counted(*given, **named):
        calls.append(given)
        return fit(*given, **named)

    monkeypatch.setattr(training_job, "fit_many", counted)
    return calls


def folder(project):
    return project / "results/smoke" / RUN


def provenance(project):
    return folder(project).with_name("adam.provenance.json")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_finished_run_is_taken_and_repeated_where_that_is_asked(project, trainings, capsys):
    assert cli.main(ARGUMENTS) == 0
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns)
              for p in folder(project).parent.rglob("*") if p.is_file()}  # fmt: skip
    capsys.readouterr()
    assert cli.main(ARGUMENTS) == 0
    assert "nothing that it depends on has changed" in capsys.readouterr().out
    assert len(trainings) == 1
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}
    assert cli.main([*ARGUMENTS, "--again"]) == 0
    assert len(trainings) == 2
    table = folder(project) / "results.csv"
    assert table.read_bytes() == before[table][0]


def settings(project):
    path = project / "book/1-spin-glass/thesis-fig-2-3/settings.yaml"
    replace(path, "lr: 1.0e-3", "lr: 2.0e-3")


def code(project):
    (project / "src/landscape/optim/adam.py").open("a", encoding="utf-8").write("\nX = 1\n")


def number(project):
    replace(folder(project) / "results.csv", "0.", "1.")


def cut(project):
    path = folder(project) / "results.csv"
    path.write_bytes(path.read_bytes()[:-20])


def stray(project):
    (folder(project) / "other.csv").write_text("a\n1\n", encoding="utf-8")


def older(project):
    """A result from before digests were noted."""
    path = provenance(project)
    noted = json.loads(path.read_text(encoding="utf-8"))
    del noted["inputs"]
    path.write_text(json.dumps(noted), encoding="utf-8")


def no_provenance(project):
    provenance(project).unlink()


def broken_provenance(project):
    provenance(project).write_text("[1, 2", encoding="utf-8")


def edited_provenance(project):
    replace(provenance(project), '"wall_seconds": ', '"wall_seconds": 1')


def of_another_run(project):
    """The result of a method with the name of another."""
    other = project / "results/smoke/1-spin-glass/thesis-fig-2-3-mnistfc/anneal_sgd"
    assert cli.main(["run", RUN.replace("adam", "anneal_sgd"), "--profile", "smoke"]) == 0
    shutil.rmtree(folder(project))
    shutil.copytree(other, folder(project))
    shutil.copy(other.with_name("anneal_sgd.provenance.json"), provenance(project))


@pytest.mark.parametrize(
    "change",
    [settings, code, number, cut, stray, older, no_provenance, broken_provenance,
     edited_provenance, of_another_run],
)
def test_anything_else_is_made_again(project, trainings, change, capsys):
    assert cli.main(ARGUMENTS) == 0
    change(project)
    trainings.clear()
    capsys.readouterr()
    assert cli.main(ARGUMENTS) == 0
    assert len(trainings) == 1
    assert "taken" not in capsys.readouterr().out
    assert finished.is_finished(folder(project), finished.digest(RUN, "smoke", project))


def test_the_first_seeds_are_taken_where_more_are_wanted(project, trainings, capsys):
    assert cli.main(ARGUMENTS) == 0
    at_once = (folder(project) / "results.csv").read_bytes()
    assert cli.main([*ARGUMENTS, "--seeds", "1", "--again"]) == 0
    assert cli.main([*ARGUMENTS, "--seeds", "1"]) == 0
    first = json.loads(provenance(project).read_text(encoding="utf-8"))
    assert [len(specs) for (specs,) in trainings] == [2, 1]
    assert cli.main(ARGUMENTS) == 0
    assert [[spec.seed for spec in specs] for (specs,) in trainings] == [[0, 1], [0], [1]]
    assert "taken the first 1 seeds of" in capsys.readouterr().out
    assert (folder(project) / "results.csv").read_bytes() == at_once
    noted = json.loads(provenance(project).read_text(encoding="utf-8"))
    assert noted["seeds"] == [0, 1]
    assert [part["seeds"] for part in noted["earlier"]] == [[0]]
    assert noted["earlier"][0]["command"] == first["command"]
    assert noted["started"] == first["started"]
    assert noted["wall_seconds"] >= first["wall_seconds"]
    assert finished.is_finished(folder(project), finished.digest(RUN, "smoke", project))


def test_all_seeds_are_trained_where_something_changed_since_the_first(project, trainings):
    assert cli.main([*ARGUMENTS, "--seeds", "1"]) == 0
    replace(folder(project) / "results.csv", "\n", "\n\n")
    assert cli.main([*ARGUMENTS, "--seeds", "2"]) == 0
    assert [len(specs) for (specs,) in trainings] == [1, 2]


@pytest.mark.parametrize("noted", ["", "{}", '{"seeds": [1]}', '{"seeds": []}', '{"seeds": 1}'])
def test_no_seeds_are_taken_from_a_provenance_that_names_none_of_the_first(project, noted):
    folder(project).mkdir(parents=True)
    provenance(project).write_text(noted, encoding="utf-8")
    assert finished.first_seeds(folder(project), RUN, "smoke", project) == []


def test_code_that_changed_meanwhile_leaves_no_digest(project, monkeypatch):
    digests = iter(["before", "after"])
    execute.run(RUN, "smoke", root=project, inputs=lambda: next(digests))
    noted = json.loads(provenance(project).read_text(encoding="utf-8"))
    assert "inputs" not in noted
    assert noted["files"]


def test_a_comment_changes_nothing(project, trainings):
    assert cli.main(ARGUMENTS) == 0
    (project / "src/landscape/optim/adam.py").open("a", encoding="utf-8").write("\n# said\n")
    assert cli.main(ARGUMENTS) == 0
    assert len(trainings) == 1


def test_a_wrong_number_of_workers_is_refused_also_where_nothing_is_to_do(project, capsys):
    assert cli.main(ARGUMENTS) == 0
    assert cli.main([*ARGUMENTS, "--workers", "0"]) == 1
    assert "0 workers cannot work" in capsys.readouterr().err


def test_of_two_commands_for_one_run_the_second_waits_and_takes(project, trainings, monkeypatch):
    """They would take each other's checkpoints away."""
    began, fit = threading.Event(), training_job.fit_many
    second = []

    def slow(*given, **named):
        began.set()
        time.sleep(1)
        return fit(*given, **named)

    monkeypatch.setattr(training_job, "fit_many", slow)
    thread = threading.Thread(target=lambda: second.append(cli.main(ARGUMENTS)))
    first = threading.Thread(target=lambda: second.append(cli.main(ARGUMENTS)))
    first.start()
    assert began.wait(60)
    thread.start()
    for one in (first, thread):
        one.join()
    assert second == [0, 0]
    assert len(trainings) == 1
