"""Commands on verdicts and records."""

from __future__ import annotations

import argparse

from landscape import project
from landscape.commands.where import root_and_profile
from landscape.errors import LandscapeError
from landscape.evidence import artifacts, publishing
from landscape.evidence import judge as judging
from landscape.evidence import scorecard as scores


def judge(options: argparse.Namespace) -> None:
    """Write an artifact's verdict."""
    root, profile = root_and_profile(options)
    name = options.artifact.rpartition("/")[2]  # with or without its part
    if name not in [one.id for one in artifacts.load(root)] and artifacts.page_folder(name, root):
        raise LandscapeError(
            f"{options.artifact!r} repeats no figure or table, so that it has no claims and no "
            f"verdict; `landscape page {options.artifact}` executes a page."
        )
    print(f"wrote {judging.judge(name, profile, root)}")


def scorecard(options: argparse.Namespace) -> None:
    """Write the scorecard."""
    root, profile = root_and_profile(options)
    print(f"wrote {scores.write(profile, root)}")


def record(options: argparse.Namespace) -> None:
    """Publish a record."""
    folder = publishing.publish(
        options.experiment, options.source, title=options.title, differs=options.differs,
        root=project.find_root(), suffix=options.suffix,
    )  # fmt: skip
    print(f"wrote {folder}")


def restore(options: argparse.Namespace) -> None:
    """Put the runs of a record back among the results."""
    for folder in publishing.restore(options.experiment, project.find_root()):
        print(f"wrote {folder}")
