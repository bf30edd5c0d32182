"""Entropy-SGD in every combination of conventions, many small networks at once.

The rows of ``x`` are networks, each with its own scope, averaging, rates and conventions, so that
one convention can be switched while all else stays. ``landscape.optim.EntropySGD`` is the method
itself, with the conventions in three bundles (thesis, PyTorch program, Lua program).

Source: Chaudhari (2018), Algorithm 2 and section 3.3.2; the recurrences of the programs at
github.com/ucla-vision/entropy-sgd.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap

from landscape import models


@dataclass(frozen=True)
class Form:
    """Settings and conventions of one network; the defaults are the thesis' form.

    Attributes:
        gamma: Initial scope; infinite for no force.
        lr: Outer rate eta'.
        alpha: Weight of the old average z (thesis 0.25, both programs 0.75).
        first_gradient: The outer buffer starts at the very first gradient (PyTorch program).
        scoping: gamma is divided by 1 + scoping at each outer update (PyTorch program: 0 in effect,
            because its counter stands still).
        ahead: So many divisions are made before the first update (Lua program: 1).
        force_after: The force acts on y after the momentum (both programs).
        keep_inner: The inner buffer is kept over an outer step (none of the three).
        momentum_outer: Nesterov's, of x (thesis and PyTorch 0.9, Lua 0).
    """

    gamma: float = 1e4
    lr: float = 1.0
    alpha: float = 0.25
    first_gradient: bool = False
    scoping: float = 1e-3
    ahead: int = 0
    force_after: bool = False
    keep_inner: bool = False
    momentum_outer: float = 0.9


THESIS = Form()
PYTORCH = Form(alpha=0.75, first_gradient=True, scoping=0.0, force_after=True)
LUA = Form(alpha=0.75, ahead=1, force_after=True, momentum_outer=0.0)


def outer_steps(
    gradient: Callable[[Tensor, int], Tensor],
    x: Tensor,
    forms: Sequence[Form],
    updates: int,
    *,
    L: int,
    lr_inner: float,
    momentum: float,
    noise: Callable[[int], Tensor] | None = None,
) -> Iterator[Tensor]:
    """x [networks, weights] after each outer update, of every row in its form.

    Args:
        gradient: ``gradient(y, k)`` at y [networks, weights] on the k-th mini-batch.
        x: Where they start.
        forms: One a row.
        updates: Outer updates.
        L: Inner steps of each.
        lr_inner: Inner rate.
        momentum: Nesterov's, of the inner loop.
        noise: ``noise(k)`` is added to y after the k-th inner step, [networks, weights].
    """
    rows = {field.name: _column([getattr(form, field.name) for form in forms], x)
            for field in dataclasses.fields(Form)}  # fmt: skip
    after, keep, alpha = rows["force_after"], rows["keep_inner"], rows["alpha"]
    u, v = torch.zeros_like(x), torch.zeros_like(x)
    if any(form.first_gradient for form in forms):
        v = rows["first_gradient"] * gradient(x, 0)
    for t in range(updates):
        strength = (1 + rows["scoping"]) ** (t + rows["ahead"]) / rows["gamma"]
        y, z, u = x, x, keep * u
        for k in range(t * L, (t + 1) * L):
            force = strength * (y - x)
            d = gradient(y, k) + (1 - after) * force
            u = momentum * u + d
            y = y - lr_inner * (d + momentum * u + after * force)
            if noise is not None:
                y = y + noise(k)
            z = torch.lerp(y, z, alpha)
        way = x - z
        v = rows["momentum_outer"] * v + way
        x = x - rows["lr"] * (way + rows["momentum_outer"] * v)
        yield x


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor([float(v) for v in values], dtype=like.dtype, device=like.device)[:, None]


class FlatNetwork:
    """A network without random parts or statistics as a function of one vector of weights.

    Args:
        name: Of ``landscape.models``; it must have neither dropout nor running statistics.
        dtype: Of weights and samples.
        **options: The network's.
    """

    def __init__(self, name: str, dtype: torch.dtype = torch.float32, **options: object) -> None:
        self.name, self.options, self.dtype = name, options, dtype
        self.model = models.build(name, **options).to(dtype).eval()
        self.shapes = {key: p.shape for key, p in self.model.named_parameters()}
        self._many = vmap(grad_and_value(self.loss))
        self._outputs = vmap(self.outputs, in_dims=(0, None))

    def start(self, seed: int) -> Tensor:
        """Freshly drawn weights [weights], the same for the same seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = models.build(self.name, **self.options)
        return torch.cat([p.detach().flatten() for p in model.parameters()]).to(self.dtype)

    def outputs(self, theta: Tensor, x: Tensor) -> Tensor:
        """Logits [samples, classes] of one network."""
        parts = theta.split([math.prod(shape) for shape in self.shapes.values()])
        pairs = zip(self.shapes.items(), parts, strict=True)
        named = {key: part.view(shape) for (key, shape), part in pairs}
        return functional_call(self.model, named, (x,))

    def loss(self, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Mean cross-entropy in nats of one network."""
        return torch.nn.functional.cross_entropy(self.outputs(theta, x), y)

    def gradients(self, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Gradients [networks, weights], each network on its own samples."""
        return self._many(theta, x, y)[0]

    @torch.no_grad()
    def measured(self, theta: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and error in percent [networks] of all networks on the same samples."""
        losses, wrong = 0.0, 0.0
        for part in torch.arange(len(y)).split(1000):
            logits = self._outputs(theta, x[part])
            labels = y[part].expand(len(theta), -1)
            each = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), labels.flatten(), reduction="none"
            )
            losses = losses + each.view(len(theta), -1).double().sum(1)
            wrong = wrong + (logits.argmax(2) != labels).sum(1)
        return losses / len(y), 100.0 * wrong.double() / len(y)

    def sharpest(self, theta: Tensor, x: Tensor, y: Tensor, products: int = 30) -> float:
        """Largest eigenvalue of the Hessian of one network's loss, by power iteration.

        A lower bound that is close where it stands apart from the others, as it does here.
        """
        gradient = torch.func.grad(self.loss)
        v = torch.ones_like(theta) / math.sqrt(len(theta))
        value = 0.0
        for _ in range(products):
            _, hv = torch.func.jvp(lambda t: gradient(t, x, y), (theta,), (v,))
            value = float(v @ hv)
            v = hv / hv.norm()
        return value
