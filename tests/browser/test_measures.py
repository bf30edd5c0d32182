"""What a reader meets first, on every page: the answer and the picture on the first screen.

Each test names the pages that break its rule and by how much. `make look` prints the numbers.
"""

import re
from pathlib import Path

import pytest
from browser.measure import PHONE, WIDE

from landscape import project
from landscape.evidence import artifacts, verdicts

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
LONGEST, MOST_BARS, LEAST_CONTRAST = 8500, 3, 4.5
PART = re.compile(r"[0-7]-[\w-]+/")
ARTIFACT = re.compile(r"[0-7]-[\w-]+/\w+-(fig|tab)-[\w-]+\.html")


@pytest.fixture
def pages(measured):
    """The book's own pages, without those of its library."""
    return {name: found for name, found in measured.items() if not name.startswith("api/")}


def test_every_page_has_a_title_and_loads_without_a_complaint(measured):
    assert {n: found["complaints"] for n, found in measured.items() if found["complaints"]} == {}
    assert [n for n, found in measured.items() if not found["wide"]["title"]] == []
    assert [n for n, found in measured.items() if found["wide"]["broken"]] == [], "formulas"


def test_what_was_found_stands_on_the_first_screen(pages):
    late = {
        name: found["wide"]["answer"]
        for name, found in pages.items()
        if PART.match(name) and not 0 < (found["wide"]["answer"] or 0) < WIDE["height"] / 2
    }
    assert late == {}


def test_half_of_the_first_picture_is_seen_without_scrolling(pages):
    late = {
        name: (found["wide"]["top"], found["wide"]["middle"])
        for name, found in pages.items()
        if found["wide"]["middle"] is not None and found["wide"]["middle"] > WIDE["height"]
    }
    assert late == {}


def test_the_first_picture_is_within_two_screens_of_a_phone(pages):
    late = {
        name: (found["phone"]["top"], found["phone"]["middle"])
        for name, found in pages.items()
        if found["phone"]["middle"] is not None and found["phone"]["middle"] > 2 * PHONE["height"]
    }
    assert late == {}


def test_a_figures_page_has_a_picture(pages):
    assert [n for n, found in pages.items() if ARTIFACT.match(n) and not found["wide"]["top"]] == []


def test_no_page_is_longer_than_eight_screens(pages):
    lengths = {name: found["wide"]["length"] for name, found in pages.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_page_shows_more_than_three_bars_of_code(pages):
    bars = {name: found["wide"]["bars"] for name, found in pages.items()}
    assert {name: number for name, number in bars.items() if number > MOST_BARS} == {}


def test_folded_words_can_be_read_in_the_dark_and_in_the_light(pages):
    faint = {
        (name, theme): round(found[theme]["contrast"], 2)
        for name, found in pages.items()
        for theme in ("dark", "wide")
        if (found[theme]["contrast"] or 99) < LEAST_CONTRAST
    }
    assert faint == {}


def test_no_equation_is_cut_without_a_sign(pages):
    cut = {
        (name, window): found[window]["cut"]
        for name, found in pages.items()
        for window in ("wide", "phone")
        if found[window]["cut"]
    }
    assert cut == {}


def test_no_page_is_wider_than_its_window(measured):
    wide = {
        (name, window): found[window]["wide"]
        for name, found in measured.items()
        for window in ("wide", "phone")
        if found[window]["wide"] is not None
    }
    assert wide == {}


def test_no_table_has_to_be_moved_sideways(pages):
    """A row that is cut is not read; on a phone wide tables become blocks (``stack=True``)."""
    for window in ("wide", "phone"):
        cut = {name: found[window]["sideways"] for name, found in pages.items()}
        assert {name: tables for name, tables in cut.items() if tables} == {}, window


def test_no_markup_is_left_in_the_text(pages):
    raw = {name: found["wide"]["raw"] for name, found in pages.items()}
    assert {name: texts for name, texts in raw.items() if texts} == {}


def test_the_first_caption_names_the_work_and_its_own_number(pages):
    numbers = {f"{one.item}.html": one.cited for one in artifacts.load(ROOT)}
    assert all(name in numbers for name in pages if ARTIFACT.match(name))
    unnamed = {
        name: found["wide"]["captions"][:1]
        for name, found in pages.items()
        if name in numbers and not re.search(re.escape(numbers[name]) + r"(?!\d|\.\d)",
                                             "".join(found["wide"]["captions"][:1]))
    }  # fmt: skip
    assert unnamed == {}


def test_the_answer_of_every_figure_and_table_has_its_verdict(pages):
    found = {name: one["wide"]["verdict"] for name, one in pages.items() if ARTIFACT.match(name)}
    assert {name: word for name, word in found.items() if word not in verdicts.LABELS} == {}


def test_the_sidebar_shows_every_part_on_every_page(measured):
    titles = [part.title for part in project.parts(ROOT)]
    assert len(titles) == 9
    missing = {
        name: [title for title in titles if title not in found["wide"]["parts"]]
        for name, found in measured.items()
    }
    assert {name: parts for name, parts in missing.items() if parts} == {}
