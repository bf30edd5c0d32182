"""Commands on data sets."""

from __future__ import annotations

import argparse

from landscape import data


def fetch(options: argparse.Namespace) -> None:
    """Download data sets."""
    data.fetch(destination=options.destination, names=options.names or None, mirror=options.mirror)
