"""What runs leave beside ``results.csv``: weights at several instants, and the table of steps.

``steps.csv`` has the columns of ``landscape.train.steps``, with the grid's in front; weights are
listed in ``weights.csv`` (``landscape.experiments.weights_index``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.errors import LandscapeError
from landscape.experiments.earlier import Earlier
from landscape.experiments.weights_index import COLUMNS, INDEX
from landscape.files import replacing_folder, unsealed
from landscape.train.history import write_csv
from landscape.train.spec import RunSpec

LARGEST_IN_GIT = 1_000_000  # bytes


def refuse_large(spec: RunSpec, profile: str) -> None:
    """Refuse weights too large for git where results are kept in git, before training.

    Raises:
        LandscapeError: With the size and the remedy.
    """
    if not spec.weights or profile != "laptop":
        return
    import torch

    from landscape import models

    with torch.device("meta"):
        model = models.build(spec.model, **spec.model_options)
    size = 4 * sum(t.numel() for t in model.state_dict().values())
    if size > LARGEST_IN_GIT:
        raise LandscapeError(
            f"{spec.experiment}, method {spec.method}: the weights of {spec.model} take "
            f"{size / 1e6:.1f} MB, and git keeps files of up to 1 MB; leave run weights out of the "
            "laptop profile (weights: []) or make the network smaller."
        )


def collect(
    specs: Sequence[RunSpec],
    points: Sequence[Mapping[str, Any]],
    checkpoints: Path,
    folder: Path,
    large: Path | None = None,
    earlier: Earlier | None = None,
) -> None:
    """Take what finished runs left beside their checkpoints into the folder of their results.

    Args:
        specs: The runs of one method.
        points: The grid's point of each.
        checkpoints: The folder of all checkpoints.
        folder: The run's folder.
        large: Where files too large for git go; ``None``: they stay with the others.
        earlier: A finished result that holds what some of the seeds have left.

    Raises:
        LandscapeError: A file is not there, though the run has come so far.
    """
    from landscape.train.checkpoint import CheckpointStore

    steps, rows, contents = [], [], {}
    for number, (spec, point) in enumerate(zip(specs, points, strict=True)):
        own = CheckpointStore(checkpoints, spec).folder
        taken = earlier if earlier is not None and spec.seed in earlier.seeds else None
        if spec.record_every is not None:
            steps.append(_steps(own, point) if taken is None else taken.steps(spec.seed, point))
        if not spec.weights:
            continue
        left = _weights(own) if taken is None else taken.weights(spec.seed, point)
        for at, name, content in left:
            # Runs of a grid share their seeds.
            name = f"{number:03d}-{name}" if point else name
            contents[name] = content
            rows.append(
                {
                    **point, "seed": spec.seed, "at": at, "file": name, "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            )  # fmt: skip
    if steps:
        write_csv(pd.concat(steps, ignore_index=True), folder / "steps.csv")
    if any(spec.weights for spec in specs):
        grid = tuple(points[0]) if points else ()
        write_csv(pd.DataFrame(rows, columns=[*grid, *COLUMNS]), folder / INDEX)
        _write(contents, folder / "weights", large)


def _write(contents: Mapping[str, bytes], beside: Path, large: Path | None) -> None:
    big = {} if large is None else {
        name: content for name, content in contents.items() if len(content) > LARGEST_IN_GIT
    }  # fmt: skip
    if big and large is not None:
        with replacing_folder(large) as new:
            for name, content in big.items():
                (new / name).write_bytes(content)
    beside.mkdir()
    for name in contents.keys() - big.keys():
        (beside / name).write_bytes(contents[name])


def _weights(own: Path) -> list[tuple[float, str, bytes]]:
    """Instants, names and bytes of the weights that a run has left beside its checkpoint."""
    return [(at, name, _read(own / name)) for at, name in json.loads(_read(own / "weights.json"))]


def _steps(own: Path, point: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.read_csv(io.BytesIO(_read(own / "steps.csv")))
    for name in reversed(point):
        frame.insert(0, name, point[name])
    return frame


def _read(path: Path) -> bytes:
    content = unsealed(path)
    if content is None:
        raise LandscapeError(
            f"{path} is not there, which the run has written: run the same command again."
        )
    return content
