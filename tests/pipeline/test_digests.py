"""Digests change with the meaning of a file."""

import pytest

from landscape.pipeline import digests

CODE = '''"""Module."""
import math


def area(radius):
    """Area of a circle."""
    return math.pi * radius**2  # in its unit squared
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# in its unit squared", "# squared"),
        ("Area of a circle.", "What a circle covers."),
        ('"""Module."""\n', ""),
        ("def area(radius):", "\n\ndef area(\n    radius,\n):"),
    ],
)
def test_comments_docstrings_and_line_breaks_change_nothing(old, new):
    assert old in CODE
    assert digests.of_code(CODE.replace(old, new)) == digests.of_code(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("radius**2", "radius**3"), ("math.pi", "math.e"), ("radius**2", "radius**2.0"),
     ("import math", "import cmath as math"), ("def area(radius)", "def area(radius=1)")],
)  # fmt: skip
def test_what_runs_differently_has_another_digest(old, new):
    assert old in CODE
    assert digests.of_code(CODE.replace(old, new)) != digests.of_code(CODE)


def test_none_and_absent_are_told_apart():
    explicit, bare = "def f():\n    return None\n", "def f():\n    return\n"
    assert digests.of_code(explicit) != digests.of_code(bare)


def test_settings_in_another_order_are_the_same():
    assert digests.of_value({"a": 1, "b": [2, 3]}) == digests.of_value({"b": [2, 3], "a": 1})
    assert digests.of_value({"a": 1}) != digests.of_value({"a": 1.5})


def test_line_ends_of_another_system_change_nothing(tmp_path):
    one, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_bytes(b"a: 1\nb: 2\n")
    other.write_bytes(b"a: 1\r\nb: 2\r\n")
    assert digests.of_file(one) == digests.of_file(other)
