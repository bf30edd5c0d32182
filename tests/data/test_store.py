"""Where the cache lies, and that a fetch works without a home."""

from pathlib import Path

import pytest

from landscape import data
from landscape.data import store


@pytest.fixture
def without_home(tmp_path, monkeypatch):
    """A user whose home cannot be made, in a project's subfolder."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "nobody"))
    for name in ("LANDSCAPE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "project"
    (project / "book").mkdir(parents=True)
    for name in ("dvc.yaml", "book/parts.yaml"):
        (project / name).touch()
    monkeypatch.chdir(project / "book")
    return project


def test_the_cache_is_the_user_s_unless_chosen(tmp_path, monkeypatch):
    monkeypatch.delenv("LANDSCAPE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert store.cache_folder() == tmp_path / "user" / "landscape"
    monkeypatch.setenv("LANDSCAPE_CACHE", "~/elsewhere")
    assert store.cache_folder() == Path.home() / "elsewhere"


def test_without_a_home_the_project_keeps_the_downloads(tiny, without_home):
    data.fetch(names=["mnist"], progress=False)
    assert (without_home / ".cache" / "mnist" / "first.raw").is_file()
    assert (without_home / "downloads" / "mnist" / "train_images.npy").is_file()
