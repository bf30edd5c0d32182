"""What an entry concludes from its rows, and what the decorator refuses."""

import pytest

from landscape.errata import entry
from landscape.errata.entry import Entry, Row
from landscape.errors import LandscapeError


@pytest.fixture(autouse=True)
def _own_list(monkeypatch):
    monkeypatch.setattr(entry, "_ENTRIES", {})


def test_agreement_is_decided_by_the_tolerance():
    row = Row("x", 1.02, 1.005, 1.0, "by hand", 0.01)
    assert row.corrected_agrees
    assert not row.printed_agrees
    assert not Row("x", None, 1.0, 1.0, "by hand").printed_agrees


def test_the_judgement_follows_from_all_rows():
    good, no_print = Row("x", 2.0, 1.0, 1.0, "by hand"), Row("y", None, 0.5, 0.5, "by hand")

    def made(*rows):
        return Entry("99", "a sign", {"thesis": "eq. (1)"}, lambda: list(rows))

    assert made(good, no_print).print_wrong is True
    assert made(no_print).print_wrong is None
    assert made(good, Row("z", 1.0, 1.0, 1.0, "by hand")).print_wrong is False
    assert made(good, no_print).confirmed
    assert not made(good, Row("z", 2.0, 1.0, 1.5, "by hand")).confirmed


def test_rows_are_computed_once():
    calls = []
    one = Entry("1", "s", {"thesis": "w"}, lambda: calls.append(1) or [])
    assert one.rows is one.rows
    assert calls == [1]


def test_the_decorator_fills_the_list_and_leaves_the_function():
    @entry.erratum("99", "a sign", {"thesis": "eq. (1)", "anneal": "eq. (2)"})
    def sign(value=1.0):
        return [Row("x", 2.0, value, 1.0, "by hand")]

    assert sign(3.0)[0].corrected == 3.0
    (made,) = entry.registered()
    assert (made.key, made.work, made.anchor) == ("99", "thesis", "erratum-99")
    assert made.source == "Chaudhari (2018), eq. (1); Chaudhari & Soatto (2015), eq. (2)"
    assert made.confirmed
    word = entry.erratum("a-word", "a claim", {"richemond": "section 4"})
    word(lambda: [])
    assert entry.registered()[-1].anchor == "statement-a-word"


def test_a_number_that_is_taken_and_a_work_that_is_not_repeated_are_refused():
    def first():
        return []

    def second():
        return []

    entry.erratum("7", "s", {"thesis": "w"})(first)
    entry.erratum("7", "s", {"thesis": "w"})(first)  # a module that is loaded again
    with pytest.raises(LandscapeError, match=r"7 is .*first already; give .*second another"):
        entry.erratum("7", "s", {"thesis": "w"})(second)
    with pytest.raises(LandscapeError, match=r"in kafka; works are thesis, anneal"):
        entry.erratum("8", "s", {"kafka": "w"})
    with pytest.raises(LandscapeError, match="in no work"):
        entry.erratum("8", "s", {})


def test_thousands_inside_a_formula():
    assert entry.thousands(1_000_000) == "1{,}000{,}000"
