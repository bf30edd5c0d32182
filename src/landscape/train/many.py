"""Many independent runs: at once in worker processes, with one torch thread each.

Under ``torchrun``, whose processes hold the replicas of one run, the runs follow one another.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from landscape.train import distributed
from landscape.train.spec import RunSpec, SpecificationError
from landscape.train.workers import in_workers, worker_count


def _one(
    spec: RunSpec, checkpoints: str | None, data_root: str | None, point: Mapping[str, Any]
) -> pd.DataFrame:
    import torch

    from landscape.optim import HyperparameterError
    from landscape.train.loop import fit

    torch.set_num_threads(1)
    try:
        history, _ = fit(spec, checkpoints=checkpoints, data_root=data_root)
    except HyperparameterError as error:  # the settings' author must know where to look
        raise SpecificationError(f"{spec.experiment}, method {spec.method}: {error}") from error
    frame = history.frame()
    for name in reversed(point):
        frame.insert(0, name, point[name])
    return frame


def fit_many(
    specs: Sequence[RunSpec],
    *,
    checkpoints: Path | str | None = None,
    data_root: Path | str | None = None,
    workers: int | None = None,
    label: str = "",
    points: Sequence[Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """Run every specification and return all rows, ordered by seed and step.

    ``points`` holds one mapping a specification, with the same keys in each: the settings in which
    the runs of a grid differ. They become the first columns, and the rows are ordered by them
    before anything else.

    Progress is a bar on a terminal and one line a finished run elsewhere. Under ``torchrun``
    process 0 prints it and has the rows; the other processes get none.
    """
    world = distributed.world()
    workers = min(worker_count(workers), len(specs))
    folder = None if checkpoints is None else str(checkpoints)
    root = None if data_root is None else str(data_root)
    points = [{}] * len(specs) if points is None else points
    calls = [(spec, folder, root, at) for spec, at in zip(specs, points, strict=True)]
    if world.size > 1:
        results = (_one(*call) for call in calls)
    else:
        results = in_workers(_one, calls, workers, ordered=False)
    frames = []
    bar = sys.stderr.isatty() and world.speaks
    for frame in tqdm(results, total=len(specs), desc=label, unit="run", disable=not bar):
        frames.append(frame)
        if world.speaks and not bar:
            print(f"{label}: {len(frames)} of {len(specs)} runs finished", flush=True)
    order = [*(points[0] if points else ()), "seed", "step"]
    return pd.concat(frames).sort_values(order, kind="stable").reset_index(drop=True)


def clear_checkpoints(specs: Sequence[RunSpec], checkpoints: Path | str) -> None:
    """Forget the checkpoints of runs whose results have been written."""
    from landscape.train.checkpoint import CheckpointStore

    for spec in specs:
        CheckpointStore(checkpoints, spec).clear()
