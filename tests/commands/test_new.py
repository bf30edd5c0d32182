"""A new page runs at once, and nothing that is there is written over."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from landscape import cli
from landscape.evidence import artifacts, claims, figures
from landscape.evidence.runs import Runs
from landscape.experiments import catalogue, execute
from landscape.project import PROFILES, pages

ROOT = Path(__file__).parents[2]
FREE = "thesis-fig-4-3"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the list of artifacts and one page."""
    (tmp_path / "book" / "1-spin-glass" / "there").mkdir(parents=True)
    (tmp_path / "book" / "1-spin-glass" / "there" / "page.md").touch()
    (tmp_path / "references").mkdir()
    for name in ("book/parts.yaml", "params.yaml", "references/artifacts.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    return tmp_path


@pytest.mark.parametrize("words", [[FREE], [f"3-pde/{FREE}"]])
def test_a_figure_is_judged_and_can_be_executed_at_once(project, small_data, words, capsys):
    assert cli.main(["new", *words]) == 0
    printed = capsys.readouterr().out
    for step in ("landscape run 3-pde/", f"landscape judge {FREE}", "landscape page", "dvc repro"):
        assert step in printed
    folder = project / "book" / "3-pde" / FREE
    assert {path.name for path in folder.iterdir()} == {
        "page.md", "figure.py", "claims.yaml", "settings.yaml"
    }  # fmt: skip
    text = "".join(path.read_text() for path in folder.iterdir())
    assert "@" not in text.replace("@claims", "")
    assert artifacts.get(FREE, project).title in (folder / "page.md").read_text()
    assert "Chaudhari (2018), figure 4.3. Test error" in (folder / "page.md").read_text()
    assert claims.load(FREE, project).ids == ("c1",) or list(claims.load(FREE, project).ids) == [
        "c1"
    ]
    assert f"3-pde/{FREE}" in [page.item for page in pages(project) if page.is_artifact]
    for profile in PROFILES:
        for method in ("sgd", "adam"):
            assert catalogue.run_specs(FREE, method, profile, project)
    for run in catalogue.find_runs(FREE, project):
        execute.run(run, "smoke", root=project)
    assert cli.main(["judge", FREE, "--profile", "smoke"]) == 0
    assert (project / "verdicts" / "smoke" / "3-pde" / f"{FREE}.json").is_file()


def test_a_page_that_repeats_no_figure_has_no_claims(project, small_data):
    assert cli.main(["new", "3-pde/a-page", "--extra"]) == 0
    folder = project / "book" / "3-pde" / "a-page"
    assert {path.name for path in folder.iterdir()} == {"page.md", "figure.py", "settings.yaml"}
    text = (folder / "page.md").read_text()
    assert "page.claims" not in text
    assert "page.answer(page.figure.finding(page.runs))" in text
    assert "# A page\n" in text
    for run in catalogue.find_runs("a-page", project):
        execute.run(run, "smoke", root=project)
    said = figures.load("a-page", project).finding(Runs.build("smoke", project))
    assert said.startswith("Adam's test error differs from SGD's by ")


@pytest.mark.parametrize("words", [[FREE], ["3-pde/a-page", "--extra"]])
def test_its_python_follows_the_house_s_rules(project, words):
    assert cli.main(["new", *words]) == 0
    (path,) = project.glob("book/3-pde/*/figure.py")
    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, "--config", str(ROOT / "pyproject.toml")]
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["thesis-fig-44-3"], "There is no artifact 'thesis-fig-44-3'"),
        ([f"1-spin-glass/{FREE}"], f"{FREE} belongs to 3-pde: landscape new 3-pde/{FREE}."),
        (["1-spin-glass/there", "--extra"], "book/1-spin-glass/there is there already"),
        (["3-pde/there", "--extra"], "book/1-spin-glass/there is there already"),
        (["3-pd/page", "--extra"], "'3-pd' is no part of the book; did you mean '3-pde'?"),
        (["3-pde/A Page", "--extra"], "'A Page' is no name of a page"),
        ([f"3-pde/{FREE}", "--extra"], "is a figure or table of a work; leave --extra out"),
    ],
)
def test_what_cannot_be_made_is_refused(project, words, said, capsys):
    before = sorted(project.rglob("*"))
    assert cli.main(["new", *words]) == 1
    assert said in capsys.readouterr().err
    assert sorted(project.rglob("*")) == before


def test_a_second_one_is_refused(project, capsys):
    assert cli.main(["new", FREE]) == 0
    page = project / "book" / "3-pde" / FREE / "page.md"
    page.write_text("mine")
    assert cli.main(["new", FREE]) == 1
    assert "is there already; change its files." in capsys.readouterr().err
    assert page.read_text() == "mine"
