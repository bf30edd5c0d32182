"""Plain docstrings become markup that shows them unchanged and never warns."""

import ast
import io
from pathlib import Path

import docutils.core
import pytest

from landscape.book.docstrings import escaped, to_rst

SOURCE = Path(__file__).resolve().parents[2] / "src" / "landscape"


def rendered(text):
    """The docstring's text as docutils shows it; asserts that it reads it without a warning."""
    warnings = io.StringIO()
    settings = {"warning_stream": warnings, "report_level": 1, "output_encoding": "unicode"}
    rst = "\n".join(to_rst(text.split("\n")))
    shown = docutils.core.publish_string(rst, writer_name="pseudoxml", settings_overrides=settings)
    assert warnings.getvalue() == "", f"{rst}\n{warnings.getvalue()}"
    return shown


def all_docstrings():
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield path, text


def test_every_docstring_of_the_library_is_read_without_a_warning():
    texts = [text for _, text in all_docstrings()]
    assert len(texts) > 200
    for text in texts:
        rendered(text)


@pytest.mark.parametrize(
    "text",
    ["min |g + h|", "h* and x_", "a `code` word", "2 * 3 * 4", "f(x)`s", "C:\\new", "``a``s"],
)
def test_running_text_keeps_every_character(text):
    shown = rendered(text)
    for word in text.replace("`", " ").split():
        assert word in shown


def test_formulas_keep_their_lines_and_columns():
    shown = rendered("With g:\n\n    u <- m u + |d|\n      w <- w - lr u\n\nAnd so on.")
    assert "<literal_block" in shown
    assert "u <- m u + |d|" in shown
    assert "  w <- w - lr u" in shown
    assert "<literal_block" in rendered("Once:  h ~ N(0, I)\nAt i:  tau_i = n\n       h_i = 2")


def test_sections_become_definitions():
    shown = rendered(
        "Do it.\n\nArgs:\n    lr: the rate, > 0,\n        in [0, 1).\n    **more: rest."
    )
    assert shown.count("<definition_list_item>") == 2
    assert "the rate, > 0, in [0, 1)." in shown
    assert "**more" in shown
    shown = rendered("Do it.\n\nRaises\n------\nValueError\n    when `lr` < 0.\n\nLast words.")
    assert shown.count("<definition_list_item>") == 1
    assert "Last words." in shown.split("</definition_list>")[-1]


def test_examples_and_lists_and_tables_stay_what_they_are():
    assert "<doctest_block" in rendered("Do it.\n\n>>> f(2)\n4")
    assert rendered("- one\n  goes on\n- two").count("<list_item>") == 2
    assert "<table>" in rendered("====  ====\na     b\n====  ====\n1     2\n====  ====")


def test_code_next_to_letters_is_still_code():
    assert escaped("`x`-axis and the `f`s") == "``x``-axis and the ``f``\\ s"
