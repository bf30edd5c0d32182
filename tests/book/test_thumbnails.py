"""The pictures on the cards of the front page."""

from xml.etree import ElementTree

from landscape.book import thumbnails

from .small_book import notebook, picture_cell, table_cell


def test_a_card_shows_the_first_picture_on_either_ground():
    light, dark = thumbnails.of(notebook("# T", picture_cell(), picture_cell(name="second")))
    assert light != dark
    for picture in (light, dark):
        assert ElementTree.fromstring(picture).tag.endswith("svg")
        assert "currentColor" not in picture
        assert "var(" not in picture


def test_a_page_without_a_picture_has_a_card_that_says_table():
    light, dark = thumbnails.of(notebook("# T", table_cell()))
    assert light != dark
    for picture in (light, dark):
        assert "table" in "".join(ElementTree.fromstring(picture).itertext())
