"""One run while it goes on: its networks, its optimizer and its rows, to be saved and restored."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from landscape import data, optim
from landscape.optim.batch_norm import batch_norm_layers, estimated_batch_norm
from landscape.train import device as devices
from landscape.train import distributed
from landscape.train.evaluate import loss_and_error, sequence_loss_and_error
from landscape.train.history import History
from landscape.train.objective import add_l2, batch_loss, clip
from landscape.train.spec import RunSpec, SpecificationError, only_known
from landscape.train.split import replica_subsets
from landscape.train.steps import StepTable
from landscape.train.streams import NOISE_STREAM, Replica

#: Replicas compare notes (is a loss lost, is a checkpoint due) after so many steps, and wherever a
#: row is due. The number is fixed so that every process does it at the same steps.
_ROUND = 25


class Run:
    """Everything that changes while a run goes on.

    Under ``torchrun`` it holds one replica, otherwise all of them. Raises what ``fit`` raises.
    """

    def __init__(
        self,
        spec: RunSpec,
        device: torch.device,
        data_root: Path | str | None,
        world: distributed.World,
    ) -> None:
        self.spec, self.device, self.world = spec, device, world
        # The optimizer of replicas talks to the others at once, so all must have got so far.
        self.splits, self.replicas = distributed.all_or_none(lambda: self._prepared(data_root))
        self.steps_per_epoch = (
            len(self.splits.train.y) // spec.batch_size // (spec.data.unroll or 1)
        )
        self.model = self.replicas[0].model
        self.convolutional = self.replicas[0].convolutional
        self.optimizer = self._optimizer()
        self.auto_l2 = None
        if spec.auto_l2 is not None:
            known = tuple(inspect.signature(optim.AutoL2).parameters)[1:]
            only_known(spec.auto_l2, known, f"{spec.experiment}: auto_l2")
            self.auto_l2 = optim.AutoL2(self.optimizer, **spec.auto_l2)
        self.gradients_per_update = self.optimizer.gradients_per_update
        own_epoch = self.replicas[0].steps_per_epoch
        updates = max(1, round(spec.epochs * own_epoch))
        self.total_steps = updates * self.gradients_per_update
        drops = [round(epoch * own_epoch) for epoch in spec.schedule.drop_at]
        drops += [round(part * updates) for part in spec.schedule.drop_at_fraction]
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(
            self.optimizer,
            milestones=[drop * self.gradients_per_update for drop in drops],
            gamma=1.0 / spec.schedule.factor,
        )
        self.step = 0
        self.history = History()
        self.steps = StepTable(spec.record_every)
        self.diverged = False
        #: The worst of the losses since the replicas last compared notes.
        self.worst = torch.zeros((), device=device)

    def _prepared(self, data_root: Path | str | None) -> tuple[data.Splits, list[Replica]]:
        settings = dataclasses.asdict(self.spec.data)
        if self.spec.sequential:
            wanted = {key: settings[key] for key in ("train_samples", "test_samples")}
            splits, vocabulary = data.prepare_sequence(
                settings["name"], data_root, self.device, **wanted
            )
            return splits, self._replicas(len(splits.train.y), vocabulary)
        del settings["unroll"]
        splits = data.prepare(settings.pop("name"), device=self.device, root=data_root, **settings)
        return splits, self._replicas(len(splits.train.y))

    def _replicas(self, samples: int, vocabulary: int | None = None) -> list[Replica]:
        spec, world = self.spec, self.world
        count, fraction = spec.replicas.count, spec.replicas.data_fraction
        parts: list = [None] * count
        if fraction is not None:
            parts = replica_subsets(samples, count, fraction, spec.seed)
        smallest = samples if fraction is None else len(parts[0])
        if smallest < spec.batch_size:
            whose = "" if fraction is None else " of a replica"
            raise SpecificationError(
                f"{spec.experiment}: batch_size {spec.batch_size} is larger than the {smallest} "
                f"training samples{whose}; lower it or raise train_samples."
            )
        if samples < spec.batch_size * (spec.data.unroll or 1):
            raise SpecificationError(
                f"{spec.experiment}: {spec.batch_size} streams unrolled {spec.data.unroll} times "
                f"need more than the {samples} training tokens; lower batch_size or unroll."
            )
        here = range(count) if world.size == 1 else [world.rank]
        return [
            Replica(
                spec,
                number,
                self.device,
                samples,
                parts[number],
                alone=len(here) == 1,
                vocabulary=vocabulary,
            )
            for number in here
        ]

    def _optimizer(self) -> optim.LandscapeOptimizer:
        spec, options = self.spec, dict(self.spec.optimizer_options)
        settings = optim.settings(spec.optimizer)
        if "generator" in settings:
            noise = torch.Generator(self.device).manual_seed(spec.seed + NOISE_STREAM)
            options["generator"] = noise
        # What the data decide and the settings leave open: B of the scoping (thesis eq. 5.10) and N
        # of SGLD's drift.
        if "batches_per_epoch" in settings:
            options.setdefault("batches_per_epoch", self.steps_per_epoch)
        if "samples" in settings:
            options.setdefault("samples", len(self.splits.train.y))
        if not optim.trains_replicas(spec.optimizer):
            return optim.build(spec.optimizer, self.model.parameters(), **options)
        if self.world.size > 1:
            options["group"] = torch.distributed.group.WORLD
        parameters = [list(replica.model.parameters()) for replica in self.replicas]
        return optim.build(spec.optimizer, parameters, **options)

    def evaluation_steps(self) -> set[int]:
        """Steps after which a row is written; always the first (0) and the last."""
        count = max(
            1,
            round(self.total_steps / self.steps_per_epoch * self.spec.evaluations_per_epoch),
        )
        return {round(i * self.total_steps / count) for i in range(count + 1)}

    def gradients(self) -> torch.Tensor:
        """One mini-batch gradient for every network here; returns the mean of their losses.

        The work's listing of AutoL2 measures after each update of the weights, and the work does
        not say on what. Here that is the mini-batch of the next step: the first that meets the
        updated weights, with its dropout, and at no cost. Before that step lambda is set.
        """
        spec, losses = self.spec, []
        self.optimizer.zero_grad(set_to_none=True)
        for replica in self.replicas:
            chosen = replica.batch(self.step)
            x, y = self.splits.train.x[chosen], self.splits.train.y[chosen]
            x, targets = replica.augmented(x, y)
            replica.model.train()
            with replica.turn(), devices.autocast(self.device, replica.convolutional):
                logits = replica.outputs(x)
                loss = batch_loss(logits, targets, spec.loss, spec.data.unroll or 1)
            loss.backward()
            loss = loss.detach()
            if spec.loss.l2:
                loss = loss + add_l2(replica.model, spec.loss.l2)
            clip(replica.model, spec.clip_norm, spec.clip_value)
            losses.append(loss)
        if self.auto_l2 is not None and self.step and not self.step % self.gradients_per_update:
            self.auto_l2.step(measure=lambda: (losses[0], _error(logits, y)))
        loss = losses[0] if len(losses) == 1 else torch.stack(losses).mean()
        self.steps.add(self.step, loss, self.model, self.optimizer.param_groups[0]["lr"])
        return loss

    def lost(self, loss: torch.Tensor, evaluating: bool) -> tuple[bool, bool]:
        """Whether the run has diverged, and whether all processes may save after this step.

        One network on a CPU is looked at after every step; on a GPU reading the loss waits for the
        device, so it is read when a row is due anyway. Replicas compare notes at fixed steps.
        """
        if self.spec.replicas.count == 1:
            look = self.device.type == "cpu" or evaluating
            return look and not math.isfinite(loss.item()), True
        self.worst = torch.maximum(self.worst, loss.nan_to_num(math.inf, math.inf, math.inf))
        if not evaluating and (self.step + 1) % _ROUND:
            return False, False
        ended = not math.isfinite(self.worst.item())
        self.worst = torch.zeros_like(self.worst)
        return ended, True

    def state(self) -> dict[str, Any]:
        """Everything that changes while the run goes on."""
        state = {
            "replicas": [replica.state() for replica in self.replicas],
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "step": self.step,
            "rows": self.history.rows,
            "diverged": self.diverged,
        }
        if self.auto_l2 is not None:
            state["auto_l2"] = self.auto_l2.state_dict()
        if self.steps.every is not None:
            state["steps"] = self.steps.state()
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        for replica, saved in zip(self.replicas, state["replicas"], strict=True):
            replica.restore(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        if self.auto_l2 is not None:
            self.auto_l2.load_state_dict(state["auto_l2"])
        if self.steps.every is not None:
            self.steps.restore(state["steps"])
        self.step = state["step"]
        self.history.rows = state["rows"]
        self.diverged = state["diverged"]

    @contextlib.contextmanager
    def answer(self) -> Iterator[None]:
        """Inside, the (first) network is the optimizer's answer, ready for evaluation.

        Running batch-norm statistics belong to the weights that gradients were taken at. Where the
        answer is another point they are re-estimated on training samples; before the first step
        nothing has been gathered, and after a divergence nothing can be.
        """
        # A batch of one sample has no variance.
        batches = self.splits.train.x[: self.spec.evaluation_samples].split(
            max(self.spec.batch_size, 2)
        )
        estimate = (
            self.optimizer.own_answer
            and self.step > 0
            and not self.diverged
            and bool(batch_norm_layers(self.model))
        )
        with (
            self.optimizer.solution(),
            estimated_batch_norm(self.model, batches) if estimate else contextlib.nullcontext(),
        ):
            yield

    def evaluate(self, gradients: dict[str, float]) -> None:
        """Append a row for the optimizer's current answer."""
        spec, splits = self.spec, self.splits
        row = {
            "seed": spec.seed,
            "step": self.step,
            "effective_epoch": self.step / self.steps_per_epoch,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "diverged": int(self.diverged),
            **gradients,
        }
        if (strength := getattr(self.auto_l2 or self.optimizer, "strength", None)) is not None:
            row["strength"] = float(strength() if callable(strength) else strength)
        if not self.diverged:
            x, y = (
                splits.train.x[: spec.evaluation_samples],
                splits.train.y[: spec.evaluation_samples],
            )
            with self.answer():
                parts = {"training": (x, y), "test": (splits.test.x, splits.test.y)}
                if splits.validation is not None:
                    parts["validation"] = (splits.validation.x, splits.validation.y)
                for name, (xs, ys) in parts.items():
                    loss, error = self._measured(xs, ys)
                    row[f"{name}_loss"], row[f"{name}_error"] = loss, error
                    if spec.sequential:
                        row[f"{name}_perplexity"] = math.exp(min(loss, 700.0))
        self.history.append(**row)

    def _measured(self, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
        spec = self.spec
        if spec.sequential:
            streams = spec.evaluation_batch or spec.batch_size
            return sequence_loss_and_error(self.model, x, y, streams, spec.data.unroll)
        return loss_and_error(
            self.model, x, y, self.convolutional,
            loss=spec.loss.name, batch=spec.evaluation_batch,
        )  # fmt: skip


def _error(logits: torch.Tensor, y: torch.Tensor) -> float:
    """Error in percent."""
    return 100.0 * float((logits.detach().argmax(1) != y).double().mean())
