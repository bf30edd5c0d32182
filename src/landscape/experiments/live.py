"""Training from inside a notebook: the same runs, nothing written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def run(experiment: str, profile: str, root: Path | None = None) -> pd.DataFrame:
    """Train every method of ``experiment`` now and return its rows with a ``method`` column.

    Raises LandscapeError when the experiment is unknown or is a simulation.
    """
    from landscape.experiments.execute import train_frame

    return train_frame(experiment, profile, root)
