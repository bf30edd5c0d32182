"""The training loop: one function, every method, the same bytes after an interruption."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from landscape import data, models, optim
from landscape.train import device as devices
from landscape.train.checkpoint import CheckpointStore, interval
from landscape.train.evaluate import (
    batch_norm_layers,
    estimated_batch_norm,
    gradient_extremes,
    loss_and_error,
)
from landscape.train.history import History
from landscape.train.spec import RunSpec, SpecificationError

#: Offsets that keep the random streams of one seed apart.
_ORDER_STREAM, _NOISE_STREAM = 1_000_003, 2_000_003


class _Run:
    """Everything that changes while a run goes on, so that it can be saved and restored."""

    def __init__(self, spec: RunSpec, device: torch.device, data_root: Path | str | None) -> None:
        self.spec, self.device = spec, device
        splits = data.prepare(
            spec.data.name,
            scaling=spec.data.scaling,
            holdout=spec.data.holdout,
            train_samples=spec.data.train_samples,
            split_seed=spec.data.split_seed,
            device=device,
            root=data_root,
        )
        self.splits = splits
        torch.manual_seed(spec.seed)
        self.model = models.build(spec.model, **spec.model_options).to(device)
        self.convolutional = any(isinstance(m, nn.Conv2d) for m in self.model.modules())
        if device.type == "cuda" and self.convolutional:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.optimizer = optim.build(
            spec.optimizer,
            self.model.parameters(),
            generator=torch.Generator(device).manual_seed(spec.seed + _NOISE_STREAM),
            **spec.optimizer_options,
        )
        self.order = torch.Generator().manual_seed(spec.seed + _ORDER_STREAM)
        self.permutation = torch.empty(0, dtype=torch.int64)
        self.step = 0
        self.history = History()

        self.steps_per_epoch = len(splits.train.y) // spec.batch_size
        if self.steps_per_epoch == 0:
            raise SpecificationError(
                f"{spec.experiment}: batch_size {spec.batch_size} is larger than the "
                f"{len(splits.train.y)} training samples; lower it or raise train_samples."
            )
        self.gradients_per_update = self.optimizer.gradients_per_update
        updates = max(1, round(spec.epochs * self.steps_per_epoch))
        self.total_steps = updates * self.gradients_per_update
        drops = [
            round(epoch * self.steps_per_epoch) * self.gradients_per_update
            for epoch in spec.schedule.drop_at
        ]
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(
            self.optimizer, milestones=drops, gamma=1.0 / spec.schedule.factor
        )

    def evaluation_steps(self) -> set[int]:
        """Steps after which a row is written; always the first (0) and the last."""
        count = max(
            1,
            round(
                self.total_steps / self.steps_per_epoch * self.spec.evaluations_per_epoch
            ),
        )
        return {round(i * self.total_steps / count) for i in range(count + 1)}

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Next mini-batch; an epoch is a permutation without its incomplete last batch."""
        position = self.step % self.steps_per_epoch
        if position == 0:
            self.permutation = torch.randperm(len(self.splits.train.y), generator=self.order)
        chosen = self.permutation[position * self.spec.batch_size :][: self.spec.batch_size]
        chosen = chosen.to(self.device)
        return self.splits.train.x[chosen], self.splits.train.y[chosen]

    def state(self) -> dict:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "order": self.order.get_state(),
            "permutation": self.permutation,
            "step": self.step,
            "rows": self.history.rows,
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.order.set_state(state["order"])
        self.permutation = state["permutation"]
        self.step = state["step"]
        self.history.rows = state["rows"]
        torch.set_rng_state(state["random"])
        if "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)

    def evaluate(self, gradients: dict[str, float], diverged: bool) -> None:
        """Append a row for the optimizer's current answer."""
        spec, splits = self.spec, self.splits
        row = {
            "seed": spec.seed,
            "step": self.step,
            "effective_epoch": self.step / self.steps_per_epoch,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "diverged": int(diverged),
            **gradients,
        }
        if not diverged:
            x, y = splits.train.x[: spec.evaluation_samples], splits.train.y[
                : spec.evaluation_samples
            ]
            averaged = self.gradients_per_update > 1 and bool(batch_norm_layers(self.model))
            statistics = (
                estimated_batch_norm(self.model, x, spec.batch_size)
                if averaged and self.step
                else contextlib.nullcontext()
            )
            with self.optimizer.solution(), statistics:
                parts = {"training": (x, y), "test": (splits.test.x, splits.test.y)}
                if splits.validation is not None:
                    parts["validation"] = (splits.validation.x, splits.validation.y)
                for name, (xs, ys) in parts.items():
                    loss, error = loss_and_error(self.model, xs, ys, self.convolutional)
                    row[f"{name}_loss"], row[f"{name}_error"] = loss, error
        self.history.append(**row)


def fit(
    spec: RunSpec,
    *,
    checkpoints: Path | str | None = None,
    device: torch.device | None = None,
    data_root: Path | str | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[History, nn.Module]:
    """Train one network as ``spec`` says and return its history and the network at its answer.

    Parameters
    ----------
    checkpoints:
        Folder for resuming; ``None`` writes nothing. A run that was killed continues from its last
        checkpoint and, on the CPU, ends with the same bytes as an undisturbed one.
    progress:
        Called now and then with the finished fraction in [0, 1].

    A loss that is no longer finite ends the run: its last row has ``diverged`` 1 and no losses.

    Raises
    ------
    SpecificationError
        When the specification does not fit the data (batch larger than the training set).
    landscape.data.DataError
        When the data set is not there.
    """
    device = device or devices.pick()
    run = _Run(spec, device, data_root)
    store = CheckpointStore(checkpoints, spec) if checkpoints is not None else None
    if store is not None and (state := store.load()) is not None:
        run.restore(state)
    evaluations = run.evaluation_steps()
    if run.step == 0 and not run.history.rows:
        run.evaluate({}, diverged=False)
    last_save = time.monotonic()
    finished = bool(run.history.rows and run.history.rows[-1]["diverged"])
    while run.step < run.total_steps and not finished:
        x, y = run.batch()
        run.model.train()
        run.optimizer.zero_grad(set_to_none=True)
        with devices.autocast(device, run.convolutional):
            loss = nn.functional.cross_entropy(run.model(x).float(), y)
        loss.backward()
        evaluating = run.step + 1 in evaluations
        # On a GPU reading the loss waits for the device, so it is read when a row is due anyway.
        if (device.type == "cpu" or evaluating) and not math.isfinite(loss.item()):
            run.step += 1
            run.evaluate({}, diverged=True)
            break
        gradients = {}
        if evaluating:
            gradients = gradient_extremes(run.model, run.optimizer.perturbation())
        run.optimizer.step()
        run.scheduler.step()
        run.step += 1
        if evaluating:
            run.evaluate(gradients, diverged=False)
            if progress is not None:
                progress(run.step / run.total_steps)
        if store is not None and time.monotonic() - last_save > interval():
            store.save(run.state())
            last_save = time.monotonic()
    if store is not None:
        store.save(run.state())
    with run.optimizer.solution():
        answer = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.model.load_state_dict(answer)
    return run.history, run.model
