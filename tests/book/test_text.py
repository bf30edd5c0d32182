"""Markdown with formulas as HTML, numbers for formulas."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.book import text


def test_formulas_are_what_sphinx_writes_and_keep_their_signs():
    html = text.html(r"for $N < 100$ and $|h_i|_*$")
    assert html == (
        r'for <span class="math notranslate nohighlight">\(N &lt; 100\)</span> and '
        r'<span class="math notranslate nohighlight">\(|h_i|_*\)</span>'
    )
    assert text.has_formula(html)
    assert not text.has_formula(text.html("5 $ and no more"))


def test_markdown_of_a_line_is_rendered_and_a_break_stays():
    assert text.html("**a** `b_c`\n[d](e.html)") == (
        '<strong>a</strong> <code>b_c</code><br><a href="e.html">d</a>'
    )
    assert text.html("anneal_sgd and run.batch_size") == "anneal_sgd and run.batch_size"


@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn"))))
def test_any_text_gives_well_formed_html(words):
    html = text.html(words)
    ET.fromstring(f"<p>{html.replace('<br>', '<br/>').replace('&nbsp;', ' ')}</p>")
    assert not re.search(r"<(script|img|iframe)\b(?! src)", html)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0015, "0.0015"), (1.5e-9, r"1.5 \times 10^{-9}"), (-2e12, r"-2 \times 10^{12}"),
     (1e-6, "10^{-6}"), (12.345, "12.3"), (3, "3"), (math.inf, r"\infty"), (-math.inf, r"-\infty"),
     (math.nan, r"\text{not a number}")],
)  # fmt: skip
def test_numbers_are_written_for_a_formula(value, written):
    assert text.number(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value(value):
    written = text.number(value, digits=17)
    written = re.sub(
        r"( \\times )?10\^\{(-?\d+)\}", lambda m: f"{'' if m[1] else '1'}e{m[2]}", written
    )
    assert float(written) == value
