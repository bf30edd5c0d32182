"""Thousands of small networks, each to its own horizon, resumable, with divergence as a result.

They are trained in chunks, at once in worker processes with one torch thread each; the networks of
a chunk share their arithmetic (``landscape.train.sweep_batch``) and leave it when they reach their
horizon or diverge. Every chunk keeps one file: the rows of those that have ended and the state of
the others. It is written whenever one ends and every few seconds, so that a killed sweep repeats no
configuration that had ended and gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from landscape import data, models
from landscape.files import require_writable, sealing, unsealed
from landscape.train import device as devices
from landscape.train.checkpoint import interval
from landscape.train.sweep_batch import Batch, network
from landscape.train.sweep_spec import Configuration, Shared, chunks, instants
from landscape.train.workers import in_workers, worker_count

#: Columns behind those of the point and the seed. Losses are without L2 and with the loss's scale,
#: errors in percent; ``least_test_error`` is the smallest at all looks so far, those between two
#: rows included, and ``norm2`` is ``|theta|^2``.
COLUMNS = ("step", "training_loss", "training_error", "test_loss", "test_error",
           "least_test_error", "norm2", "diverged")  # fmt: skip
_MEASURED = COLUMNS[1:-1]
_DIGITS = 5
_BATCHES = 8


def together(shared: Shared, count: int) -> int:
    """How many of ``count`` configurations to train in one batch: at most 32, 16 or 1.

    Measured by ``benchmarks/sweeps.py`` on one thread, milliseconds a step of one network::

        networks in the batch          1      4      8     16     32
        FC 3x512, 512 samples      18.54  20.64  21.43  22.10  23.16
        FC 3x256, 512 samples       6.85   7.52   7.71   7.89   8.24
        FC 3x64, 512 samples        1.83   1.55   1.46   1.43   1.45
        tiny-fc, 1,280 samples      0.87   0.64   0.51   0.47   0.48
        tiny-fc, 128 samples        0.50   0.27   0.15   0.10   0.07

    A batch saves the cost of calling operations, not arithmetic: it pays where weights x samples of
    a step are few, and loses on everything of the size of FC 3x256 and above, which goes to worker
    processes one by one. So do convolutions, which are slower under ``vmap``. A second process
    saves more than a batch, so that few configurations make smaller batches, at least eight.
    """
    made = models.build(shared.model, **shared.model_options)
    if any(isinstance(part, nn.modules.conv._ConvNd) for part in made.modules()):
        return 1
    samples = shared.batch_size or shared.data.train_samples or math.inf
    work = models.parameter_count(made) * samples
    most = 32 if work < 5e5 else 16 if work < 5e7 else 1
    return min(most, math.ceil(count / _BATCHES))


def check(configurations: Sequence[Configuration]) -> None:
    """Refuse networks that a sweep cannot train, before anything is trained.

    Raises:
        SpecificationError: One has dropout.
        ModelError: Unknown name or options.
    """
    for one in {repr(c.shared): c for c in configurations}.values():
        network(one.shared, one.seed)


def fit_sweep(
    configurations: Sequence[Configuration],
    *,
    checkpoints: Path | str | None = None,
    data_root: Path | str | None = None,
    workers: int | None = None,
    size: int | None = None,
    label: str = "",
) -> pd.DataFrame:
    """Train every configuration to its horizon and return all rows.

    A configuration whose loss is no longer finite ends there: its last row has ``diverged`` 1, the
    step that could not be taken, and no losses.

    Args:
        configurations: What is trained; all with points of the same names.
        checkpoints: Folder for resuming; ``None`` writes nothing.
        data_root: Where the data sets are.
        workers: Processes; by default one a core.
        size: Configurations in one batch; by default what ``together`` says.
        label: What the progress is called.

    Returns:
        The point's columns, ``seed`` and ``COLUMNS``, rounded to five digits, in the order of the
        configurations and of their steps; the same with any number of workers.

    Raises:
        SpecificationError: A batch is larger than the training set, or the network has dropout.
        DataError: The data set is not there.
        LandscapeError: The folder of the checkpoints cannot be written.
    """
    folder = None if checkpoints is None else _folder(configurations, checkpoints)
    if folder is not None:
        require_writable(folder)
    calls = []
    for chunk in chunks(configurations, together if size is None else lambda *of: size):
        path = None if folder is None else folder / f"{len(chunk)}-from-{chunk[0]}.pt"
        calls.append(([configurations[i] for i in chunk], chunk, path, data_root))
    found: list[dict[str, Any]] = []
    bar = sys.stderr.isatty()
    progress = tqdm(total=len(configurations), desc=label, unit="run", disable=not bar)
    done = 0
    for rows, count in in_workers(
        fit_chunk, calls, min(worker_count(workers), len(calls)), ordered=False
    ):
        found += rows
        done += count
        progress.update(count)
        if not bar:
            print(f"{label}: {done} of {len(configurations)} runs finished", flush=True)
    progress.close()
    return _frame(configurations, found)


def fit_chunk(
    configurations: Sequence[Configuration],
    numbers: Sequence[int],
    path: Path | None = None,
    data_root: Path | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> tuple[list[dict[str, Any]], int]:
    """Train configurations in one batch; from where ``path`` says, if it is there.

    Returns:
        The rows, each with the ``number`` of its configuration, and how many configurations ended.
    """
    device = devices.pick()
    if device.type == "cpu":
        torch.set_num_threads(1)
    work = _Chunk(configurations, numbers, device, data_root, dtype)
    if path is not None and (content := unsealed(path)) is not None:
        work.restore(torch.load(io.BytesIO(content), weights_only=True, map_location="cpu"))
    pause, last = interval(), time.monotonic()
    while work.going:
        ended = work.advance()
        if path is not None and (ended or time.monotonic() - last > pause):
            with sealing(path) as temporary:
                torch.save(work.state(), temporary)
            last = time.monotonic()
    return work.rows, len(configurations)


def forget(configurations: Sequence[Configuration], checkpoints: Path | str) -> None:
    """Delete the checkpoints of a sweep whose result has been written."""
    shutil.rmtree(_folder(configurations, checkpoints), ignore_errors=True)


class _Chunk:
    """Configurations of one batch on their way; ``going`` are the positions of those not ended."""

    def __init__(
        self,
        configurations: Sequence[Configuration],
        numbers: Sequence[int],
        device: torch.device,
        data_root: Path | str | None,
        dtype: torch.dtype,
    ) -> None:
        self.all, self.numbers, shared = configurations, numbers, configurations[0].shared
        settings = vars(shared.data).copy()
        del settings["unroll"]
        splits = data.prepare(settings.pop("name"), device=device, root=data_root, **settings)
        self.batch = Batch(configurations, splits, device, dtype)
        part = slice(shared.evaluation_samples)
        self.training = splits.train.x[part], splits.train.y[part]
        self.test = splits.test.x, splits.test.y
        self.instants = [
            instants(one.steps, shared.rows_per_decade, shared.looks) for one in configurations
        ]
        self.going = list(range(len(configurations)))
        self.least = [math.inf] * len(configurations)
        self.step = 0
        self.rows: list[dict[str, Any]] = []

    def advance(self) -> bool:
        """Take one step and look if a look is due; whether a configuration ended."""
        if self.step == 0 and (unfit := self._look()):
            self._drop(unfit)
            return True
        losses, gradients = self.batch.gradients(self.step)
        lost = (~losses.isfinite()).tolist()
        self.batch.update(gradients)
        self.step += 1
        ended = {at for at, bad in zip(self.going, lost, strict=True) if bad}
        for at in ended:
            self._diverged(at)
        ended |= self._look(ended)
        self._drop(ended)
        return bool(ended)

    def _look(self, lost: set[int] = frozenset()) -> set[int]:
        """Measure those for whom a look is due; the positions of those that end with it."""
        due = [at for at in self.going if at not in lost and self.step in self.instants[at]]
        if not due:
            return set()
        place = {at: i for i, at in enumerate(self.going)}
        test_loss, test_error = (v.tolist() for v in self.batch.measure(*self.test))
        becomes_row = [at for at in due if self.instants[at][self.step]]
        if becomes_row:
            loss, error = (v.tolist() for v in self.batch.measure(*self.training))
            norms = self.batch.norms().tolist()
        ended = set()
        for at in due:
            i = place[at]
            row = at in becomes_row
            if not math.isfinite(test_loss[i] + (loss[i] + norms[i] if row else 0.0)):
                self._diverged(at)
                ended.add(at)
                continue
            self.least[at] = min(self.least[at], test_error[i])
            if row:
                self._append(at, 0, loss[i], error[i], test_loss[i], test_error[i], self.least[at],
                             norms[i])  # fmt: skip
            if self.step == self.all[at].steps:
                ended.add(at)
        return ended

    def _diverged(self, at: int) -> None:
        self._append(at, 1, *[math.nan] * len(_MEASURED))

    def _append(self, at: int, diverged: int, *measured: float) -> None:
        values = {k: _rounded(v) for k, v in zip(_MEASURED, measured, strict=True)}
        self.rows.append(
            {"number": self.numbers[at], "step": self.step, **values, "diverged": diverged}
        )

    def _drop(self, ended: set[int]) -> None:
        if ended:
            kept = [i for i, at in enumerate(self.going) if at not in ended]
            self.going = [self.going[i] for i in kept]
            if kept:
                self.batch.keep(kept)

    def state(self) -> dict[str, Any]:
        """Everything that changes while it goes on."""
        return {"step": self.step, "going": self.going, "least": self.least, "rows": self.rows,
                "batch": self.batch.state() if self.going else None}  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self.step, self.least, self.rows = state["step"], state["least"], state["rows"]
        self.going = state["going"]
        if self.going:
            self.batch.keep(self.going)
            self.batch.restore(state["batch"])


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _frame(configurations: Sequence[Configuration], rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).sort_values(["number", "step"], kind="stable")
    columns = dict(configurations[0].point)
    for name in columns:
        frame[name] = [dict(configurations[i].point)[name] for i in frame["number"]]
    frame["seed"] = [configurations[i].seed for i in frame["number"]]
    return frame[[*columns, "seed", *COLUMNS]].reset_index(drop=True)


def _folder(configurations: Sequence[Configuration], checkpoints: Path | str) -> Path:
    """Where a sweep keeps its chunks: its settings and the code that it runs through decide."""
    digest = hashlib.sha256(torch.__version__.encode())
    here = Path(__file__).parent
    packages = (Path(data.__file__).parent, Path(models.__file__).parent)
    for file in sorted({*here.glob("*.py"), *(f for p in packages for f in p.glob("*.py"))}):
        digest.update(file.name.encode() + file.read_bytes())
    identity = [one.as_dict() for one in configurations]
    digest.update(json.dumps(identity, sort_keys=True, default=str).encode())
    return Path(checkpoints) / digest.hexdigest()[:24]
