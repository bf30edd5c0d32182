"""Docstrings are read by napoleon and docutils, and show what was written."""

import ast
import inspect
import io
import re
from pathlib import Path

import docutils.core
import pytest
from docutils.parsers.rst import directives, roles
from docutils.parsers.rst.directives.admonitions import Note
from sphinx.ext.napoleon import Config, GoogleDocstring

SOURCE = Path(__file__).resolve().parents[2] / "src" / "landscape"
SETTINGS = Config(napoleon_use_rtype=False, napoleon_use_ivar=True)
#: What a formula becomes by mistake: a quotation where its lines matter, a name to be replaced.
ACCIDENTS = ("block_quote", "problematic", "substitution_reference", "option_list", "line_block")


@pytest.fixture(autouse=True)
def _single_backticks_are_code(monkeypatch):
    """As ``default_role: literal`` in book/_config.yml."""
    monkeypatch.setitem(roles._roles, "", roles._role_registry["literal"])
    monkeypatch.setitem(directives._directives, "rubric", Note)


def rendered(text):
    """The docstring's text as docutils shows it; asserts that it reads it without a warning."""
    warnings = io.StringIO()
    settings = {"warning_stream": warnings, "report_level": 1, "output_encoding": "unicode"}
    rst = str(GoogleDocstring(inspect.cleandoc(text), SETTINGS, what="function"))
    shown = docutils.core.publish_string(rst, writer_name="pseudoxml", settings_overrides=settings)
    assert warnings.getvalue() == "", f"{rst}\n{warnings.getvalue()}"
    return shown


def docstrings():
    """Module, line and text of every docstring of the library."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 1)}", text


def test_every_docstring_is_read_without_a_warning_and_no_formula_is_taken_for_markup():
    found = list(docstrings())
    assert len(found) > 200
    wrong = {}
    for where, text in found:
        try:
            shown = rendered(text)
        except AssertionError as error:
            wrong[where] = str(error)[-300:]
            continue
        accidents = [name for name in ACCIDENTS if re.search(rf"<{name}[ >]", shown)]
        if accidents:
            wrong[where] = f"{accidents}: put formulas in backticks, lines of them below a '::'"
    assert wrong == {}


def test_sections_become_fields():
    shown = rendered(
        "Do it.\n\nArgs:\n    lr: the rate, > 0,\n        in [0, 1).\n\nRaises:\n    E: no."
    )
    assert shown.count("<field>") == 2
    assert "in [0, 1)." in shown


def test_code_in_single_backticks_and_formulas_below_colons_are_kept():
    assert "<literal" in rendered("A `lambda |w|^2` term.")
    shown = rendered("With g::\n\n    u <- m u + |d|\n      w <- w - lr u\n\nAnd so on.")
    assert "<literal_block" in shown
    assert "  w <- w - lr u" in shown


def test_a_formula_that_is_taken_for_markup_is_seen():
    with pytest.raises(AssertionError, match="substitution"):
        rendered("min |g + h|, h and |x| again.")
    assert "<block_quote>" in rendered("With g:\n\n    u <- m u\n\nAnd so on.")
