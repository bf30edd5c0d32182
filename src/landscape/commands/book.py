"""Commands on pages and the book."""

from __future__ import annotations

import argparse
from typing import Any

import yaml

from landscape.commands.where import root_and_profile
from landscape.errors import LandscapeError


def page(options: argparse.Namespace) -> None:
    """Execute a page."""
    from landscape.book import notebook

    root, profile = root_and_profile(options)
    parameters = dict(map(_parameter, options.parameter))
    print(f"wrote {notebook.run(options.page, profile, root, parameters)}")


def _parameter(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark or not name.isidentifier():
        raise LandscapeError(f"{text!r} is not a parameter; write it as NAME=VALUE.")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise LandscapeError(f"{text!r} has no value that YAML can read.") from error


def book(options: argparse.Namespace) -> None:
    """Build the book, or say where it is."""
    from landscape.book import build

    root, profile = root_and_profile(options)
    built = root / "book" / "_build" / "html" / "index.html"
    if not options.locate:
        built = build.build(profile, root)
    elif not built.is_file():
        raise LandscapeError(f"{built} does not exist yet; `make book` builds it.")
    print(f"The book is at {built}")
