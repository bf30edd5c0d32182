r"""Markdown with formulas between dollars, as HTML for the book and for JupyterLab.

Claims, findings, captions and cells of tables are written this way. A formula becomes what Sphinx
itself writes, ``<span class="math">\(x\)</span>``, which MathJax sets on the page.
"""

from __future__ import annotations

import functools
import math
from html import escape
from typing import Any

#: Stands beside HTML with formulas: Sphinx loads MathJax only where it has seen one itself.
LOADS_MATHJAX = {"text/latex": r"$\,$"}


def html(text: str) -> str:
    """Inline Markdown as HTML; a line break stays one, HTML in it is shown as it stands."""
    return "<br>".join(_parser().renderInline(line) for line in text.split("\n"))


def has_formula(content: str) -> bool:
    """Whether HTML made here holds a formula."""
    return '<span class="math' in content


def number(value: float, digits: int = 3) -> str:
    r"""A number to put between dollars: ``1.5 \times 10^{-3}``, ``-12.3``, ``\infty``.

    Args:
        value: The number.
        digits: Significant digits; zeros at the end are left out.
    """
    value = float(value)
    if not math.isfinite(value):
        return r"\text{not a number}" if math.isnan(value) else ("-" * (value < 0)) + r"\infty"
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


@functools.cache
def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin)

    def formula(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        content = escape(tokens[index].content, quote=False)
        return rf'<span class="math notranslate nohighlight">\({content}\)</span>'

    parser.add_render_rule("math_inline", formula)
    return parser
