"""One network of a run with everything random that belongs to it.

A run has one of these, or one a replica. Replica 0 draws exactly what a run of one network with
the same seed draws.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from landscape import models
from landscape.optim.batch_norm import batch_norm_layers
from landscape.train.objective import Targets
from landscape.train.spec import RunSpec, SpecificationError

#: Offsets that keep the random streams of one seed apart.
ORDER_STREAM, NOISE_STREAM, REPLICA_STREAM = 1_000_003, 2_000_003, 10_000_019
AUGMENTATION_STREAM = 3_000_017


class Replica:
    """A network, the order of its mini-batches and the random numbers of its dropout.

    Args:
        number: Which replica it is: 0, 1, ... A run that is not replicated has number 0 only.
        samples: Size of the training set.
        part: Positions of the samples that this replica sees; ``None``: all of them.
        vocabulary: Number of different tokens of a sequence; ``None``: the data are images.
        alone: Whether torch's global random numbers belong to this network only, because it has the
            process to itself. Otherwise they are exchanged whenever another replica's turn comes,
            so that a replica draws the same numbers in one process as in one of its own.
    """

    def __init__(
        self,
        spec: RunSpec,
        number: int,
        device: torch.device,
        samples: int,
        part: np.ndarray | None = None,
        alone: bool = True,
        vocabulary: int | None = None,
    ) -> None:
        self.device, self.alone = device, alone
        self.samples = samples if part is None else len(part)
        self.part = None if part is None else torch.from_numpy(part)
        self.batch_size = spec.batch_size
        self.unroll = spec.data.unroll
        self.steps_per_epoch = self.samples // spec.batch_size // (self.unroll or 1)
        own_seed = spec.seed + number * REPLICA_STREAM
        torch.manual_seed(spec.seed if spec.replicas.same_start else own_seed)
        self.model_options = model_options(spec, vocabulary)
        self.model = models.build(spec.model, **self.model_options).to(device)
        if spec.batch_statistics:
            use_batch_statistics(self.model)
        if number and spec.replicas.same_start:
            torch.manual_seed(own_seed)
        self._random = {} if alone else _random(device)
        self.convolutional = any(isinstance(m, nn.Conv2d) for m in self.model.modules())
        if self.convolutional:
            # Convolutions and pools are faster with the channels innermost: on CUDA, and on the CPU
            # the pools above all.
            self.model = self.model.to(memory_format=torch.channels_last)
        self.order = torch.Generator().manual_seed(own_seed + ORDER_STREAM)
        self.permutation = torch.empty(0, dtype=torch.int64)
        self.augmentation = spec.augmentation
        self.draws = None
        if spec.augmentation:
            self.draws = torch.Generator(device).manual_seed(own_seed + AUGMENTATION_STREAM)
        #: The hidden state that the next mini-batch of a sequence begins with; None: zeros.
        self.hidden: tuple[torch.Tensor, ...] | None = None

    def batch(self, step: int) -> torch.Tensor:
        """Positions of the mini-batch of this step, int64 [batch] on the device.

        An epoch is a permutation of the replica's samples without its incomplete last batch.

        A sequence is cut into as many streams of equal length as a batch has rows, and each step
        takes the next tokens of every stream, int64 [batch, unroll]; nothing is shuffled, and the
        hidden state starts anew with each epoch (Zaremba et al. 2014).
        """
        position = step % self.steps_per_epoch
        if self.unroll is not None:
            if position == 0:
                self.hidden = None
            starts = torch.arange(self.batch_size) * (self.samples // self.batch_size)
            times = position * self.unroll + torch.arange(self.unroll)
            return (starts[:, None] + times).to(self.device)
        if position == 0:
            self.permutation = torch.randperm(self.samples, generator=self.order)
        chosen = self.permutation[position * self.batch_size :][: self.batch_size]
        return (chosen if self.part is None else self.part[chosen]).to(self.device)

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [n, classes] of a mini-batch; a sequence's hidden state is carried on."""
        if self.unroll is None:
            return self.model(x).float()
        logits, hidden = self.model(x, self.hidden)
        self.hidden = tuple(part.detach() for part in hidden)
        return logits.float().flatten(0, 1)

    def augmented(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, Targets]:
        """The mini-batch as it is trained on, with its labels or pairs of them."""
        if self.draws is None:
            return x, y.flatten()
        from landscape.data import augment

        flip, padding = self.augmentation.flip, self.augmentation.crop
        if flip and padding:
            x = augment.flip_crop(x, self.draws, flip, padding)
        elif flip:
            x = augment.flip(x, self.draws, flip)
        elif padding:
            x = augment.crop(x, self.draws, padding)
        if not self.augmentation.mixup:
            return x, y
        x, first, second, weight = augment.mixup(x, y, self.augmentation.mixup, self.draws)
        return x, (first, second, weight)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, torch's global random numbers are this replica's."""
        if self.alone:
            yield
            return
        _set_random(self._random, self.device)
        yield
        self._random = _random(self.device)

    def state(self) -> dict:
        """Everything that changes during a run, but for the optimizer."""
        state = {
            "model": self.model.state_dict(),
            "order": self.order.get_state(),
            "permutation": self.permutation,
            "random": _random(self.device) if self.alone else self._random,
        }
        if self.draws is not None:
            state["draws"] = self.draws.get_state()
        if self.hidden is not None:
            state["hidden"] = self.hidden
        return state

    def restore(self, state: dict) -> None:
        """Take back what ``state()`` gave."""
        self.model.load_state_dict(state["model"])
        self.order.set_state(state["order"])
        self.permutation = state["permutation"]
        if self.draws is not None:
            self.draws.set_state(state["draws"])
        self.hidden = None
        if "hidden" in state:
            self.hidden = tuple(part.to(self.device) for part in state["hidden"])
        if self.alone:
            _set_random(state["random"], self.device)
        else:
            self._random = state["random"]


def model_options(spec: RunSpec, vocabulary: int | None) -> dict[str, Any]:
    """The network's options; a sequence's vocabulary is the number of classes, unless stated."""
    options = dict(spec.model_options)
    if vocabulary is None:
        return options
    if options.setdefault("classes", vocabulary) < vocabulary:
        raise SpecificationError(
            f"{spec.experiment}: the network has {options['classes']} classes for {vocabulary} "
            f"different tokens of {spec.data.name}; leave classes out to take as many."
        )
    return options


def use_batch_statistics(model: nn.Module) -> None:
    """Let batch norm use the batch at hand in evaluation too, and keep no statistics."""
    for layer in batch_norm_layers(model):
        layer.track_running_stats = False
        layer.running_mean = layer.running_var = layer.num_batches_tracked = None


def _random(device: torch.device) -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _set_random(state: dict[str, torch.Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
