"""Values for a page's parameters cell."""

from types import SimpleNamespace

import pytest

from landscape.book.parameters import NotebookError, checked_parameters, declared_parameters


def cell(source):
    return SimpleNamespace(source=source, metadata={"tags": ["parameters"]})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("profile = str('laptop')", "must be a plain value"),
        ("import os", "only lines of the form"),
        ("live = False", "must set profile"),
    ],
)
def test_a_parameters_cell_holds_plain_values_only(source, message):
    def check():
        declared = declared_parameters(SimpleNamespace(cells=[cell(source)]))
        checked_parameters(declared, {}, "laptop")

    with pytest.raises(NotebookError, match=message):
        check()


def test_a_notebook_without_a_parameters_cell_is_refused():
    with pytest.raises(NotebookError, match="this one has 0"):
        declared_parameters(SimpleNamespace(cells=[]))


def test_parameters_take_the_type_of_their_default():
    declared = {"profile": "laptop", "live": False, "rate": 0.1, "names": ["a"]}
    given = {"live": "true", "rate": "2", "names": "['b']"}
    assert checked_parameters(declared, given, "laptop") == {
        "live": True,
        "rate": 2.0,
        "names": ["b"],
    }
    assert checked_parameters(declared, {"rate": 0.1}, "laptop") == {}
