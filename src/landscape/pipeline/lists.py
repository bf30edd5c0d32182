"""The lists that ``dvc.yaml`` loops over, derived from the folders of the book.

``pipeline.yaml`` names the runs, the judged figures and tables, and the executed pages;
``settings.json`` holds every setting in force, for ``dvc params diff``. Both are written by
``landscape pipeline`` and kept in git, because DVC cannot make a list itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from landscape import project
from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings
from landscape.files import write_text

LISTS, SETTINGS = "pipeline.yaml", "settings.json"
_HEAD = "# Written by `landscape pipeline` from the folders in book/; dvc.yaml loops over it.\n"


def lists(root: Path) -> dict[str, list[str]]:
    """The runs, judged artifacts and executed pages, in the book's order.

    Runs that are made by name only are not among them (``catalogue.Experiment.by_name``).
    """
    from landscape.book.notebook import has_kernel

    pages = project.pages(root)
    return {
        "runs": [run for e in catalogue.experiments(root) if not e.by_name for run in e.run_ids],
        "judged": [page.item for page in pages if page.is_artifact],
        "pages": [page.item for page in pages if has_kernel(page.path)],
    }


def in_force(root: Path) -> dict[str, Any]:
    """``{profile: {experiment: {run: settings}}}``; a simulation's cases share ``common``."""
    found: dict[str, Any] = {}
    for profile in project.PROFILES:
        for one in catalogue.experiments(root):
            if one.kind != "simulate":
                entry = {run: settings.method_settings(one.id, run, profile, root)
                         for run in one.runs}  # fmt: skip
            else:
                entry = {"common": settings.resolved(one.id, profile, root)}
            found.setdefault(profile, {})[one.id] = entry
    return found


def written(root: Path) -> dict[str, str]:
    """File name -> content of both files."""
    body = yaml.safe_dump(lists(root), sort_keys=False, default_flow_style=False, width=200)
    values = json.dumps(in_force(root), indent=1, sort_keys=True, ensure_ascii=False)
    return {LISTS: _HEAD + body, SETTINGS: values + "\n"}


def write(root: Path) -> list[Path]:
    """Write what changed; returns the files that did."""
    changed = []
    for name, text in written(root).items():
        path = Path(root) / name
        if _read(path) != text:
            write_text(path, text)
            changed.append(path)
    return changed


def require_current(root: Path) -> None:
    """Raises LandscapeError naming the command when a file is out of date."""
    for name, text in written(root).items():
        if _read(Path(root) / name) != text:
            raise LandscapeError(
                f"{name} is out of date: a folder or a setting in book/ changed; run "
                "`landscape pipeline`, then repeat (`make repro` does both)."
            )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
