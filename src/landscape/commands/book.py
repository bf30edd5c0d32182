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
    made = notebook.run(options.page, profile, root, parameters, reuse=options.reuse)
    print(f"wrote {made}")


def pages(options: argparse.Namespace) -> None:
    """Execute every page that is out of date."""
    from landscape import project
    from landscape.book import notebook
    from landscape.train.workers import worker_count

    root, profile = root_and_profile(options)
    worker_count(options.workers)
    items = [page.item for page in project.pages(root) if notebook.has_kernel(page.path)]
    made = notebook.run_many(items, profile, root, workers=options.workers)
    print(f"{len(made)} pages are in {root / 'book' / 'executed' / profile}")


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
    make = build.locate if options.locate else build.build
    print(f"The book is at {make(profile, root)}")
