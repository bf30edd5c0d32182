"""Which commit a result names, and when it names none."""

import json
import os

import pytest
from toy_git import git, repository

from landscape.train import provenance


@pytest.fixture
def project(tmp_path):
    return repository(tmp_path / "é project", {
        "src/landscape/loop.py": "", "book/1-part/fig/settings.yaml": "", "results/x.csv": "",
        "book/1-part/fig/page.md": "", ".gitignore": "__pycache__/\n",
    })  # fmt: skip


def test_the_commit_of_a_clean_checkout(project):
    head = git(project, "rev-parse", "HEAD")[:12]
    assert provenance.commit(project) == head
    # What does not decide a result may differ.
    for name in ("results/x.csv", "book/1-part/fig/page.md", "src/__pycache__/x.pyc"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("changed", encoding="utf-8")
    assert provenance.commit(project) == head


@pytest.mark.parametrize(
    "name",
    ["src/landscape/loop.py", "book/1-part/fig/settings.yaml", "src/landscape/new.py",
     "book/1-part/new/settings.yaml"],
)  # fmt: skip
def test_changed_and_new_code_and_settings_are_said(project, name):
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("changed", encoding="utf-8")
    assert provenance.commit(project) == git(project, "rev-parse", "HEAD")[:12] + "+changes"


def test_where_there_is_no_commit_none_is_named(project, tmp_path, monkeypatch):
    assert provenance.commit(tmp_path) == ""  # no checkout
    inside = project / "unpacked"
    inside.mkdir()
    assert provenance.commit(inside) == ""  # an archive inside of somebody's repository
    git(tmp_path, "init", "-q", "new")
    assert provenance.commit(tmp_path / "new") == ""  # nothing is committed yet
    monkeypatch.setenv("PATH", "")
    assert provenance.commit(project) == ""  # no git


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_clone_of_another_owner_has_its_commit(project):
    head = git(project, "rev-parse", "HEAD")[:12]
    for path in (project, *project.rglob("*")):
        os.chown(path, 4321, 4321)
    assert provenance.commit(project) == head


def test_the_variables_of_a_hook_do_not_name_another_checkout(project, tmp_path, monkeypatch):
    other = repository(tmp_path / "other", {"a": "b"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    mine = provenance.commit(project)
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert mine == git(project, "rev-parse", "HEAD")[:12]


def test_a_provenance_is_whole_json(tmp_path):
    provenance.write(tmp_path / "new" / "x.provenance.json", {"b": 1, "a": "é"})
    text = (tmp_path / "new" / "x.provenance.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": "é", "b": 1}
    assert text.index('"a"') < text.index('"b"')
