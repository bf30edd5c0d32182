"""landscape.project: where the project is, its profile, its parts and pages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from landscape import project
from landscape.errors import LandscapeError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A project without code, and a working folder deep in it."""
    monkeypatch.delenv("LANDSCAPE_ROOT", raising=False)
    folder = tmp_path / "toy"
    (folder / "book" / "1-spin-glass").mkdir(parents=True)
    shutil.copy(ROOT / "book" / "parts.yaml", folder / "book")
    (folder / "dvc.yaml").touch()
    (folder / "params.yaml").write_text("profile: smoke\n")
    monkeypatch.chdir(folder / "book" / "1-spin-glass")
    return folder


def put(toy, item, claims=False):
    (toy / "book" / item).mkdir(parents=True)
    (toy / "book" / item / "page.md").touch()
    if claims:
        (toy / "book" / item / "claims.yaml").touch()


def test_the_root_is_found_from_inside_or_named(toy, tmp_path, monkeypatch):
    assert project.find_root() == toy
    assert project.find_root(toy / "book") == toy
    monkeypatch.chdir(tmp_path)
    assert project.enclosing() is None
    with pytest.raises(LandscapeError, match="is not inside the project; change to its folder"):
        project.find_root()
    monkeypatch.setenv("LANDSCAPE_ROOT", str(toy))
    assert project.find_root() == project.enclosing() == toy
    monkeypatch.setenv("LANDSCAPE_ROOT", "")
    assert project.enclosing() is None


@pytest.mark.parametrize("call", [project.find_root, project.enclosing])
def test_a_wrong_landscape_root_is_refused(toy, tmp_path, monkeypatch, call):
    monkeypatch.setenv("LANDSCAPE_ROOT", str(tmp_path))
    with pytest.raises(LandscapeError) as caught:
        call()
    assert str(caught.value) == (
        f"LANDSCAPE_ROOT is {tmp_path}, which is not the project (it has no dvc.yaml and "
        "book/parts.yaml); unset it or set it to the project's folder."
    )


def asked_in(folder, source, **variables):
    code = "from landscape import project; print(project.find_root())"
    environment = {k: v for k, v in os.environ.items() if k != "LANDSCAPE_ROOT"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env=environment | {"PYTHONPATH": str(source)} | variables,
    )  # fmt: skip


def copied(source, target):
    """A checkout with as much code as is asked here."""
    package = target / "src" / "landscape"
    package.mkdir(parents=True)
    for name in ("__init__", "errors", "documents", "schema", "project"):
        shutil.copy(source / "src" / "landscape" / f"{name}.py", package)
    (target / "book").mkdir()
    shutil.copy(source / "book" / "parts.yaml", target / "book")
    (target / "dvc.yaml").touch()
    return target


def test_the_code_of_another_checkout_is_refused(tmp_path):
    """What a copied tree's environment runs: its programs name the tree it was copied from."""
    first = copied(ROOT, tmp_path / "first")
    second = copied(ROOT, tmp_path / "second")
    assert asked_in(second, second / "src").stdout == f"{second}\n"
    wrong = asked_in(second, first / "src")
    assert wrong.returncode == 1
    sentence = wrong.stderr.strip().splitlines()[-1]
    assert f"runs the code of {first}, not that of {second}" in sentence
    assert "run `make environment` here." in sentence
    named = asked_in(tmp_path, first / "src", LANDSCAPE_ROOT=str(second))
    assert "make environment" in named.stderr


def test_installed_code_and_a_project_without_code_are_fine(tmp_path):
    first = copied(ROOT, tmp_path / "first")
    (second := tmp_path / "second").mkdir()
    shutil.move(copied(ROOT, tmp_path / "third") / "src", tmp_path / "site-packages")
    assert asked_in(first, tmp_path / "site-packages").stdout == f"{first}\n"
    (second / "book").mkdir()
    (second / "book" / "parts.yaml").touch()
    (second / "dvc.yaml").touch()
    assert asked_in(second, first / "src").stdout == f"{second}\n"


def test_profiles(toy):
    assert project.current_profile(toy) == "smoke"
    assert project.check_profile("paper") == "paper"
    with pytest.raises(LandscapeError, match="no profile 'lapto'; did you mean 'laptop'?"):
        project.check_profile("lapto")
    with pytest.raises(LandscapeError, match="no profile 'x'; known are smoke, laptop, paper"):
        project.check_profile("x")


@pytest.mark.parametrize("content", [b"- a list\n", b"other: 1\n", b"", b"\xff\xfe", b"a: [\n"])
def test_a_switch_that_says_nothing_is_one_sentence(toy, content):
    (toy / "params.yaml").write_bytes(content)
    with pytest.raises(LandscapeError, match=r"params\.yaml") as caught:
        project.current_profile(toy)
    assert "\n" not in str(caught.value)
    (toy / "params.yaml").unlink()
    (toy / "params.yaml").mkdir()
    with pytest.raises(LandscapeError, match=r"params\.yaml is not a text file"):
        project.current_profile(toy)


def test_the_nine_parts_have_titles_and_one_line_each():
    parts = project.parts(ROOT)
    assert [part.id[0] for part in parts] == list("012345678")
    assert all(part.title and part.source and part.about for part in parts)
    assert {part.id: part.title for part in parts} == project.PARTS
    for folder in (ROOT / "book").glob("[0-9]-*"):
        assert folder.name in project.PARTS


def test_malformed_parts_are_refused(toy):
    (toy / "book" / "parts.yaml").write_text("- {id: a, title: t}\n")
    with pytest.raises(LandscapeError, match="each part has id, title, source, about"):
        project.parts(toy)


@pytest.mark.parametrize("name", ["book/parts.yaml", "references/artifacts.yaml"])
def test_a_list_that_is_none_is_refused(toy, name):
    (toy / name).parent.mkdir(exist_ok=True)
    (toy / name).write_text("3\n")
    with pytest.raises(LandscapeError, match=f"{name} must hold a list"):
        project.pages(toy)


def test_pages_come_in_the_book_s_order(toy):
    (toy / "references").mkdir()
    (toy / "references" / "artifacts.yaml").write_text("- {id: fig-2}\n- {id: fig-1}\n")
    for name in ("zoo.md", "index.md", "1-spin-glass/part.md"):
        (toy / "book" / name).touch()
    put(toy, "1-spin-glass/another")
    put(toy, "1-spin-glass/fig-1", claims=True)
    put(toy, "1-spin-glass/fig-2", claims=True)
    put(toy, "0-optimizers/optimizers")
    (toy / "book" / "1-spin-glass" / "no-page").mkdir()
    found = project.pages(toy)
    assert [page.item for page in found] == [
        "index", "0-optimizers/optimizers", "1-spin-glass/part", "1-spin-glass/fig-2",
        "1-spin-glass/fig-1", "1-spin-glass/another", "zoo",
    ]  # fmt: skip
    by_item = {page.item: page for page in found}
    figure = by_item["1-spin-glass/fig-2"]
    assert (figure.part, figure.name, figure.is_artifact) == ("1-spin-glass", "fig-2", True)
    assert figure.path == toy / "book/1-spin-glass/fig-2/page.md"
    assert not by_item["1-spin-glass/another"].is_artifact
    assert (by_item["index"].part, by_item["1-spin-glass/part"].name) == ("", "part")


def test_a_name_is_used_once(toy):
    put(toy, "1-spin-glass/same")
    put(toy, "2-local-entropy/same")
    with pytest.raises(LandscapeError, match="Two pages are called 'same'"):
        project.pages(toy)


def test_pages_with_claims_are_figures_and_tables_of_the_works():
    from landscape.evidence import artifacts

    listed = {artifact.item for artifact in artifacts.load(ROOT)}
    assert {page.item for page in project.pages(ROOT) if page.is_artifact} <= listed
