"""Bring an executed notebook into a form that depends only on what it shows.

Removed: timings, papermill's and jupytext's notes, interpreter versions, random cell ids, memory
addresses, the random ids of styled tables, absolute paths, and the arbitrary places at which a
stream of text was cut into pieces.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

TEXT_TYPES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")
STYLER = re.compile(r"\bT_[0-9a-f]{5}(?=[\s_\"'{>.#]|$)")  # pandas draws a new id for each table
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PROGRESS = re.compile(r"\d+%\|.*\||\bit/s\b|\bs/it\b")


def unexpected_stderr(notebook: Any) -> tuple[Any, str] | None:
    """First code cell that wrote to stderr, and what it wrote; progress bars are allowed."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if (
                output.output_type == "stream"
                and output.name == "stderr"
                and first_unexpected(output.text)
            ):
                return cell, output.text
    return None


def first_unexpected(text: str) -> str:
    """The first line of what a cell wrote to stderr that is no progress bar; empty without one."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", ANSI.sub("", text))]
    return next((line for line in lines if line and not PROGRESS.search(line)), "")


def normalised(notebook: Any, root: Path) -> Any:
    """A copy of the executed ``notebook`` (nbformat node) without anything a rerun would change.

    ``root`` is the repository: its absolute path is replaced by a dot in every text output.
    """
    from nbformat import NotebookNode, from_dict

    notebook = from_dict(notebook)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={
            "name": "python",
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "pygments_lexer": "ipython3",
        },
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        for noise in ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled"):
            cell.metadata.pop(noise, None)
        if cell.cell_type != "code":
            continue
        if "injected-parameters" in cell.metadata.get("tags", []):
            lines = cell.source.strip().replace("# Parameters", "# Values given for this run", 1)
            cell.source = lines
        cell.outputs = [_output(out, number, root) for out in _merged(cell.outputs)]
    return notebook


def _merged(outputs: list[Any]) -> list[Any]:
    """Outputs with each run of stdout pieces joined; what is left of stderr is dropped."""
    merged: list[Any] = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if merged and merged[-1].output_type == "stream":
                merged[-1].text += output.text
                continue
        merged.append(output)
    return merged


def _output(output: Any, number: int, root: Path) -> Any:
    if output.output_type == "stream":
        output.text = _text(output.text, number, root)
    for kind, content in output.get("data", {}).items():
        if kind in TEXT_TYPES and isinstance(content, str):
            output.data[kind] = _text(content, number, root)
    output.get("metadata", {}).pop("papermill", None)
    return output


def _text(text: str, number: int, root: Path) -> str:
    text = ADDRESS.sub("", text)
    ids = list(dict.fromkeys(STYLER.findall(text)))
    for index, name in enumerate(ids, start=1):
        text = text.replace(name, f"T_{number:02d}_{index}")
    places = [(str(root), ".")]
    if len(str(Path.home())) > 1:
        places.append((str(Path.home()), "~"))
    places.append((tempfile.gettempdir(), "$TMPDIR"))
    for place, short in places:
        text = re.sub(rf"(?<![\w./~-]){re.escape(place)}(?=[/\s\"'<>):,]|$)", short, text)
    return text
