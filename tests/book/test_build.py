"""The builder of the book: what it makes, what it keeps, what it mends."""

import gc
import hashlib
import re
import shutil
import weakref

import pytest

from landscape.book import build as book
from landscape.book import checks, sphinx
from landscape.book.sources import BookError
from landscape.errors import LandscapeError

from . import small_book
from .small_book import ARTIFACT, TABLE, manifest


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return small_book.make(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def built(root):
    return book.build("smoke", root)


def digest(folder):
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return content.hexdigest()


def test_the_built_book_holds_its_pages_and_what_they_load(root, built):
    html = built.parent
    assert built == root / "book" / "_build" / "html" / "index.html"
    assert f'href="{ARTIFACT}.html"' in built.read_text()
    for shade in ("light", "dark"):
        assert (html / f"_static/thumbnails/{ARTIFACT}-{shade}.svg").stat().st_size > 0
    page = (html / f"{ARTIFACT}.html").read_text()
    assert 'aria-label="A line"' in page
    assert '<span class="caption-number">Figure 1 </span>' in page
    assert "Chaudhari, 2018" in page
    assert "mathjax/tex-chtml.js" in page
    assert "III. Equations: not written yet" in re.sub(r"\s+", " ", page), "in the sidebar"
    assert '<span class="caption-number">Table 1 </span>' in (html / f"{TABLE}.html").read_text()
    assert (html / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2").is_dir()
    assert (html / f"_sources/{ARTIFACT}.ipynb").exists(), "download"
    assert "api/" in (html / "_static" / "language_data.js").read_text(), "the book's own order"
    assert not list(html.rglob("*.map"))
    assert not (root / "book" / "_build" / "html.new").exists()
    assert not (root / "logs" / "smoke" / "book.log").exists()
    assert checks.external_requests(html) == {}


def test_the_manifest_names_pages_and_what_they_were_made_from(root, built):
    said = manifest(built.parent)
    assert said["profile"] == "smoke"
    assert {f"{ARTIFACT}.html", "3-pde/part.html", "index.html", "api/index.html"} <= set(
        said["pages"]
    )
    config = (root / "book" / "_config.yml").read_bytes()
    assert said["sources"]["_config.yml"] == hashlib.sha256(config).hexdigest()
    assert said["sources"][f"{ARTIFACT}.ipynb"] == f"digest of {ARTIFACT}"
    assert not any("thumbnails" in name for name in said["sources"])
    for name in said["pages"]:
        assert (built.parent / name).exists()


def test_another_processors_picture_changes_the_page_and_not_the_manifest(root, built):
    path = root / "book" / "executed" / "smoke" / f"{ARTIFACT}.ipynb"
    before, kept = (built.parent / "manifest.json").read_bytes(), path.read_text()
    try:
        path.write_text(re.sub(r"(M \d+\.\d+)", r"\g<1>1", kept, count=1))
        assert path.read_text() != kept
        book.build("smoke", root)
        assert (built.parent / "manifest.json").read_bytes() == before
    finally:
        path.write_text(kept)


def test_a_second_build_gives_the_same_bytes_with_or_without_what_sphinx_kept(root, built):
    book.build("smoke", root)
    first = digest(built.parent)
    shutil.rmtree(root / "book" / "_build" / ".doctrees")
    book.build("smoke", root)
    assert digest(built.parent) == first


def test_a_broken_page_fails_every_time_and_keeps_the_old_book(root, built):
    before = digest(built.parent)
    page = root / "book" / "notation.md"
    text = page.read_text()
    page.write_text(text + "\n[nowhere](no-such-label)\n\n```{nosuchdirective}\n```\n")
    try:
        for _ in range(2):  # what Sphinx keeps of the first try must not hide the second warning
            with pytest.raises(BookError, match=r"warning\(s\), the first: notation\.md") as got:
                book.build("smoke", root)
            assert str(root) not in str(got.value)
            assert digest(built.parent) == before
    finally:
        page.write_text(text)
    assert "nosuchdirective" in (root / "logs" / "smoke" / "book.log").read_text()


@pytest.mark.parametrize(
    "damage",
    [
        lambda html: (html / "index.html").write_text(""),
        lambda html: (html / f"{ARTIFACT}.html").unlink(),
        lambda html: (html / "searchindex.js").unlink(),
        lambda html: (html / "manifest.json").write_text("{"),
        lambda html: shutil.rmtree(html),
    ],
    ids=["emptied", "a page missing", "no search", "no manifest", "nothing left"],
)
def test_a_damaged_book_is_seen_and_mended(root, built, monkeypatch, damage):
    kept = root / "kept"
    shutil.copytree(built.parent, kept)
    monkeypatch.setattr(book, "build", lambda profile, root: "built again")
    try:
        assert book.locate("smoke", root) == built
        assert book.locate("laptop", root) == "built again", "it shows another profile"
        damage(built.parent)
        assert book.locate("smoke", root) == "built again"
    finally:
        shutil.rmtree(built.parent, ignore_errors=True)
        kept.rename(built.parent)


def test_a_dead_reference_somewhere_in_the_process_does_not_end_the_build(monkeypatch):
    """Found in a process that had run other tests: some library left a dead proxy behind."""
    from sphinx_external_toc import collectors

    class Thing:
        pass

    monkeypatch.setattr(collectors, "TocTreeCollector", Thing)  # of which there is none left
    thing = Thing()
    dead = [weakref.proxy(thing)]
    del thing
    with pytest.raises(ReferenceError):
        collectors.disable_builtin_toctree_collector(None)
    with sphinx._living_objects():
        collectors.disable_builtin_toctree_collector(None)
    assert len(dead) == 1
    assert collectors.gc is gc


@pytest.mark.parametrize("name", ["logs", "book/_build"])
def test_a_folder_that_cannot_be_written_is_found_before_anything_is_read(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("a file in its place", encoding="utf-8")
    with pytest.raises(LandscapeError, match=f"Cannot write to .*{name}"):
        book.build("smoke", tmp_path)
