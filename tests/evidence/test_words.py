"""Words of sentences."""

import pytest

from landscape.evidence import words


@pytest.mark.parametrize(
    ("given", "said"), [("abc", "a, b and c"), ("ab", "a and b"), ("a", "a"), ("", "")]
)
def test_words_in_a_row(given, said):
    assert words.listed(given) == said
    assert words.listed(iter(given)) == said
