"""Networks that a simulation trains itself before it looks at them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from landscape import data
from landscape.analysis.mean_loss import Loss, cross_entropy
from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import mapping
from landscape.experiments.simulation import Outcome, csv_text
from landscape.files import unsealed
from landscape.train.checkpoint import CheckpointStore
from landscape.train.loop import fit
from landscape.train.spec import RunSpec
from landscape.train.weights import decoded, file_name
from landscape.train.workers import in_workers

_PART = {"type": "object", "description": "a mapping of settings"}
#: What a simulation's settings say of the training: as those of an experiment that trains.
TRAIN = mapping(
    {key: _PART for key in ("data", "model", "optimizer", "schedule", "run")},
    ("model", "optimizer", "run"),
)


@dataclass(frozen=True)
class Trained:
    """One trained network.

    Attributes:
        spec: Its run.
        model: At the end, in evaluation mode.
        row: The last row of its history.
        store: Its checkpoint, which has the optimizer's state and the weights at instants.
    """

    spec: RunSpec
    model: nn.Module
    row: pd.Series
    store: CheckpointStore

    def at(self, instant: float) -> nn.Module:
        """The network at one of the instants that were asked for.

        Raises:
            LandscapeError: It is not there, which the training has left.
        """
        path = self.store.folder / file_name(self.spec, instant)
        content = unsealed(path)
        if content is None:
            raise LandscapeError(f"{path} is not there: run the same command again.")
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / path.name
            plain.write_bytes(content)
            return decoded(plain)[0]

    def optimizer_state(self) -> list[dict[str, Any]]:
        """What the optimizer holds at the end, one mapping a parameter, in their order."""
        state = self.store.load()["optimizer"]["state"]
        return [state[number] for number in sorted(state)]

    @property
    def files(self) -> list[Path]:
        """What the run has left beside its checkpoint, to be deleted in the end."""
        return sorted(self.store.folder.glob("*"))


def of_seeds(
    one: Callable[[Mapping[str, Any], int, str], Mapping[str, Any]],
    names: Sequence[str],
    settings: Mapping[str, Any],
    checkpoints: Path | str,
    workers: int,
) -> Outcome:
    """What every seed of a simulation gives, a seed a worker.

    Args:
        one: Takes settings, seed and the checkpoints' folder; gives a table by name, and ``files``,
            what it has left to be deleted in the end.
        names: The tables.
        settings: With ``seed``, the first, and ``seeds``, how many.
        checkpoints: Where a killed run continues from.
        workers: Processes.
    """
    seeds = range(settings["seed"], settings["seed"] + settings["seeds"])
    calls = [(settings, seed, str(checkpoints)) for seed in seeds]
    found = list(in_workers(one, calls, min(workers, len(calls))))
    tables = {
        name: csv_text(pd.concat([each[name] for each in found], ignore_index=True), "%.6g")
        for name in names
    }
    return Outcome(tables, [path for each in found for path in each["files"]])


def train(
    settings: Mapping[str, Any], seed: int, checkpoints: Path | str, instants: Sequence[float] = ()
) -> Trained:
    """Train one network as ``settings["train"]`` says on the set ``settings["data"]``.

    Raises:
        LandscapeError: What ``fit`` and ``RunSpec`` raise.
    """
    given = dict(settings["train"])
    given["data"] = {**given.get("data", {}), "name": settings["data"]}
    spec = replace(
        RunSpec.from_settings("analysis", "network", seed, given), weights=tuple(instants)
    )
    history, model = fit(spec, checkpoints=checkpoints)
    return Trained(spec, model, history.frame().iloc[-1], CheckpointStore(checkpoints, spec))


def training_set(spec: RunSpec, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Loss]:
    """Inputs and targets that the run trains on, and the loss of each sample.

    Images [N, C, H, W] and labels [N]. Of a text whose mini-batch is all of it, a sample is one of
    its lines: tokens [lines, unroll], those that follow them, and the mean loss of a line's
    characters.
    """
    given = vars(spec.data)
    if not spec.sequential:
        options = {key: value for key, value in given.items() if key not in ("name", "unroll")}
        splits = data.prepare(spec.data.name, device=device, **options)
        return splits.train.x, splits.train.y, cross_entropy
    splits, _ = data.prepare_sequence(
        spec.data.name, device=device, train_samples=spec.data.train_samples,
        test_samples=spec.data.test_samples,
    )  # fmt: skip
    lines = spec.batch_size, spec.data.unroll
    return splits.train.x.view(lines), splits.train.y.view(lines), line_loss


def line_loss(outputs: tuple[Tensor, Any], targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of the characters of each line.

    Args:
        outputs: Logits [B, T, K] and a hidden state.
        targets: [B, T].

    Returns:
        [B].
    """
    return cross_entropy(outputs[0].flatten(0, 1), targets.flatten()).view(targets.shape).mean(1)
