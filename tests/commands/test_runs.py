"""Commands on experiments and their results."""

from pathlib import Path

import pytest

from landscape import cli
from landscape.experiments import execute

ROOT = Path(__file__).parents[2]
EXPERIMENT = "thesis-fig-2-3-mnistfc"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The book's settings in another folder, and executions that are only noted."""
    for path in [*(ROOT / "book").glob("*/*/settings.yaml"), ROOT / "book" / "parts.yaml"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        if path.name == "settings.yaml":
            (copy.parent / "page.md").touch()
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "params.yaml").write_text("profile: smoke\n")
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def executed(monkeypatch):
    calls = []
    monkeypatch.setattr(
        execute, "run", lambda *given, **named: calls.append((given, named)) or Path("a/folder")
    )
    return calls


def test_a_page_s_runs_are_executed_one_after_the_other(project, executed, capsys):
    assert cli.main(["run", "thesis-tab-3-1", "--workers", "2"]) == 0
    part = "2-local-entropy"
    assert [given for given, _ in executed] == [
        (f"{part}/thesis-tab-3-1-{run}", "smoke")
        for run in ("lenet/adam", "lenet/entropy_sgd", "mnistfc/adam", "mnistfc/entropy_sgd",
                    "mnistfc-outer/entropy_sgd")
    ]  # fmt: skip
    assert executed[0][1].pop("inputs")() is None  # a project without the package's source
    assert executed[0][1] == {"root": project, "output": None, "workers": 2, "seeds": None}
    assert capsys.readouterr().out.count("wrote ") == 5


@pytest.mark.parametrize("name", ["wide-or-not", "2-local-entropy/wide-or-not"])
def test_a_page_that_shares_its_name_is_run_whole(project, executed, name, capsys):
    assert cli.main(["run", name]) == 0
    made = [given[0].split("/")[1] for given, _ in executed]
    experiments = [f"wide-or-not{end}" for end in ("-rates", "-training", "", "-chains", "-exact")]
    assert list(dict.fromkeys(made)) == experiments
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith(f"{name} is a page, run whole, with wide-or-not-rates, wide-or-not-tr")
    assert said.endswith("; wide-or-not/wide-or-not is its experiment alone")


def test_its_experiment_is_run_alone_after_what_it_reads(project, executed):
    assert cli.main(["run", "wide-or-not/wide-or-not"]) == 0
    made = [given[0].split("/")[1:] for given, _ in executed]
    assert made[-3:] == [["wide-or-not", case] for case in ("measures", "lines", "rescaled")]
    assert {experiment for experiment, _ in made[:-3]} == {"wide-or-not-training"}


def test_a_page_s_runs_do_not_fit_into_one_folder(project, executed, capsys):
    assert cli.main(["run", "wide-or-not", "--output", "out"]) == 1
    said = capsys.readouterr().err
    assert "gets its own folder, and wide-or-not/wide-or-not is the one of that name." in said
    assert executed == []


def test_one_run_of_another_profile_into_another_folder(project, executed):
    words = ["run", f"{EXPERIMENT}/adam", "--profile", "paper", "--output", "out", "--seeds", "3"]
    assert cli.main(words) == 0
    ((given, named),) = executed
    assert given == (f"1-spin-glass/{EXPERIMENT}/adam", "paper")
    assert named.pop("inputs")
    assert named == {"root": project, "output": Path("out"), "workers": None, "seeds": 3}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["thesis-fig-3-7", "--seeds", "1"], "thesis-fig-3-7-angle-char is simulated"),
        (["lewkowycz-fig-S5", "--most-steps", "40"], "lewkowycz-fig-s5-catapult is no sweep"),
    ],
)
def test_nothing_is_made_where_a_later_run_would_be_refused(
    project, executed, words, said, capsys
):
    """The first ones of a page may take hours."""
    assert cli.main(["run", *words]) == 1
    assert said in capsys.readouterr().err
    assert executed == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: anneal_sgd ", "name: anneal_sdg ", "No optimizer is called 'anneal_sdg'"),
        ("tau0: ", "tau: ", "missing a required argument: 'tau0'"),
        ("layers: ", "layers: -", "layers must be"),
    ],
)
def test_nothing_is_made_where_a_later_method_has_no_such_optimizer(
    project, executed, old, new, said, capsys
):
    path = project / "book/1-spin-glass/thesis-fig-2-3/settings.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert cli.main(["run", EXPERIMENT]) == 1
    printed = capsys.readouterr().err
    assert f"{EXPERIMENT}, method anneal_sgd: " in printed
    assert said in printed
    assert executed == []


def test_show_prints_each_setting_with_its_source(project, capsys):
    assert cli.main(["show", EXPERIMENT, "--profile", "laptop"]) == 0
    lines = capsys.readouterr().out.splitlines()
    epochs = next(line for line in lines if "run.epochs" in line)
    assert epochs.startswith("*")
    assert "(work: 50)" in epochs
    rate = next(line for line in lines if "methods.adam.optimizer.lr" in line)
    assert "thesis 2.4.3" in rate


def test_list_says_what_has_results(project, capsys):
    done = project / "results/smoke/1-spin-glass" / EXPERIMENT / "adam/results.csv"
    done.parent.mkdir(parents=True)
    done.touch()
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1-spin-glass/thesis-fig-2-3" in lines
    (line,) = [line for line in lines if f" {EXPERIMENT} " in line]
    assert "partly" in line


def test_clean_deletes_only_what_can_be_made_again(project, capsys):
    for name in ("checkpoints/x", "logs", "book/_build/html", "data/mnist", "downloads", "results"):
        (project / name).mkdir(parents=True)
    assert cli.main(["clean"]) == 0
    left = {path.name for path in project.iterdir()}
    assert left == {"book", "data", "downloads", "dvc.yaml", "params.yaml", "results"}
    assert not (project / "book" / "_build").exists()
    assert cli.main(["clean", "--data"]) == 0
    assert not (project / "data").exists()


def test_clean_keeps_the_user_s_own_data_and_what_links_lead_to(project, tmp_path_factory, capsys):
    for name in ("data/mnist", "data/imagenet/train", "downloads/text"):
        (project / name).mkdir(parents=True)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mnist").mkdir()
    (project / "checkpoints").symlink_to(elsewhere)
    assert cli.main(["clean", "--data"]) == 0
    assert "kept data/, which holds what was not fetched: imagenet" in capsys.readouterr().out
    assert (project / "data/imagenet/train").is_dir()
    assert not (project / "data/mnist").exists()
    assert not (project / "downloads").exists()
    assert not (project / "checkpoints").is_symlink()
    (project / "downloads").symlink_to(elsewhere)
    assert cli.main(["clean", "--data"]) == 0
    assert not (project / "downloads").is_symlink()
    assert (elsewhere / "mnist").is_dir()


def test_clean_in_a_folder_that_is_no_project_deletes_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "dvc.yaml").touch()  # somebody else's
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    assert cli.main(["clean", "--data"]) == 1
    assert (tmp_path / "data").exists()
    assert "is not the project" in capsys.readouterr().err
