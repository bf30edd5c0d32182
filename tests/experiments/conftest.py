"""Toy projects: a book with pages that hold nothing but settings."""

from pathlib import Path

import pytest
from toy_project import Toy

ROOT = Path(__file__).parents[2]


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
