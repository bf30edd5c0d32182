"""What a page must have, and what a built book must not load."""

import pytest

from landscape.book import checks
from landscape.book.sources import ExecutedPage

from .small_book import notebook, picture_cell, table_cell


def page(*cells, name="thesis-fig-2-1"):
    text = "# A falling curve"
    return ExecutedPage(
        f"1-spin-glass/{name}", "1-spin-glass", name, text, notebook(text, *cells), True
    )


def changed(**metadata):
    cell = picture_cell()
    cell.metadata["mystnb"] = {"figure": metadata}
    return cell


def with_a_note():
    cell = picture_cell()
    cell.outputs.append(cell.outputs[0].copy())
    return cell


def without_words():
    cell = picture_cell()
    data = cell.outputs[0].data
    data["text/html"] = data["text/html"].replace('aria-label="A line"', 'aria-label=""')
    return cell


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (with_a_note(), "cell 2: the cell of a picture shows 2 things, and its caption"),
        (without_words(), "cell 2: the picture has no text for readers who cannot see it"),
        (changed(name="thesis-fig-2-1"), "the figure has no caption"),
        (changed(caption="A curve"), "the figure has no name"),
        (changed(name="other", caption="A curve"), "no figure or numbered table is named thesis-f"),
    ],
)
def test_a_picture_without_name_caption_or_words_is_refused(cell, message):
    with pytest.raises(checks.PageError, match=message):
        checks.check_figures([page(cell)])


def test_figure_names_are_unique_and_complete_pages_pass():
    checks.check_figures([page(picture_cell())])
    with pytest.raises(checks.PageError, match=r"thesis-fig-2-1 is used by page 1-spin-glass/th"):
        checks.check_figures([page(picture_cell(), picture_cell())])


def test_a_numbered_table_can_be_what_the_page_is_about():
    checks.check_figures([page(table_cell(), name="thesis-tab-2-1")])
    with pytest.raises(checks.PageError, match="no figure or numbered table is named"):
        checks.check_figures([page(table_cell("another"), name="thesis-tab-2-1")])


def test_a_bare_image_in_prose_is_refused():
    checks.check_prose({"index.md": b"![a valley](x.png)"})
    with pytest.raises(checks.PageError, match=r"book/index\.md: an image has no text"):
        checks.check_prose({"index.md": b"text ![](x.png)"})


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
    assert list(checks.external_requests(tmp_path)) == [name]
    with pytest.raises(checks.PageError, match="from the net"):
        checks.check_offline(tmp_path)


def test_ordinary_links_and_local_files_are_allowed(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="https://example.org">x</a><link rel="canonical" href="https://example.org">'
        '<script src="_static/x.js"></script><img src="data:image/png;base64,AA">'
    )
    (tmp_path / "a.css").write_text("a { background: url(data:image/svg+xml,http://www.w3.org/) }")
    assert checks.external_requests(tmp_path) == {}
