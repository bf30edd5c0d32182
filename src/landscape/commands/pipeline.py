"""Commands on the pipeline."""

from __future__ import annotations

import argparse

from landscape import project
from landscape.commands.where import root_and_profile


def pipeline(options: argparse.Namespace) -> None:
    """Write the lists that the stages run over."""
    from landscape.pipeline import commands

    commands.pipeline(project.find_root())


def inputs(options: argparse.Namespace) -> None:
    """Write the manifests of one kind for one profile."""
    from landscape.pipeline import commands

    root, profile = root_and_profile(options)
    commands.inputs(options.kind, profile, root)


def lock(options: argparse.Namespace) -> None:
    """Keep the lock file, or put the kept one back."""
    from landscape.pipeline import commands

    commands.lock(options.action, project.find_root())
