"""What Sphinx is given: executed pages, those that were missing included."""

import pytest

from landscape.book import sources
from landscape.book.sources import BookError

from . import small_book
from .small_book import ARTIFACT, keep, notebook


@pytest.fixture
def root(tmp_path):
    return small_book.make(tmp_path)


def test_pages_have_plain_titles(root):
    titles = {page.item: page.title for page in sources.executed_pages("smoke", root)}
    assert titles["index"] == "Small book"
    assert titles[ARTIFACT] == "A falling curve"


@pytest.mark.parametrize("damage", ["", '{"cells": [', "[]", None])
def test_a_missing_or_unreadable_page_is_executed_again(root, monkeypatch, damage):
    path = root / "book" / "executed" / "smoke" / f"{ARTIFACT}.ipynb"
    path.unlink() if damage is None else path.write_text(damage)
    asked = []

    def run_many(items, profile, folder):
        assert not path.exists()
        asked.append((list(items), profile))
        keep(folder, ARTIFACT, notebook("# Made again"))

    monkeypatch.setattr(sources, "run_many", run_many)
    titles = {page.item: page.title for page in sources.executed_pages("smoke", root)}
    assert asked == [([ARTIFACT], "smoke")]
    assert titles[ARTIFACT] == "Made again"


def test_a_page_without_a_title_is_named(root):
    keep(root, ARTIFACT, notebook("## Too deep"))
    with pytest.raises(BookError, match=rf"the page {ARTIFACT} has no title"):
        sources.executed_pages("smoke", root)


def test_staged_files_are_pages_prose_pictures_and_the_library(root):
    staged = sources.staged_sources("smoke", root, sources.executed_pages("smoke", root))
    assert {f"{ARTIFACT}.ipynb", "notation.md", "_toc.yml", "api/index.md"} <= set(staged)
    assert "index.md" not in staged, "executed pages come as notebooks"
    light, dark = (staged[f"_static/thumbnails/{ARTIFACT}-{s}.svg"] for s in ("light", "dark"))
    assert light.startswith(b"<svg ")
    assert light != dark


def test_synchronise_keeps_the_times_of_what_did_not_change(tmp_path):
    sources.synchronise(tmp_path, {"a/b.md": b"one", "c.md": b"two", "d/e.md": b"three"})
    before = (tmp_path / "a" / "b.md").stat().st_mtime_ns
    sources.synchronise(tmp_path, {"a/b.md": b"one", "c.md": b"changed"})
    assert (tmp_path / "a" / "b.md").stat().st_mtime_ns == before
    assert (tmp_path / "c.md").read_bytes() == b"changed"
    assert not (tmp_path / "d" / "e.md").exists()
