"""Toy projects: a book with pages that hold nothing but settings."""

import shutil
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Toy:
    """A project folder whose pages' settings are written by a test."""

    def __init__(self, root):
        self.root = root
        (root / "book").mkdir(parents=True)
        for name in ("book/parts.yaml", "params.yaml"):
            shutil.copy(ROOT / name, root / name)
        (root / "dvc.yaml").write_text("stages: {}\n")

    def page(self, item, settings=None):
        """Make a page, with this ``settings.yaml``; returns the file's path."""
        folder = self.root / "book" / item
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "page.md").write_text("# A page\n")
        if settings is not None:
            (folder / "settings.yaml").write_text(textwrap.dedent(settings), encoding="utf-8")
        return folder / "settings.yaml"


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path / "toy")


@pytest.fixture
def project(tmp_path, small_data, monkeypatch):
    """A project with the book's real settings and a data set of 96 samples."""
    made = Toy(tmp_path / "project")
    for path in (ROOT / "book").glob("*/*/settings.yaml"):
        made.page(path.parent.relative_to(ROOT / "book"), path.read_text(encoding="utf-8"))
    monkeypatch.setenv("LANDSCAPE_ROOT", str(made.root))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    return made.root
