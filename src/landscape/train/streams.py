"""One network of a run with everything random that belongs to it.

A run has one of these, or one a replica. Replica 0 draws exactly what a run of one network with
the same seed draws.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from landscape import models
from landscape.train.spec import RunSpec

#: Offsets that keep the random streams of one seed apart.
ORDER_STREAM, NOISE_STREAM, REPLICA_STREAM = 1_000_003, 2_000_003, 10_000_019


class Replica:
    """A network, the order of its mini-batches and the random numbers of its dropout.

    Args:
        number: Which replica it is: 0, 1, ... A run that is not replicated has number 0 only.
        samples: Size of the training set.
        part: Positions of the samples that this replica sees; ``None``: all of them.
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
    ) -> None:
        self.device, self.alone = device, alone
        self.samples = samples if part is None else len(part)
        self.part = None if part is None else torch.from_numpy(part)
        self.batch_size = spec.batch_size
        self.steps_per_epoch = self.samples // spec.batch_size
        own_seed = spec.seed + number * REPLICA_STREAM
        torch.manual_seed(spec.seed if spec.replicas.same_start else own_seed)
        self.model = models.build(spec.model, **spec.model_options).to(device)
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

    def batch(self, step: int) -> torch.Tensor:
        """Positions of the mini-batch of this step, int64 [batch] on the device.

        An epoch is a permutation of the replica's samples without its incomplete last batch.
        """
        position = step % self.steps_per_epoch
        if position == 0:
            self.permutation = torch.randperm(self.samples, generator=self.order)
        chosen = self.permutation[position * self.batch_size :][: self.batch_size]
        return (chosen if self.part is None else self.part[chosen]).to(self.device)

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
        return {
            "model": self.model.state_dict(),
            "order": self.order.get_state(),
            "permutation": self.permutation,
            "random": _random(self.device) if self.alone else self._random,
        }

    def restore(self, state: dict) -> None:
        """Take back what ``state()`` gave."""
        self.model.load_state_dict(state["model"])
        self.order.set_state(state["order"])
        self.permutation = state["permutation"]
        if self.alone:
            _set_random(state["random"], self.device)
        else:
            self._random = state["random"]


def _random(device: torch.device) -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _set_random(state: dict[str, torch.Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
