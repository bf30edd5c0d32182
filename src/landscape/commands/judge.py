"""Commands on verdicts and records."""

from __future__ import annotations

import argparse

from landscape import project
from landscape.commands.where import root_and_profile
from landscape.evidence import judge as judging
from landscape.evidence import records
from landscape.evidence import scorecard as scores


def judge(options: argparse.Namespace) -> None:
    """Write an artifact's verdict."""
    root, profile = root_and_profile(options)
    name = options.artifact.rpartition("/")[2]  # with or without its part
    print(f"wrote {judging.judge(name, profile, root)}")


def scorecard(options: argparse.Namespace) -> None:
    """Write the scorecard."""
    root, profile = root_and_profile(options)
    print(f"wrote {scores.write(profile, root)}")


def record(options: argparse.Namespace) -> None:
    """Publish a record."""
    folder = records.publish(
        options.experiment, options.source, title=options.title, differs=options.differs,
        root=project.find_root(), suffix=options.suffix,
    )  # fmt: skip
    print(f"wrote {folder}")
