"""The cards of the front page."""

import re

import pytest

from landscape.book import gallery

from . import small_book
from .small_book import ARTIFACT, TABLE


@pytest.fixture
def root(tmp_path):
    root = small_book.make(tmp_path)
    small_book.write(root, "1-spin-glass/counts/page", "# Beside\n")
    small_book.write(root, "8-evidence/status/page", "# Status\n")
    parts = root / "book" / "parts.yaml"
    parts.write_text(
        parts.read_text() + "- {id: 8-evidence, title: The evidence, source: all, about: lists}\n"
    )
    return root


def row(name, number, label):
    return {"id": name, "work": "thesis", "number": number, "verdict": {"label": label}}


@pytest.fixture
def html(root):
    card = {
        "artifacts": [
            row("thesis-tab-2-1", "Table 2.1", "not seen at small scale"),
            row("thesis-fig-2-1", "Figure 2.1", "contradicted"),
            row("thesis-fig-4-1", "Figure 4.1", "not run"),
        ]
    }
    return gallery.gallery(card, root).html


def test_every_page_has_a_card_with_verdict_and_number_figures_first(html):
    links = re.findall(r'<a class="wv-card" href="([^"]+)"', html)
    assert links == [f"{TABLE}.html", f"{ARTIFACT}.html", "1-spin-glass/counts.html"]
    cards = re.findall(r"<li.*?</li>", html)
    assert "Chaudhari (2018), table 2.1" in cards[0]
    assert 'class="wv-verdict wv-not-seen-at-small-scale"' in cards[0]
    assert "<i>falling</i>" in cards[1] or "<em>falling</em>" in cards[1]
    assert "beside the works" in cards[2]
    assert "wv-verdict" not in cards[2]
    for shade in ("light", "dark"):
        assert f'src="_static/thumbnails/{ARTIFACT}-{shade}.svg"' in cards[1]


def test_filters_name_what_there_is_and_are_hidden_without_a_script(html):
    assert '<div class="wv-filters" hidden>' in html
    assert re.findall(r'<option value="([^"]*)"', html) == [
        "", "1-spin-glass", "", "contradicted", "not seen at small scale",
    ]  # fmt: skip
    cards = re.findall(r'<li data-part="([^"]*)" data-verdict="([^"]*)"', html)
    assert cards[1] == ("1-spin-glass", "contradicted")
    assert cards[2] == ("1-spin-glass", "")
