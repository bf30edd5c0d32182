"""Where the weights of runs lie, and how one of them is found.

``<run>/weights.csv`` lists them, one row an instant: the columns of the grid if there is one,
``seed``, ``at`` (part of the run), ``file``, ``bytes``, ``sha256``. Files of at most 1 MB are in
``<run>/weights/`` and kept in git like the tables. Larger ones would not fit there and are made
at the paper profile only; they lie in ``weights/<profile>/<part>/<experiment>/<run>/``, which git
ignores and DVC's cache takes (``dvc add weights/paper``). The run's own folder then still has the
same bytes in a clone that has not pulled them, so that nothing is trained again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.errors import LandscapeError
from landscape.schema import nearest

INDEX = "weights.csv"
COLUMNS = ("seed", "at", "file", "bytes", "sha256")


def large_folder(profile: str, run_id: str, root: Path) -> Path:
    """Where weights lie that are too large for git."""
    return Path(root) / "weights" / profile / run_id


def find(index: Path, large: Path, seed: int, at: float, point: Mapping[str, Any]) -> Path:
    """The file with the weights of one run at one instant, its bytes checked.

    Args:
        index: ``weights.csv`` of the run's folder.
        large: Where its files lie that are too large for git.
        seed: The run's seed.
        at: The instant, a part of the run.
        point: Values of the grid's columns, as far as needed to name one run.

    Raises:
        LandscapeError: There are no such weights, or their file is missing or damaged.
    """
    if not index.is_file():
        raise LandscapeError(
            f"{index.parent.name} has kept no weights ({index} is missing): its settings must name "
            "the instants, as in `run: {weights: [0.5, 1.0]}`."
        )
    table = pd.read_csv(index)
    grid = [name for name in table if name not in COLUMNS]
    for name in point:
        if name not in grid:
            raise LandscapeError(
                f"{index} has no column {name!r}; {nearest(name, [*grid, 'seed', 'at'])}.".replace(
                    "?.", "?"
                )
            )
    chosen = table[(table["seed"] == seed) & ((table["at"] - at).abs() < 1e-9)]
    for name, value in point.items():
        chosen = chosen[chosen[name] == value]
    if len(chosen) != 1:
        raise LandscapeError(
            f"{index} has {len(chosen) or 'no'} weights of seed {seed} at {at:g}"
            + (f" and {dict(point)}" if point else "")
            + f"; it has seeds {sorted(set(table['seed']))} at {sorted(set(table['at']))}"
            + (f" for each of {', '.join(grid)}" if grid else "")
            + "."
        )
    row = chosen.iloc[0]
    beside = index.parent / "weights" / row["file"]
    path = beside if beside.is_file() else large / row["file"]
    if not path.is_file():
        raise LandscapeError(
            f"The weights {path} are not here; get them with `dvc pull weights/paper.dvc` or make "
            f"the run {index.parent.name} again."
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        raise LandscapeError(f"{path} is not the file that {index} lists: make that run again.")
    return path
