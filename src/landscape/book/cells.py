"""What a page's cells need not say themselves: where captions go, and which code is shown.

A page writes::

    ```{code-cell} ipython3
    page.picture(page.figure.curves(page.runs))
    page.table(page.figure.errors_table(page.runs))
    ```

    :::{caption} thesis-fig-3-5
    Chaudhari (2018), figure 3.5. Test error against effective epochs.
    :::

Captions are prose, and stand below the cell of their picture. Sphinx takes a figure's name and
caption from the metadata of its cell alone, and gives both to everything that the cell shows:
``joined`` puts them there, and what a cell shows beside its picture gets a cell of its own once the
page has run (``parted``). The code of a picture can be unfolded, that of other cells is left out,
unless a cell has a tag that says so itself (``hide-input``, ``remove-input``).
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
    """A copy of a notebook with each caption in the metadata of its cell, and all cells tagged.

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
    for cell in kept:
        if cell.cell_type == "code":
            _tag(cell)
    notebook.cells = kept
    return notebook


def _tag(cell: Any) -> None:
    """Say of a cell that does not say it itself whether its code is shown."""
    tags = cell.metadata.setdefault("tags", [])
    if not {"hide-input", "remove-input"} & set(tags):
        pictured = "figure" in cell.metadata.get("mystnb", {})
        tags.append("hide-input" if pictured else "remove-input")


def parted(notebook: Any) -> Any:
    """A copy of an executed notebook in which a captioned cell shows its first output alone.

    Args:
        notebook: An nbformat node, with captions joined.

    Returns:
        The copy. What else a captioned cell shows stands below the caption, in a cell without code.
    """
    from nbformat import from_dict, v4

    notebook = from_dict(notebook)
    cells: list[Any] = []
    for cell in notebook.cells:
        cells.append(cell)
        if "figure" in cell.metadata.get("mystnb", {}) and len(cell.outputs) > 1:
            rest = v4.new_code_cell(outputs=cell.outputs[1:], metadata={"tags": ["remove-input"]})
            cell.outputs = cell.outputs[:1]
            cells.append(rest)
    notebook.cells = cells
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
