"""Several networks of one shape trained in the same arithmetic, each with its own numbers.

Their parameters are stacked, [networks, ...] a tensor, and the network is mapped over the stack by
``torch.func.vmap``; learning rate, L2 and momentum are vectors over the stack. A batch of one
network calls it plainly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, replace_all_batch_norm_modules_, vmap

from landscape import models
from landscape.data import Splits
from landscape.train.spec import SpecificationError
from landscape.train.streams import ORDER_STREAM
from landscape.train.sweep_spec import Configuration, Shared

_CHUNK = 1000  # samples evaluated at once


def network(shared: Shared, seed: int) -> nn.Module:
    """The network of a configuration at its random start, as ``fit`` draws it for this seed.

    Batch normalisation uses the statistics of the batch at hand, in training and in evaluation, as
    the library of Lewkowycz & Gur-Ari (2020) does, so that a network is its parameters alone.

    Raises:
        SpecificationError: It has dropout, whose draws would depend on what is trained beside it.
        ModelError: Unknown name or options.
    """
    torch.manual_seed(seed)
    made = models.build(shared.model, **shared.model_options)
    if any(isinstance(part, nn.modules.dropout._DropoutNd) and part.p for part in made.modules()):
        raise SpecificationError(
            f"Sweep: {shared.model} has dropout, which a sweep does not draw; set its dropout to 0."
        )
    replace_all_batch_norm_modules_(made)
    return made.train()


class Batch:
    """Networks that take their steps together.

    Args:
        configurations: What each is trained with; all with the same ``shared``.
        splits: The samples, on the device.
        device: Where it happens.
        dtype: float32, or float64 to be compared with something slow.
    """

    def __init__(
        self,
        configurations: Sequence[Configuration],
        splits: Splits,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.shared = shared = configurations[0].shared
        self.device, self.dtype = device, dtype
        self.train, self.test = splits.train, splits.test
        samples = len(self.train.y)
        self.batch_size = samples if shared.batch_size is None else shared.batch_size
        if self.batch_size > samples:
            raise SpecificationError(
                f"Sweep: batch_size {self.batch_size} is larger than the {samples} training "
                "samples; lower it or raise train_samples."
            )
        nets = [network(shared, one.seed) for one in configurations]
        self.model = nets[0].to(device, dtype)
        self.convolutional = any(isinstance(m, nn.Conv2d) for m in self.model.modules())
        names = [name for name, _ in self.model.named_parameters()]
        rows = [dict(net.named_parameters()) for net in nets]
        self.parameters = {
            name: torch.stack([row[name].detach().to(device, dtype) for row in rows])
            for name in names
        }
        self.velocity = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        numbers = [(one.lr, one.l2, one.momentum) for one in configurations]
        self.lr, self.l2, self.momentum = torch.tensor(numbers, device=device, dtype=dtype).T
        self.orders = [torch.Generator().manual_seed(c.seed + ORDER_STREAM) for c in configurations]
        self.permutations = torch.empty(len(self), 0, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.lr)

    def gradients(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses [networks] on the step's samples, without L2, and their gradients."""
        chosen = self._chosen(step)
        x, y = self.train.x, self.train.y
        if chosen is not None:
            x, y = x[chosen], y[chosen]
        leaves = {name: p.detach().requires_grad_() for name, p in self.parameters.items()}
        losses = self._losses(self._outputs(leaves, x, chosen is not None), y)
        found = torch.autograd.grad(losses.sum(), list(leaves.values()))
        return losses.detach(), dict(zip(leaves, found, strict=True))

    @torch.no_grad()
    def update(self, gradients: dict[str, Tensor]) -> None:
        """One step of SGD on the loss with its L2 term, whose gradient is l2 theta."""
        plain = not self.momentum.any()
        for name, p in self.parameters.items():
            lr, l2, momentum = (v.view(-1, *[1] * (p.dim() - 1))
                                for v in (self.lr, self.l2, self.momentum))  # fmt: skip
            gradient = gradients[name].addcmul_(l2, p)
            if not plain:
                gradient = self.velocity[name].mul_(momentum).add_(gradient)
            p.addcmul_(lr, gradient, value=-1)

    @torch.no_grad()
    def measure(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss, without L2, and error in percent, float64 [networks] each."""
        loss = torch.zeros(len(self), dtype=torch.float64, device=self.device)
        wrong = torch.zeros_like(loss)
        for xs, ys in zip(x.split(_CHUNK), y.split(_CHUNK), strict=True):
            outputs = self._outputs(self.parameters, xs, False)
            loss += self._losses(outputs, ys).double() * len(ys)
            wrong += (outputs.argmax(-1) != ys).sum(-1)
        return loss / len(y), 100.0 * wrong / len(y)

    def norms(self) -> Tensor:
        """Sum of the squares of all parameters, float64 [networks]."""
        return sum(p.double().square().flatten(1).sum(1) for p in self.parameters.values())

    def keep(self, positions: Sequence[int]) -> None:
        """Go on with these networks only."""
        at = torch.tensor(positions, dtype=torch.int64, device=self.device)
        for part in (self.parameters, self.velocity):
            for name, value in part.items():
                part[name] = value[at]
        self.lr, self.l2, self.momentum = self.lr[at], self.l2[at], self.momentum[at]
        self.orders = [self.orders[i] for i in positions]
        self.permutations = self.permutations[at.cpu()]

    def state(self) -> dict[str, Any]:
        """Everything that changes while it is trained."""
        return {
            "parameters": self.parameters,
            "velocity": self.velocity,
            "orders": [order.get_state() for order in self.orders],
            "permutations": self.permutations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what ``state`` gave, in memory of its own as the first time."""
        for mine, saved in ((self.parameters, "parameters"), (self.velocity, "velocity")):
            for name, value in state[saved].items():
                mine[name] = value.to(self.device, self.dtype, copy=True)
        for order, saved in zip(self.orders, state["orders"], strict=True):
            order.set_state(saved)
        self.permutations = state["permutations"].clone()

    def _chosen(self, step: int) -> Tensor | None:
        """Positions of the step's samples, int64 [networks, batch]; None: all, for every one.

        An epoch is a permutation of the samples without its incomplete last batch.
        """
        samples = len(self.train.y)
        if self.batch_size == samples:
            return None
        position = step % (samples // self.batch_size)
        if position == 0:
            drawn = [torch.randperm(samples, generator=order) for order in self.orders]
            self.permutations = torch.stack(drawn)
        first = position * self.batch_size
        return self.permutations[:, first : first + self.batch_size].to(self.device)

    def _outputs(self, parameters: dict[str, Tensor], x: Tensor, own: bool) -> Tensor:
        """Outputs [networks, samples, classes]; with ``own`` each network has its samples."""
        if len(self) > 1:
            return vmap(self._call, in_dims=(0, 0 if own else None))(parameters, x.to(self.dtype))
        one = {name: p[0] for name, p in parameters.items()}
        x = (x[0] if own else x).to(self.dtype)
        if self.convolutional:  # faster, as in landscape.train.streams
            x = x.contiguous(memory_format=torch.channels_last)
        return self._call(one, x)[None]

    def _call(self, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(self.model, parameters, (x,))

    def _losses(self, outputs: Tensor, y: Tensor) -> Tensor:
        """[networks] from outputs [networks, samples, classes] and labels [(networks,) samples]."""
        y = y.expand(outputs.shape[:-1])
        if self.shared.loss == "mse":
            targets = nn.functional.one_hot(y, outputs.shape[-1]).to(outputs.dtype)
            losses = (outputs - targets).square().mean((1, 2))
        else:
            each = nn.functional.cross_entropy(outputs.flatten(0, 1), y.flatten(), reduction="none")
            losses = each.view(y.shape).mean(1)
        return losses * self.shared.loss_scale
