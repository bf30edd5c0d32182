"""ResNet-50 on ImageNet over learning rates, L2 coefficients and lengths of training.

Every combination of a case's ``lr``, ``l2`` and ``epochs`` is trained from the same weights on the
same images: SGD with Nesterov's momentum on ``cross-entropy + l2 / 2 |theta|^2``, where theta
leaves out the gains and shifts of batch norm. Images come from their files
(``data.imagenet_batches``), so that this is no run of ``landscape.train.fit``, whose data lie in
memory.

The learning rate is that of https://github.com/tensorflow/tpu (models/official/resnet), which
Lewkowycz & Gur-Ari (2020), supplement A, name: ``lr`` times the samples of a step over
``rate_per``, warming up linearly and divided by ``factor`` at each of ``drops``. ``warmup`` and
``drops`` are epochs of a run of ``of`` epochs and move with the length of the run (figure S8).

One table: lr, l2, epochs (the length), seed, step, epoch, learning_rate, training_loss (mean since
the row before), test_loss, test_error (percent), diverged.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from landscape import models
from landscape.data.imagenet_batches import DEVIATION, MEAN, TRAINING, VALIDATION, ImageNet
from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import (
    POSITIVE,
    TEXT,
    list_of,
    mapping,
    optional,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.files import require_writable, sealing, unsealed
from landscape.train import device as devices
from landscape.train.checkpoint import interval

_NUMBERS = list_of(POSITIVE, "a list of positive numbers")
_CASE = {"lr": _NUMBERS, "l2": _NUMBERS, "epochs": _NUMBERS}
_SCHEDULE = {"rate_per": POSITIVE, "warmup": POSITIVE, "drops": _NUMBERS, "of": POSITIVE,
             "factor": POSITIVE}  # fmt: skip
_SETTINGS = {
    "data": TEXT,
    "size": whole(32),
    "model": {"type": "object", "properties": {"name": TEXT}, "required": ["name"]},
    "batch_size": whole(),
    "together": whole(2),
    "momentum": POSITIVE | {"exclusiveMaximum": 1, "description": "a number between 0 and 1"},
    "schedule": mapping(_SCHEDULE, tuple(_SCHEDULE)),
    "evaluations": whole(),
    "per_class": optional(whole()),
    "seeds": whole(),
    "seed": whole(0),
    "runs": {"type": "object", "additionalProperties": mapping(_CASE, tuple(_CASE))},
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
COLUMNS = ("lr", "l2", "epochs", "seed", "step", "epoch", "learning_rate", "training_loss",
           "test_loss", "test_error", "diverged")  # fmt: skip
_WARM_UP, _ON_A_CPU, _EVALUATED = 1, 4, 1000


class Cell(NamedTuple):
    """One network: learning rate, coefficient, length in epochs and seed."""

    lr: float
    l2: float
    epochs: float
    seed: int


def cells(settings: Mapping[str, Any], case: str) -> list[Cell]:
    """All networks of a case, the shortest first.

    Raises:
        LandscapeError: The settings have no such case.
    """
    if case not in settings["runs"]:
        raise LandscapeError(f"runs has no {case}; it has {', '.join(settings['runs'])}.")
    of = settings["runs"][case]
    seeds = range(settings["seed"], settings["seed"] + settings["seeds"])
    return [Cell(lr, l2, epochs, seed) for epochs, lr, l2, seed in
            itertools.product(sorted(of["epochs"]), of["lr"], of["l2"], seeds)]  # fmt: skip


def steps(epochs: float, batch: int, images: int = TRAINING) -> int:
    """Steps of so many epochs, the last one begun: 14,232 for 91 epochs at batch 8,192."""
    return max(1, math.ceil(epochs * images / batch))


def learning_rate(part: float, lr: float, batch: int, schedule: Mapping[str, Any]) -> float:
    """The rate after a part of the run, from 0 (its start) to 1 (its end).

    Args:
        part: Of the run.
        lr: For ``rate_per`` samples a step.
        batch: Samples of a step.
        schedule: ``rate_per``, ``warmup``, ``drops``, ``of``, ``factor``.
    """
    full, epoch = lr * batch / schedule["rate_per"], part * schedule["of"]
    if epoch < schedule["warmup"]:
        return full * epoch / schedule["warmup"]
    return full / schedule["factor"] ** sum(epoch >= drop for drop in schedule["drops"])


def simulate(
    settings: Mapping[str, Any],
    case: str,
    *,
    checkpoints: Path | str | None = None,
    workers: int | None = None,
) -> Outcome:
    """Train all networks of a case one after the other; each continues where it was interrupted.

    Args:
        settings: As ``SETTINGS`` says.
        case: One of ``runs``.
        checkpoints: Folder for resuming.
        workers: Threads that decode images; by default one a core.

    Raises:
        DataError: ImageNet is not there.
        LandscapeError: A step takes more images than there are.
    """
    device = devices.pick()
    train = ImageNet("train", settings["size"], settings["per_class"])
    test = ImageNet("val", settings["size"], settings["per_class"])
    classes = settings["model"].get("classes", models.options(settings["model"]["name"])["classes"])
    if len(train.classes) > classes or train.classes != test.classes:
        raise LandscapeError(
            f"imagenet/train has {len(train.classes)} classes and imagenet/val {len(test.classes)},"
            f" for a network with {classes}: they must be the same ones, and no more."
        )
    paths, rows = [], []
    for one in cells(settings, case):
        path = None if checkpoints is None else _path(Path(checkpoints), settings, one, train)
        paths += [] if path is None else [path]
        rows += _Network(settings, one, train, device).trained(test, path, workers)
    return Outcome({"results": csv_text(pd.DataFrame(rows, columns=COLUMNS))}, tuple(paths))


def _path(folder: Path, settings: Mapping[str, Any], one: Cell, train: ImageNet) -> Path:
    shared = {key: value for key, value in settings.items() if key not in ("runs", "seeds", "seed")}
    code = Path(__file__).read_bytes() + Path(models.source_file(settings["model"]["name"])
                                              ).read_bytes()  # fmt: skip
    text = json.dumps([shared, one, len(train), torch.__version__], sort_keys=True, default=str)
    name = hashlib.sha256(code + text.encode()).hexdigest()[:24]
    require_writable(folder)
    (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / name / "state.pt"


class _Network:
    """A network on its way."""

    def __init__(
        self, settings: Mapping[str, Any], one: Cell, train: ImageNet, device: torch.device
    ) -> None:
        self.settings, self.one, self.images, self.device = settings, one, train, device
        torch.manual_seed(one.seed)
        options = {key: value for key, value in settings["model"].items() if key != "name"}
        made = models.build(settings["model"]["name"], **options)
        self.model = made.to(device, memory_format=torch.channels_last)
        layers = [m for m in self.model.modules()
                  if isinstance(m, nn.modules.batchnorm._BatchNorm)]  # fmt: skip
        norms = {id(p) for layer in layers for p in layer.parameters()}
        groups = [[p for p in self.model.parameters() if (id(p) in norms) == kept]
                  for kept in (False, True)]  # fmt: skip
        self.optimizer = torch.optim.SGD(
            [{"params": groups[0], "weight_decay": one.l2},
             {"params": groups[1], "weight_decay": 0.0}],
            lr=1.0, momentum=settings["momentum"], nesterov=True,
        )  # fmt: skip
        self.batch = settings["batch_size"]
        self.total = 0 if train is None else steps(one.epochs, self.batch, len(train))
        self.step, self.since, self.rows = 0, [], []

    def trained(self, test: ImageNet, path: Path | None, threads: int | None) -> list[tuple]:
        """Train it to its end, from its checkpoint if there is one, and give its rows."""
        if path is not None and (content := unsealed(path)) is not None:
            self._restore(torch.load(io.BytesIO(content), weights_only=True, map_location="cpu"))
        due = {round(self.total * (i + 1) / self.settings["evaluations"])
               for i in range(self.settings["evaluations"])} | {self.total}  # fmt: skip
        pause, last = interval(), time.monotonic()
        batches = self.images.training(self.batch, self.one.seed, self.step, threads)
        lost = bool(self.rows) and bool(self.rows[-1][-1])
        while self.step < self.total and not lost:
            loss = self.advance(*next(batches))
            self.since.append(loss)
            lost = not math.isfinite(loss)
            if lost or self.step in due:
                self.rows.append(self._row(test, threads, lost))
                self.since = []
            if path is not None and (lost or self.step == self.total
                                     or time.monotonic() - last > pause):  # fmt: skip
                with sealing(path) as temporary:
                    torch.save(self._state(), temporary)
                last = time.monotonic()
        batches.close()
        return self.rows

    def advance(self, images: np.ndarray, labels: np.ndarray) -> float:
        """One step; batch norm sees ``together`` images at once, as each device does there."""
        rate = learning_rate(self.step / self.total, self.one.lr, self.batch,
                             self.settings["schedule"])  # fmt: skip
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for x, y in self._parts(images, labels):
            with devices.autocast(self.device, True):
                logits = self.model(x)
            loss = nn.functional.cross_entropy(logits.float(), y, reduction="sum") / len(labels)
            loss.backward()
            total += loss.detach()
        self.optimizer.step()
        self.step += 1
        return float(total)

    @torch.no_grad()
    def measure(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
        """Summed loss and number of wrong answers, with running statistics."""
        self.model.eval()
        loss, wrong = 0.0, 0
        for x, y in self._parts(images, labels):
            with devices.autocast(self.device, True):
                logits = self.model(x).float()
            loss += float(nn.functional.cross_entropy(logits, y, reduction="sum"))
            wrong += int((logits.argmax(1) != y).sum())
        return loss, wrong

    def _parts(self, images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[Tensor, Tensor]]:
        count = -(-len(labels) // self.settings["together"])
        mean, deviation = (torch.tensor(values, device=self.device).view(1, 3, 1, 1) * 255
                           for values in (MEAN, DEVIATION))  # fmt: skip
        for x, y in zip(np.array_split(images, count), np.array_split(labels, count), strict=True):
            pixels = torch.from_numpy(x).to(self.device).permute(0, 3, 1, 2).float()
            scaled = ((pixels - mean) / deviation).contiguous(memory_format=torch.channels_last)
            yield scaled, torch.from_numpy(y).to(self.device)

    def _row(self, test: ImageNet, threads: int | None, lost: bool) -> tuple:
        known = (*self.one, self.step, self.step * self.batch / len(self.images))
        rate = self.optimizer.param_groups[0]["lr"]
        if lost:
            return (*known, rate, math.nan, math.nan, math.nan, 1)
        loss = wrong = 0.0
        for images, labels in test.evaluation(self.settings["together"], threads):
            found = self.measure(images, labels)
            loss, wrong = loss + found[0], wrong + found[1]
        measured = (statistics.fmean(self.since), loss / len(test), 100 * wrong / len(test))
        return (*known, rate, *(float(f"{value:.6g}") for value in measured), 0)

    def _state(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                "step": self.step, "since": self.since, "rows": self.rows}  # fmt: skip

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.since, self.rows = state["step"], state["since"], state["rows"]


def costs(
    settings: Mapping[str, Any], case: str, device: torch.device, repeats: int
) -> dict[str, Any]:
    """What a case costs, from a few steps on random images; reading and decoding are left out.

    On a CPU a step of few images is timed and stands for as many as there are in a step.

    Args:
        settings: As ``SETTINGS`` says.
        case: One of ``runs``.
        device: Where.
        repeats: Timed steps.

    Returns:
        A row as ``benchmarks/paper_scale.py`` describes it, without its names; ``steps`` and
        ``hours`` are means over the networks.
    """
    every = cells(settings, case)
    few = min(settings["together"], settings["batch_size"], _ON_A_CPU)
    count = few if device.type == "cpu" else settings["batch_size"]
    network = _Network(settings, every[0], None, device)
    network.total = 1
    draws = np.random.RandomState(0)
    shape = (settings["size"], settings["size"], 3)
    images = draws.randint(256, size=(count, *shape), dtype=np.uint8)
    labels = draws.randint(2, size=count)
    clock = time.thread_time if device.type == "cpu" else time.perf_counter
    seconds = []
    for number in range(_WARM_UP + repeats):
        start = clock()
        network.advance(images, labels)  # reads the loss, so that the device has finished
        network.step = 0
        if number >= _WARM_UP:
            seconds.append((clock() - start) * settings["batch_size"] / count)
    start = clock()
    network.measure(images, labels)
    thousand = (clock() - start) * _EVALUATED / count
    few = settings["per_class"]
    train, test = TRAINING, VALIDATION
    if few is not None:
        train = test = few * settings["model"].get("classes", 1000)
    mean = statistics.fmean(steps(one.epochs, settings["batch_size"], train) for one in every)
    step = statistics.median(seconds)
    quartiles = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
    evaluated = settings["evaluations"] * test / _EVALUATED * thousand
    return {
        "runs": len(every), "steps": round(mean), "rows": settings["evaluations"],
        "evaluated": test, "step_seconds": step,
        "step_quartiles": [quartiles[0], quartiles[2]],
        "evaluation_seconds": thousand, "hours": (mean * step + evaluated) / 3600,
    }  # fmt: skip
