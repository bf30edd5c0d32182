"""The builder of the book: what it refuses, what it keeps, what a built page holds."""

import gc
import hashlib
import json
import re
import shutil
import weakref
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from landscape.errors import LandscapeError
from landscape.book import build as book, checks as book_checks, sphinx as book_sphinx, normalise
from landscape.evidence import artifacts
from landscape.book.api import api_blocks, modules
from landscape.book.pages import Page
from landscape.book.sources import BookError, contents

REPOSITORY = Path(__file__).resolve().parents[2]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAA"
    "AABJRU5ErkJggg=="
)
FIGURE = {
    "figure": {"name": "thesis-fig-2-1", "caption": "A curve with $x^2$."},
    "image": {"alt": "One falling curve"},
}


def figure_cell(**changes):
    settings = {**FIGURE, **changes}
    cell = new_code_cell("draw()", metadata={"mystnb": settings, "tags": ["hide-input"]})
    cell.outputs = [new_output("display_data", data={"image/png": PIXEL})]
    return cell


def executed(*cells):
    text = (
        "(page-thesis-fig-2-1)=\n# A falling curve\n\n"
        "See {numref}`thesis-fig-2-1`, {eq}`eq-one` and {cite}`chaudhari2018`.\n\n"
        "$$\nx = 1\n$$ (eq-one)\n"
    )
    notebook = new_notebook(cells=[new_markdown_cell(text), *cells])
    return normalise.normalised(notebook, Path("/nowhere"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A small book with the real settings and styles."""
    root = tmp_path_factory.mktemp("project")
    source = root / "book"
    shutil.copytree(REPOSITORY / "book" / "_static", source / "_static")
    for name in ("_config.yml", "references.bib"):
        shutil.copy(REPOSITORY / "book" / name, source / name)
    toc = {
        "format": "jb-book",
        "root": "index",
        "parts": [
            {"caption": "I", "chapters": [{"file": "artifacts/1-spin-glass/thesis-fig-2-1"}]},
            {"caption": "Sources", "chapters": [{"file": "status"}, {"file": "bibliography"}]},
        ],
    }
    (source / "_toc.yml").write_text(yaml.safe_dump(toc))
    (source / "index.md").write_text(
        "# Small book\n\n<!-- profile -->\n\n<!-- gallery -->\n\n<!-- legend -->\n\n"
        "<!-- scorecard -->\n\n[a page](page-thesis-fig-2-1)\n\n<!-- an ordinary comment -->\n"
    )
    (source / "status.md").write_text("# Status\n\n<!-- counts: artifacts -->\n\n<!-- status -->\n")
    (source / "bibliography.md").write_text("# Bibliography\n\n```{bibliography}\n```\n")
    (root / "references").mkdir()
    shutil.copy(REPOSITORY / "references" / "artifacts.yaml", root / "references")
    folder = source / "executed" / "smoke" / "1-spin-glass"
    folder.mkdir(parents=True)
    nbformat.write(executed(figure_cell()), folder / "thesis-fig-2-1.ipynb")
    return root


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
    front = built.read_text()
    assert 'class="wv-card" href="artifacts/1-spin-glass/thesis-fig-2-1.html"' in front
    assert "No scorecard has been made" in front
    assert "an ordinary comment" not in re.sub(r"<!--.*?-->", "", front, flags=re.DOTALL)
    page = (html / "artifacts" / "1-spin-glass" / "thesis-fig-2-1.html").read_text()
    assert 'alt="One falling curve"' in page
    assert '<span class="caption-number">Figure 1 </span>' in page
    assert "Chaudhari, 2018" in page
    assert "mathjax/tex-chtml.js" in page
    assert (html / "_static" / "mathjax" / "tex-chtml.js").exists()
    assert (html / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2").is_dir()
    assert not list(html.rglob("*.map"))
    assert (html / "status.html").read_text().count("its page is not written yet") == 45
    assert (html / "searchindex.js").exists()
    assert (html / "_sources/artifacts/1-spin-glass/thesis-fig-2-1.ipynb").exists(), "download"
    assert not (root / "book" / "_build" / "html.new").exists()
    assert not (root / "logs" / "smoke" / "book.log").exists()


def test_no_page_of_the_built_book_loads_anything_from_elsewhere(built):
    assert book_checks.external_requests(built.parent) == {}


def test_the_manifest_names_pages_and_the_digests_of_their_sources(root, built):
    manifest = json.loads((built.parent / "manifest.json").read_text())
    assert manifest["profile"] == "smoke"
    assert manifest["pages"] == [
        "artifacts/1-spin-glass/thesis-fig-2-1.html",
        "bibliography.html",
        "index.html",
        "status.html",
    ]
    config = (root / "book" / "_config.yml").read_bytes()
    assert manifest["sources"]["_config.yml"] == hashlib.sha256(config).hexdigest()
    for name in manifest["pages"]:
        assert (built.parent / name).exists()


def test_a_second_build_gives_the_same_bytes_with_or_without_what_sphinx_kept(root, built):
    first = digest(built.parent)
    book.build("smoke", root)
    assert digest(built.parent) == first
    shutil.rmtree(root / "book" / "_build" / ".doctrees")
    book.build("smoke", root)
    assert digest(built.parent) == first


def test_a_broken_page_fails_every_time_and_keeps_the_old_book(root, built):
    before = digest(built.parent)
    page = root / "book" / "status.md"
    text = page.read_text()
    page.write_text(text + "\n[nowhere](no-such-label)\n\n```{nosuchdirective}\n```\n")
    try:
        for _ in range(2):  # what Sphinx keeps of the first try must not hide the second warning
            with pytest.raises(BookError, match=r"warning\(s\), the first: status\.md") as got:
                book.build("smoke", root)
            assert str(root) not in str(got.value)
            assert digest(built.parent) == before
    finally:
        page.write_text(text)
    assert "nosuchdirective" in (root / "logs" / "smoke" / "book.log").read_text()


def test_missing_pages_are_named_with_the_command(root):
    with pytest.raises(BookError, match=r"no executed page of thesis-fig-2-1; run `dvc repro`"):
        book.build("laptop", root)


def page_of(*cells, artifact="thesis-fig-2-1"):
    return Page(artifact, "1-spin-glass", "A falling curve", executed(*cells))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": {}}, "no text for readers who cannot see it"),
        ({"image": {"alt": "  "}}, "no text for readers"),
        ({"figure": {"name": "thesis-fig-2-1"}}, "the figure has no caption"),
        ({"figure": {"caption": "A curve"}}, "the figure has no name"),
        ({"figure": {"name": "other", "caption": "A curve"}}, "no figure is named thesis-fig-2-1"),
    ],
)
def test_a_picture_without_words_is_refused(changes, message):
    with pytest.raises(book_checks.PageError, match=message):
        book_checks.check_figures([page_of(figure_cell(**changes))])


def test_figure_names_are_unique_and_complete_pages_pass():
    book_checks.check_figures([page_of(figure_cell())])
    with pytest.raises(book_checks.PageError, match=r"thesis-fig-2-1 is used by page thesis-fig"):
        book_checks.check_figures([page_of(figure_cell(), figure_cell())])


def test_a_bare_image_in_prose_is_refused():
    book_checks.check_prose({"index.md": b"![a valley](x.png)"})
    with pytest.raises(book_checks.PageError, match=r"book/index\.md: an image has no text"):
        book_checks.check_prose({"index.md": b"text ![](x.png)"})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", '<script src="https://cdn.example/x.js"></script>'),
        ("a.html", '<link rel="stylesheet" href="//fonts.example/css">'),
        ("a.html", '<img srcset="local.png 1x, https://i.example/b.png 2x">'),
        ("a.html", "<style>@import 'https://fonts.example/css';</style>"),
        ("a.html", '<p style="background: url(https://i.example/b.png)">'),
        ("a.css", "@font-face { src: url('https://fonts.example/a.woff2') }"),
        ("a.js", "import x from 'https://cdn.example/x.js'"),
    ],
)
def test_requests_to_other_places_are_found(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert list(book_checks.external_requests(tmp_path)) == [name]
    with pytest.raises(book_checks.PageError, match="from the net"):
        book_checks.check_offline(tmp_path)


def test_ordinary_links_and_local_files_are_allowed(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="https://example.org">x</a><link rel="canonical" href="https://example.org">'
        '<script src="_static/x.js"></script><img src="data:image/png;base64,AA">'
    )
    (tmp_path / "a.css").write_text("a { background: url(data:image/svg+xml,http://www.w3.org/) }")
    assert book_checks.external_requests(tmp_path) == {}


def test_the_real_contents_are_complete():
    listed = contents(REPOSITORY)
    pages = [name.split("/", 1)[1] for name in listed if name.startswith("artifacts/")]
    assert {f"book/notebooks/{page}.md" for page in pages} == {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "book" / "notebooks").glob("*/*.md")
    }
    parts = [artifacts.PARTS.index(page.split("/")[0]) for page in pages]
    assert parts == sorted(parts)
    order = [artifact.id for artifact in artifacts.load(REPOSITORY)]
    own = [order.index(page.split("/")[1]) for page in pages if page.split("/")[1] in order]
    assert own == sorted(own)
    assert pages[0] == "0-optimizers/optimizers"
    prose = {name for name in listed if not name.startswith("artifacts/")}
    written = {
        path.relative_to(REPOSITORY / "book").with_suffix("").as_posix()
        for pattern in ("*.md", "api/*.md")
        for path in (REPOSITORY / "book").glob(pattern)
    }
    assert prose == written


def test_api_pages_describe_every_public_module():
    source = REPOSITORY / "src"
    packages = {path.parent.name for path in source.glob("landscape/*/__init__.py")}
    described = {path.stem for path in (REPOSITORY / "book" / "api").glob("*.md")} - {"index"}
    assert described == packages
    names = modules("landscape.theory", source)
    assert names[0] == "landscape.theory"
    assert "landscape.theory.p_spin" in names
    text = api_blocks("landscape.theory", source)
    assert text.count(".. automodule::") == len(names)
    assert "(api-landscape-theory-p-spin)=" in text
    assert modules("landscape.errors", source) == ["landscape.errors"]
    with pytest.raises(LandscapeError, match=r"landscape\.nothing"):
        modules("landscape.nothing", source)


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
    with book_sphinx._living_objects():
        collectors.disable_builtin_toctree_collector(None)
    assert len(dead) == 1
    assert collectors.gc is gc
