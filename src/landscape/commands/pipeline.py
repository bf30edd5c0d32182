"""Commands on the pipeline."""

from __future__ import annotations

import argparse

from landscape import project
from landscape.commands.where import root_and_profile


def pipeline(options: argparse.Namespace) -> None:
    """Write the lists that the stages run over."""
    from landscape.pipeline import lists

    for path in lists.write(project.find_root()):
        print(f"wrote {path.name}")


def inputs(options: argparse.Namespace) -> None:
    """Write the manifests of one kind for one profile."""
    from landscape.pipeline import inputs, lists

    root, profile = root_and_profile(options)
    if options.kind == "runs":
        lists.require_current(root)
    changed = inputs.write(options.kind, profile, root)
    print(f"inputs of {options.kind}: {len(changed)} changed")


def lock(options: argparse.Namespace) -> None:
    """Settle a conflict in the lock file, or put a readable copy back."""
    from landscape.pipeline import lock

    said = {"merge": lock.merge, "mend": lock.mend}[options.action](project.find_root())
    if said:
        print(said)
