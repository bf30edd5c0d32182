"""Begin a page: a folder of files that runs at once, to be changed into what it should be."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from landscape import project, schema
from landscape.commands import templates
from landscape.errors import LandscapeError
from landscape.evidence import artifacts
from landscape.experiments import settings
from landscape.files import write_text


def new(options: argparse.Namespace) -> None:
    """Make the folder of a page."""
    root = project.find_root()
    part, name, title, caption = _placed(options.page.strip("/"), options.extra, root)
    if found := artifacts.page_folder(name, root):
        raise LandscapeError(f"{found.relative_to(root)} is there already; change its files.")
    if name in settings.names(root):
        raise LandscapeError(f"There is an experiment called {name!r} already; take another name.")
    folder = root / "book" / part / name
    for file, text in _files(name, title, caption, options.extra).items():
        write_text(folder / file, text)
        print(f"wrote {(folder / file).relative_to(root)}")
    item = f"{part}/{name}"
    print("It runs as it is. To see it at the smallest scale, where it has to work first:")
    print(f"  landscape run {item} --profile smoke")
    if not options.extra:
        print(f"  landscape judge {name} --profile smoke")
    print(f"  landscape page {item} --profile smoke")
    print(
        "Then change its files into the figure, and make everything: landscape pipeline, "
        f"dvc repro --glob '*{name}*', make book."
    )


def _placed(page: str, extra: bool, root: Path) -> tuple[str, str, str, str]:
    """Part, name and title of the new page, and how its caption begins."""
    part, _, name = page.rpartition("/")
    if extra:
        if not re.fullmatch("[a-z0-9][a-z0-9-]*", name):
            raise LandscapeError(f"{name!r} is no name of a page; use small letters, digits and -.")
        known = [found.id for found in project.parts(root)]
        if part not in known:
            hint = schema.nearest(part, known)
            raise LandscapeError(f"{part!r} is no part of the book; {hint}")
        if name in [artifact.id for artifact in artifacts.load(root)]:
            raise LandscapeError(f"{name} is a figure or table of a work; leave --extra out.")
        return part, name, name.replace("-", " ").capitalize(), ""
    artifact = artifacts.get(name, root)
    if part not in ("", artifact.part):
        raise LandscapeError(f"{name} belongs to {artifact.part}: landscape new {artifact.item}.")
    return artifact.part, name, artifact.title, f"{artifact.cited}. "


def _files(name: str, title: str, caption: str, extra: bool) -> dict[str, str]:
    page = (
        templates.PAGE.replace("@ANSWER@", "page.figure.finding(page.runs)" if extra else "")
        .replace("@CAPTION@", caption)
        .replace("@CLAIMS@", "" if extra else templates.CLAIMS_CELL)
    )
    figure = templates.FIGURE.replace(
        "@IMPORTS@", templates.IMPORTS_EXTRA if extra else templates.IMPORTS
    ).replace("@MEASURE@", templates.MEASURE_EXTRA if extra else templates.MEASURE)
    files = {"page.md": page, "figure.py": figure, "settings.yaml": templates.SETTINGS}
    if not extra:
        files["claims.yaml"] = templates.CLAIMS
    return {
        file: text.replace("@NAME@", name).replace("@TITLE@", title) for file, text in files.items()
    }
