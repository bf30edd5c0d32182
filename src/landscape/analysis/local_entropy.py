r"""The local entropy of a solution, by Langevin sampling, with an error bar.

With the normalised kernel (it tends to f for gamma -> 0), at inverse temperature beta::

    u(x) = -(1/beta) log E exp(-beta f(y)),   y ~ N(x, gamma/beta I)

The thesis prints beta = 1 without the kernel's normalisation, f_gamma = u - (d/2) log(2 pi gamma).
A mean of exponentials has no useful error bar in many dimensions. Switching the loss on does::

    u = integral_0^1 <f>_s ds,   <.>_s under rho_s(y) ~ exp(-beta (s f(y) + |y - x|^2/(2 gamma)))

because -(1/beta) log E exp(-beta s f) has the derivative <f>_s. The nodes are s = t^4 for equal
steps of t, close together near s = 0 where <f>_s falls steeply; Simpson's rule adds them up. The
chains start as independent draws of N(x, gamma/beta I) and go from node to node.

One step of a chain solves the pull towards x exactly and adds the loss' force::

    y <- x + a (y - x) - (1 - a) gamma s grad f(y) + sqrt((gamma/beta)(1 - a^2)) N(0, I),
    a = exp(-step)

*With all samples* it is a proposal that is accepted or not (Metropolis-Hastings): the law is exact
and the step is tuned during the burn-in. *With mini-batches* it is SGLD, whose law is off by terms
in the step and in the gradient's noise; halve the step and see whether the answer stays.

Sources: Chaudhari (2018), eqs. (3.1), (3.9), section 3.2.2; Welling and Teh (2011); Roberts and
Tweedie (1996); Friel and Pettitt (2008) for powers of the likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.errors import LandscapeError

from .intervals import Estimate, correlation_time, from_chains, weighted_sum
from .mean_loss import MeanLoss

_POWER = 4
_ACCEPTED = 0.574  # what is best for this kind of proposal (Roberts and Rosenthal 1998)


@dataclass(frozen=True)
class LocalEntropy:
    """A local entropy u and what it was made of.

    Attributes:
        value: u with its sampling interval.
        quadrature_gap: How much the rule with half the nodes differs; Simpson's error is
            commonly far smaller. Where it exceeds the interval, use more nodes.
        strengths: s of each node. losses: <f>_s there, with intervals.
        correlation: Autocorrelation time of f at each node, in steps.
        acceptance: Share of accepted proposals at each node; 1 for mini-batches.
        steps: Step of each node, in units of gamma.
        gamma, beta, size: The scope, the inverse temperature, the number of weights.
    """

    value: Estimate
    quadrature_gap: float
    strengths: np.ndarray
    losses: list[Estimate]
    correlation: np.ndarray
    acceptance: np.ndarray
    steps: np.ndarray
    gamma: float
    beta: float
    size: int

    @property
    def unnormalised(self) -> Estimate:
        """Beta u without the kernel's normalisation: f_gamma of eq. (3.1) where beta = 1.

        Its negative is the width of the valley in definition 4.20.
        """
        shift = self.size / 2 * math.log(2 * math.pi * self.gamma / self.beta)
        value, low, high = (self.beta * part - shift for part in (
            self.value.value, self.value.low, self.value.high
        ))  # fmt: skip
        return Estimate(value, low, high, self.beta * self.value.error)


def local_entropy(
    f: MeanLoss,
    gamma: float,
    *,
    beta: float = 1.0,
    samples: int = 1000,
    burn_in: int = 200,
    chains: int = 4,
    nodes: int = 16,
    batch: int | None = None,
    step: float = 0.1,
    seed: int = 0,
) -> LocalEntropy:
    """Local entropy u of `f` at `f.weights`, see the module.

    Costs nodes x (burn_in + samples) gradients for each chain; holds four copies of the weights
    for each chain.

    Args:
        f: The loss; its weights are x.
        gamma: Scope, > 0, in squared units of the weights.
        beta: Inverse temperature, > 0. The number of training samples makes rho the posterior.
        samples: Steps a chain takes at each node after its burn-in.
        burn_in: Steps at each node that are not counted; the step is tuned in them.
        chains: At least 2.
        nodes: Steps of the integral, a multiple of 4.
        batch: None takes all samples and corrects; a number takes mini-batches of it (drawn
            with replacement, the same for all chains) and does not: SGLD.
        step: In units of gamma: the first step of the tuning, or SGLD's.
        seed: Of all draws; the same seed gives the same bytes.

    Raises:
        ValueError: A setting outside its range.
        LandscapeError: A chain left the finite numbers.
    """
    for name, number in (("gamma", gamma), ("beta", beta), ("step", step)):
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"{name} must be a positive number, not {number!r}.")
    if nodes < 4 or nodes % 4:
        raise ValueError(f"nodes must be a multiple of 4 (Simpson's rule, twice), not {nodes}.")
    if chains < 2 or samples < 2 or burn_in < 0:
        raise ValueError(
            f"An error bar needs at least 2 chains of at least 2 samples and no negative burn_in, "
            f"not chains={chains}, samples={samples}, burn_in={burn_in}."
        )
    if batch is not None and not 1 <= batch <= f.samples:
        raise ValueError(f"batch must be from 1 to the {f.samples} samples, or None.")
    sampler = _Sampler(f, gamma, beta, chains, batch, step, seed)
    strengths = (np.arange(1, nodes + 1) / nodes) ** _POWER
    losses, correlation, acceptance, steps = [], [], [], []
    for strength in strengths.tolist():
        sampler.strength = strength
        for k in range(burn_in):
            sampler.advance(tune=2 / (k + 1) ** 0.6)
        series, accepted = zip(*(sampler.advance() for _ in range(samples)), strict=True)
        series = torch.stack(series).T.double().cpu().numpy()
        if not np.isfinite(series).all():
            raise LandscapeError(
                f"The chains left the finite numbers at gamma={gamma:g}: use a smaller step "
                f"(it was {sampler.step:g}) or a smaller gamma."
            )
        losses.append(from_chains(series))
        correlation.append(correlation_time(series))
        acceptance.append(float(np.mean(accepted)))
        steps.append(sampler.step)
    fine, coarse = _simpson(nodes, 1), _simpson(nodes, 2)
    value = weighted_sum(losses, fine)
    gap = abs(value.value - weighted_sum(losses, coarse).value)
    return LocalEntropy(
        value, gap, strengths, losses, np.array(correlation), np.array(acceptance),
        np.array(steps), gamma, beta, f.size,
    )  # fmt: skip


def _simpson(nodes: int, every: int) -> np.ndarray:
    """Weights [nodes] of <f> at t = 1/nodes, 2/nodes, ..., 1, of which every second may be 0.

    The node t = 0 counts for nothing, because ds = 4 t^3 dt.
    """
    t = np.arange(nodes + 1) / nodes
    rule = np.zeros(nodes + 1)
    kept = rule[::every]
    kept[:] = 2
    kept[1::2] = 4
    kept[[0, -1]] = 1
    return (rule * every / nodes / 3 * _POWER * t ** (_POWER - 1))[1:]


class _Sampler:
    """Chains [C, d] at one strength of the loss."""

    def __init__(
        self, f: MeanLoss, gamma: float, beta: float, chains: int, batch: int | None, step: float,
        seed: int,
    ):  # fmt: skip
        self._f, self._gamma, self._beta, self._batch = f, gamma, beta, batch
        self.step, self.strength = step, 0.0
        self._generator = torch.Generator(f.device).manual_seed(seed)
        self._y = f.weights.expand(chains, -1).clone()
        self._y += math.sqrt(gamma / beta) * self._normal()
        self._slope, self._loss = self._look(self._y)

    def _normal(self) -> Tensor:
        return torch.randn(
            self._y.shape, generator=self._generator, dtype=self._f.dtype, device=self._f.device
        )

    def _look(self, y: Tensor) -> tuple[Tensor, Tensor]:
        if self._batch is None:
            return self._f.gradients_and_values(y)
        which = torch.randint(
            self._f.samples, (self._batch,), generator=self._generator, device=self._f.device
        )
        return self._f.gradients_and_values(y, which.to(self._f.inputs.device))

    def advance(self, tune: float = 0.0) -> tuple[Tensor, float]:
        """One step of all chains: (losses [C] at the points reached, share accepted).

        With `tune`, the step moves by that much of its logarithm for an acceptance off by 1.
        """
        keep = math.exp(-self.step)
        noise = math.sqrt(self._gamma / self._beta * (1 - keep**2))
        moved = self._drift(self._y, self._slope, keep) + noise * self._normal()
        slope, loss = self._look(moved)
        if self._batch is not None:
            self._y, self._slope, self._loss = moved, slope, loss
            return loss, 1.0
        back = (self._y - self._drift(moved, slope, keep)).square().sum(1)
        there = (moved - self._drift(self._y, self._slope, keep)).square().sum(1)
        gain = self._beta * (self._energy(self._y, self._loss) - self._energy(moved, loss))
        chance = (gain + (there - back) / (2 * noise**2)).nan_to_num(nan=-math.inf).exp()
        chance = chance.clamp(max=1)
        draw = torch.rand(
            chance.shape, generator=self._generator, dtype=chance.dtype, device=chance.device
        )
        accepted = draw < chance
        self._y = torch.where(accepted[:, None], moved, self._y)
        self._slope = torch.where(accepted[:, None], slope, self._slope)
        self._loss = torch.where(accepted, loss, self._loss)
        if tune:
            self.step *= math.exp(tune * (float(chance.mean()) - _ACCEPTED))
            self.step = min(self.step, 5.0)  # beyond it a proposal forgets its start
        return self._loss, float(accepted.double().mean())

    def _drift(self, y: Tensor, slope: Tensor, keep: float) -> Tensor:
        x = self._f.weights
        return x + keep * (y - x) - (1 - keep) * self._gamma * self.strength * slope

    def _energy(self, y: Tensor, loss: Tensor) -> Tensor:
        return self.strength * loss + (y - self._f.weights).square().sum(1) / (2 * self._gamma)
