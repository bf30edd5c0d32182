"""Pictures: inline SVG for light and dark, unique ids, bitmaps for clouds, data as CSV."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat import v4

from landscape import book
from landscape.book import pictures
from landscape.errors import LandscapeError

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def figure(points=20, color=book.INK, label=r"$\sqrt{x}$"):
    figure, ax = book.panel()
    ax.scatter(*np.random.default_rng(0).normal(size=(2, points)), color=color, s=4)
    ax.plot([0, 1], [0, 1], marker="o", markerfacecolor=book.PAPER, label=label)
    ax.set_xlabel("epochs")
    ax.legend()
    return figure


def svgs(html):
    """Every inline SVG as a tree: it must be well formed and complete."""
    found = re.findall(r"<svg .*?</svg>", html, re.DOTALL)
    return [ET.fromstring(text.replace("<svg ", f"<svg {XLINK} ", 1)) for text in found]


def test_panels_stand_in_a_grid_with_letters_titles_and_a_text_for_each():
    shown = pictures.picture("p", {"a": figure(), "b": figure()}, 'two <"clouds">',
                             titles={"b": "LeNet, $n = 3$"})._repr_html_()  # fmt: skip
    assert shown.startswith('<div class="wv-panels" style="display:grid;')
    assert "repeat(auto-fit,minmax(min(100%,300px),1fr))" in shown
    assert "<b>a</b></div>" in shown
    assert r"<b>b</b> LeNet, <span class" in shown
    assert [tree.get("role") for tree in svgs(shown)] == ["img", "img"]
    assert svgs(shown)[1].get("aria-label") == 'Panel b of 2: two <"clouds">'


def test_ids_are_unique_on_a_page_and_every_reference_finds_its_own():
    shown = pictures.picture("p", {"a": figure(), "b": figure()}, "x")._repr_html_()
    shown += pictures.picture("p-2", figure(), "x")._repr_html_()
    ids = re.findall(r'\bid="([^"]+)"', shown)
    assert len(ids) == len(set(ids)) > 3
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', shown))
    assert used == set(ids)


def test_ink_and_paper_are_the_readers_and_nothing_else_is_black_or_white():
    text = pictures.svg(figure(), "k", "x")
    assert "currentColor" in text
    assert "var(--wv-paper" in text
    assert not re.search(r"#000000|#010203|#fdfefc|#ffffff|\bblack\b", text)
    assert "viewBox" in text
    assert not re.search(r'<svg[^>]*\b(width|height)="', text)


def test_words_stay_text_and_formulas_become_outlines():
    text = pictures.svg(figure(label=r"words $\sqrt{N}$"), "k", "x")
    assert ">epochs</text>" in text
    assert (
        text.count("font-family:'DejaVu Sans',Verdana,sans-serif") == text.count("font-family") == 1
    )
    assert ">words" not in text
    assert "<style" not in text, "it would hold for the whole page"
    assert pictures.svg(figure(label="words"), "k", "x").count(">words</text>") == 1


def test_the_same_figure_gives_the_same_bytes_and_no_date():
    first, second = (pictures.svg(figure(2000), "k", "x") for _ in range(2))
    assert first == second
    assert "<metadata" not in first
    assert not re.search(r"20\d\d-\d\d", first)


def test_a_cloud_of_many_points_is_a_bitmap_that_is_grey_where_it_was_ink():
    few, many = pictures.svg(figure(20), "k", "x"), pictures.svg(figure(5000), "k", "x")
    assert "data:image/png" not in few
    assert len(many) < 200_000
    png = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", many)[1])
    import matplotlib.image

    pixels = matplotlib.image.imread(io.BytesIO(png))
    solid = pixels[pixels[..., 3] == 1][:, :3]
    assert len(solid) > 100
    np.testing.assert_allclose(solid, np.full_like(solid, 0.53), atol=0.06)
    red = pictures.svg(figure(5000, color="#D55E00"), "k", "x")
    assert red != many


def test_data_are_offered_with_six_digits():
    frame = pd.DataFrame({"seed": [1, 2], "error": [1 / 3, 2e-9 / 3]})
    html = pictures.picture("fig", figure(), "x", data={"deep": frame})._repr_html_()
    name, data = re.search(r'download="([^"]+)" href="data:text/csv;base64,([^"]+)"', html).groups()
    assert name == "fig-deep.csv"
    assert base64.b64decode(data).decode() == "seed,error\n1,0.333333\n2,6.66667e-10\n"
    big = pd.DataFrame({"x": np.random.default_rng(0).random(60_000)})
    with pytest.raises(LandscapeError, match=r"fig\.csv have .* bytes, too many"):
        pictures.picture("fig", figure(), "x", data=big)


def test_a_picture_without_words_or_with_a_title_of_no_panel_is_refused():
    with pytest.raises(LandscapeError, match="needs a panel and a text"):
        pictures.picture("fig", figure(), " ")
    with pytest.raises(LandscapeError, match="title for 'c', but no panel"):
        pictures.picture("fig", {"a": figure()}, "x", titles={"c": "y"})


def test_a_figure_of_pyplot_is_closed_so_that_jupyter_does_not_show_it_again():
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    before, _ = plt.subplots()
    assert "<svg" in pictures.svg(before, "k", "x")
    assert not plt.get_fignums()


def test_the_thumbnail_is_the_first_panel_alone_in_both_modes():
    html = pictures.picture("p", {"a": figure(), "b": figure(3000)}, "x")._repr_html_()
    output = v4.new_output("display_data", data={"text/html": html})
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("# t"), v4.new_code_cell("", outputs=[output])]
    )
    light, dark = pictures.thumbnail(nbformat.from_dict(notebook))
    for text, ink in ((light, "#1f2328"), (dark, "#e6edf3")):
        tree = ET.fromstring(text)
        assert tree.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(tree.get("width")) == pytest.approx(3.9 * 72)
        assert ink in text
        assert not re.search(r"currentColor|var\(|data:image", text)
    assert pictures.thumbnail(v4.new_notebook(cells=[v4.new_markdown_cell("# t")])) is None
