"""What averages of SGD's weights give, read off one path: the control of Entropy-SGD's gain.

Every case trains a network with as many mini-batch gradients as every other, from the same weights
on the same mini-batches. Along the paths of SGD averages of the weights are kept, which do not
change the path, so that an average and the weights that it belongs to differ in nothing else.

One table: method (the case), rate (the optimizer's ``lr``), seed, step (gradients so far),
effective epoch, answer, diverged, and losses and errors of the answer. Answers: ``last`` (the
optimizer's own), ``ema-<decay>`` (exponential average of the weights) and ``swa`` (their plain
average once an epoch from a part of the run on). On the way to the end only the last weights and
the average with the middle decay are measured: what the page draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import (
    NAMED,
    PART,
    POSITIVE,
    TEXT,
    TRUTH,
    list_of,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome
from landscape.experiments.trained import of_seeds
from landscape.optim.batch_norm import batch_norm_layers, estimated_batch_norm
from landscape.train import device as devices
from landscape.train import distributed
from landscape.train.evaluate import loss_and_error
from landscape.train.run import Run
from landscape.train.spec import DataSpec, RunSpec, ScheduleSpec

EXPERIMENT = "is-it-the-averaging"
_METHOD = {
    "optimizer": NAMED,
    "rates": list_of(POSITIVE, "a list of learning rates"),
    "falls": TRUTH,
    "averages": TRUTH,
}
_SETTINGS = {
    "data": TEXT,
    "scaling": TEXT,
    "train_samples": whole(),
    "validation_part": PART,
    "model": NAMED,
    "batch_size": whole(),
    "gradients": whole(),
    "evaluations": whole(),
    "evaluation_samples": whole(2),
    "fall_at": PART,
    "fall_by": POSITIVE,
    "decays": list_of(PART, "a list of numbers between 0 and 1"),
    "swa_from": PART,
    "seeds": whole(),
    "seed": whole(0),
    "methods": {"type": "object", "additionalProperties": mapping(_METHOD, tuple(_METHOD))},
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
COLUMNS = (
    "method", "rate", "seed", "step", "effective_epoch", "answer", "learning_rate", "diverged",
    "training_loss", "training_error", "validation_loss", "validation_error", "test_loss",
    "test_error",
)  # fmt: skip


class Averages:
    """Averages of a network's weights while it is trained, by torch's own ``AveragedModel``.

    Args:
        model: The network; copies of it hold the averages.
        decays: Of the exponential averages ``a <- decay a + (1 - decay) w`` after every step; an
            average begins as the weights after the first step.
        start: Step from which on the plain average counts the weights.
        every: Steps from one weight that it counts to the next.

    Source: Izmailov et al. (2018) for the plain average once an epoch.
    """

    def __init__(self, model: nn.Module, decays: tuple[float, ...], start: int, every: int) -> None:
        self.start, self.every, self.model = start, every, model
        self.exponential = {
            f"ema-{decay:g}": AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
            for decay in decays
        }
        self.plain = AveragedModel(model)
        # Finding the weights of four networks anew at each step took longer than averaging them.
        self._weights = [p.detach() for p in model.parameters()]
        self._averaged = {
            name: [p.detach() for p in average.module.parameters()]
            for name, average in self.exponential.items()
        }
        self._buffers = bool(list(model.buffers()))

    @property
    def middle(self) -> str:
        """The name of the average with the middle decay."""
        names = sorted(self.exponential, key=lambda name: float(name.removeprefix("ema-")))
        return names[len(names) // 2]

    def update(self, step: int) -> None:
        """Count the weights after so many steps."""
        for name, average in self.exponential.items():
            if self._buffers or average.n_averaged == 0:  # it copies them
                average.update_parameters(self.model)
            else:
                average.multi_avg_fn(self._averaged[name], self._weights, average.n_averaged)
                average.n_averaged += 1
        if step >= self.start and (step - self.start) % self.every == 0:
            self.plain.update_parameters(self.model)

    def networks(self, every: bool = True) -> Iterator[tuple[str, nn.Module]]:
        """Names of the averages that have counted something, and networks that hold them.

        Without ``every`` that with the middle decay alone.
        """
        for name, average in (*self.exponential.items(), ("swa", self.plain)):
            if average.n_averaged > 0 and (every or name == self.middle):
                yield name, average.module


def specification(settings: Mapping[str, Any], case: str, rate: float, seed: int) -> RunSpec:
    """The run of a case: as many gradients as the settings say, whatever the method."""
    method = settings["methods"][case]
    options = {k: v for k, v in method["optimizer"].items() if k != "name"} | {"lr": rate}
    model = {k: v for k, v in settings["model"].items() if k != "name"}
    length = options.get("L", 1)
    if settings["gradients"] % length:
        raise LandscapeError(
            f"{EXPERIMENT}: {settings['gradients']} gradients are no whole number of updates of "
            f"{case}, which takes {length} for each; make them a multiple."
        )
    per_epoch = settings["train_samples"] // settings["batch_size"]
    if not per_epoch:
        raise LandscapeError(
            f"{EXPERIMENT}: batch_size {settings['batch_size']} is larger than train_samples "
            f"{settings['train_samples']}; lower it."
        )
    schedule = ScheduleSpec()
    if method["falls"]:
        schedule = ScheduleSpec((), settings["fall_by"], (settings["fall_at"],))
    return RunSpec(
        EXPERIMENT, case, seed,
        model=settings["model"]["name"], model_options=model,
        optimizer=method["optimizer"]["name"], optimizer_options=options,
        data=DataSpec(settings["data"], settings["scaling"], settings["validation_part"],
                      settings["train_samples"]),
        schedule=schedule, batch_size=settings["batch_size"],
        epochs=settings["gradients"] / length / per_epoch,
        evaluation_samples=settings["evaluation_samples"],
    )  # fmt: skip


def path(settings: Mapping[str, Any], case: str, rate: float, seed: int) -> pd.DataFrame:
    """Train one network and return the rows of all its answers."""
    device = devices.pick()
    if device.type == "cpu":
        torch.set_num_threads(1)  # paths are the unit of parallel work
    spec = specification(settings, case, rate, seed)
    run = Run(spec, device, None, distributed.World())
    total = settings["gradients"]
    if run.total_steps != total:
        raise LandscapeError(
            f"{EXPERIMENT}: {case} would take {run.total_steps} gradients instead of {total}; set "
            "train_samples to the number of training samples that there are."
        )
    averages = None
    if settings["methods"][case]["averages"]:
        averages = Averages(run.model, tuple(settings["decays"]),
                            round(settings["swa_from"] * total), run.steps_per_epoch)  # fmt: skip
    due = {round(total * (i + 1) / settings["evaluations"]) for i in range(settings["evaluations"])}
    rows: list[dict[str, Any]] = []
    run.optimizer.prepare()
    while run.step < total and not run.diverged:
        loss = run.gradients()
        if run.lost(loss, run.step + 1 in due)[0]:
            run.diverged = True
        else:
            run.optimizer.observe(loss)
            run.optimizer.step()
            run.scheduler.step()
        run.step += 1
        if averages is not None and not run.diverged:
            averages.update(run.step)
        if run.diverged or run.step in due:
            every = run.diverged or run.step == total
            rows += [_row(run, case, rate, name, found)
                     for name, found in _answers(run, averages, every)]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _answers(
    run: Run, averages: Averages | None, every: bool
) -> Iterator[tuple[str, dict[str, float]]]:
    """The answers' names with losses and errors; none of these once the run has diverged."""
    others = [] if averages is None else list(averages.networks(every))
    if run.diverged:
        yield from ((name, {}) for name in ("last", *(name for name, _ in others)))
        return
    with run.answer():
        yield "last", _measured(run, run.model)
    batches = run.splits.train.x[: run.spec.evaluation_samples].split(run.spec.batch_size)
    for name, network in others:
        estimate = bool(batch_norm_layers(network))
        with estimated_batch_norm(network, batches) if estimate else nullcontext():
            yield name, _measured(run, network)


def _measured(run: Run, network: nn.Module) -> dict[str, float]:
    some, parts = run.spec.evaluation_samples, run.splits
    found = {}
    for name, x, y in (
        ("training", parts.train.x[:some], parts.train.y[:some]),
        ("validation", parts.validation.x, parts.validation.y),
        ("test", parts.test.x, parts.test.y),
    ):
        loss, error = loss_and_error(network, x, y, run.convolutional)
        found |= {f"{name}_loss": loss, f"{name}_error": error}
    return found


def _row(run: Run, case: str, rate: float, answer: str, found: dict[str, float]) -> dict[str, Any]:
    return {
        "method": case, "rate": rate, "seed": run.spec.seed, "step": run.step,
        "effective_epoch": run.step / run.steps_per_epoch, "answer": answer,
        "learning_rate": run.optimizer.param_groups[0]["lr"], "diverged": int(run.diverged),
        **found,
    }  # fmt: skip


def _of_seed(
    settings: Mapping[str, Any], seed: int, checkpoints: str, *, case: str
) -> dict[str, Any]:
    """All rates of one case with one seed."""
    rates = settings["methods"][case]["rates"]
    rows = pd.concat([path(settings, case, rate, seed) for rate in rates])
    return {"results": rows, "files": []}


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """All rates and seeds of one case, a seed a worker.

    Args:
        settings: As SETTINGS says.
        case: One of its methods.
        checkpoints: Not used: a path takes seconds at small scale.
        workers: Seeds that are trained at the same time.

    Raises:
        LandscapeError: A number of gradients or samples that does not fit a method.
    """
    return of_seeds(partial(_of_seed, case=case), ("results",), settings, checkpoints, workers)
