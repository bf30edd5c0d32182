"""Captions are prose: they stand below a picture's cell, and are joined to it when a page is made.

A page writes::

    ```{code-cell} ipython3
    :tags: [hide-input]

    page.picture(page.figure.curves(page.runs))
    ```

    :::{caption} thesis-fig-3-5
    Chaudhari (2018), figure 3.5. Test error against effective epochs.
    :::

Sphinx takes name and caption of a cell's figure from the cell's metadata alone.
"""

from __future__ import annotations

import re
from typing import Any

from landscape.errors import LandscapeError

_CAPTION = re.compile(r"\A\s*:::\{caption\}[ \t]*(\S*)[ \t]*\n(.*?)\n:::[ \t]*(?:\n|\Z)", re.DOTALL)
_ANY = re.compile(r"^\s*:::\{caption\}[ \t]*(\S*)", re.MULTILINE)


class CaptionError(LandscapeError):
    """A caption that belongs to no picture."""


def joined(notebook: Any) -> Any:
    """A copy of a notebook with each caption in the metadata of the code cell above it.

    Args:
        notebook: An nbformat node.

    Returns:
        The copy. Metadata ``mystnb.figure`` of the cell hold name and caption; the caption's
        lines are gone from the text, and so is a text cell that held nothing else.

    Raises:
        CaptionError: A caption without a name, without words, or not directly below the cell of
            its picture.
    """
    from nbformat import from_dict

    notebook = from_dict(notebook)
    kept: list[Any] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            above = kept[-1] if kept else None
            found = _CAPTION.match(cell.source)
            if found:
                name, words = found[1], found[2].strip()
                _check(name, words, above)
                above.metadata["mystnb"] = {"figure": {"name": name, "caption": f"{words}\n"}}
                cell.source = cell.source[found.end() :].lstrip("\n")
                if not cell.source.strip():
                    continue
            lost = _ANY.search(cell.source)
            if lost:
                raise CaptionError(
                    f"The caption {lost[1] or 'without a name'} does not stand directly below a "
                    "code cell, or has no closing line of three colons."
                )
        kept.append(cell)
    notebook.cells = kept
    return notebook


def _check(name: str, words: str, above: Any) -> None:
    if not name:
        raise CaptionError("A caption has no name: write :::{caption} <name of the picture>.")
    if not words:
        raise CaptionError(f"The caption {name} is empty: say what the picture shows.")
    if above is None or above.cell_type != "code":
        raise CaptionError(f"The caption {name} does not stand directly below a code cell.")
    if "figure" in above.metadata.get("mystnb", {}):
        raise CaptionError(f"The cell above the caption {name} has one in its header already.")
