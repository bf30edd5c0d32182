"""Where a command works: the project and the profile."""

from __future__ import annotations

import argparse
from pathlib import Path

from landscape import project


def root_and_profile(options: argparse.Namespace) -> tuple[Path, str]:
    """The project's folder, and the profile of ``--profile`` or else of params.yaml."""
    root = project.find_root()
    if options.profile is None:
        return root, project.current_profile(root)
    return root, project.check_profile(options.profile)
