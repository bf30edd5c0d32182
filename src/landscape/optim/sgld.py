"""SGLD: stochastic gradient Langevin dynamics, which samples the posterior of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .base import LandscapeOptimizer
from .rules import AT_LEAST_ZERO, RATE, SWITCH, HyperparameterError, count, plain, require
from .sgd import sgd_update
from .tensors import chunks


class SGLD(LandscapeOptimizer):
    r"""Stochastic gradient Langevin dynamics, without Metropolis step.

    With f the mean loss per sample, -log p of a sample's data, g its mini-batch gradient, and
    N = `samples`, at step t = 0, 1, ...::

        eta_t = lr / (1 + t)^power
        x <- x - (eta_t / 2) N (g + weight_decay x) + sqrt(eta_t temperature) N(0, I)

    At temperature 1 and for small eta_t the weights are then distributed as the posterior, `exp(-N
    (f(x) + weight_decay |x|^2 / 2))`. The drift is SGD's at rate N eta_t / 2. Eqs. (3.15) and
    (3.16) print the gradient of p where that of log p is meant, and a noise of unstated variance; 1
    is the one that samples the posterior.

    Args:
        params: tensors, groups or named parameters.
        samples: N, the number of training samples, an integer of at least 1 (not a batch's).
        lr: eta_0, the one that schedulers act on. The work searched it and does not say where it
            ended; the default, 1e-6, is SGD's 0.03 on 60,000 samples.
        power: b >= 0. Also searched and unstated; default 0, constant steps. The samples converge
            to the posterior for 1/2 < b <= 1; Welling and Teh (2011) use 0.55.
        temperature: factor of the noise's variance, >= 0: samples exp(-N f / temperature). 0: no
            noise is drawn, SGD at rate N eta_t / 2.
        weight_decay: L2 coefficient lambda of the mean loss, as for `SGD`: a Gaussian prior of
            variance 1 / (N lambda) for each weight. The work's prior is uniform: 0.
        average: keep the posterior mean of the weights, sum eta_s x_s / sum eta_s, where x_s are
            the weights that step s starts from; `solution()` then puts this mean, and not the last
            sample. For means of other functions of the weights, predictions say, see
            `PosteriorMean`.
        burn_in: first steps left out of that mean.
        generator: source of the noise. check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges.

    A parameter without gradient is not moved, and gets no noise.

    Memory: one copy of the weights, two with `average`, themselves included; noise needs a piece of
    one more while a step runs. The gradients are left alone.

    Source: Chaudhari (2018), eqs. (3.14)-(3.16) and the average after them, section 3.3.6;
    Welling and Teh (2011).

    >>> import torch
    >>> x = torch.nn.Parameter(torch.zeros(10_000))
    >>> draws = torch.Generator().manual_seed(0)
    >>> optimizer = SGLD([x], samples=50, lr=2e-3, generator=draws)
    >>> for _ in range(200):
    ...     optimizer.zero_grad()
    ...     (0.5 * (x - 1).square().sum()).backward()   # 50 data of variance 1 and mean 1
    ...     optimizer.step()
    >>> round(x.mean().item(), 2), round(50 * x.var().item(), 1)   # posterior: 1 and 1 / 50
    (1.0, 1.0)
    """

    draws = True

    def __init__(
        self,
        params: Iterable[Any],
        samples: int,
        lr: float = 1e-6,
        power: float = 0.0,
        temperature: float = 1.0,
        weight_decay: float = 0.0,
        *,
        average: bool = False,
        burn_in: int = 0,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        choices = {"average": average, "burn_in": burn_in}
        require(self, choices, average=SWITCH, burn_in=count(0))
        if burn_in and not average:
            raise HyperparameterError("SGLD: burn_in needs average=True; without it leave it out.")
        self.average = plain(average)
        self.burn_in = plain(burn_in)
        defaults = {
            "samples": samples,
            "lr": lr,
            "power": power,
            "temperature": temperature,
            "weight_decay": weight_decay,
        }
        super().__init__(params, defaults, generator=generator, check_finite=check_finite)

    def _check_group(self, group: dict[str, Any]) -> None:
        require(
            self,
            group,
            samples=count(1),
            lr=RATE,
            power=AT_LEAST_ZERO,
            temperature=AT_LEAST_ZERO,
            weight_decay=AT_LEAST_ZERO,
        )

    def _draws_noise(self) -> bool:
        return any(group["temperature"] > 0 for group in self.param_groups)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        return (["mean"], ["total"]) if self.average else ([], [])

    @property
    def own_answer(self) -> bool:
        """Whether the answer is the posterior mean, and not the sample that the weights hold."""
        return self.average

    @property
    def step_size(self) -> float:
        """eta_t of the next step, in the first group: the weight of the present sample."""
        return self._step_size(self.param_groups[0])

    def _step_size(self, group: dict[str, Any]) -> float:
        return float(group["lr"]) / (1 + self.iteration) ** group["power"]

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        eta = self._step_size(group)
        states = [self.state[p] for p in params]
        if self.average and eta > 0 and self.iteration >= self.burn_in:
            self._accumulate(params, states, eta)
        spread = math.sqrt(eta * group["temperature"])
        for part in chunks(params):
            ps = params[part]
            sgd_update(
                ps,
                grads[part],
                states[part],
                lr=eta * group["samples"] / 2,
                momentum=0.0,
                nesterov=False,
                weight_decay=group["weight_decay"],
            )
            if spread > 0:
                torch._foreach_add_(ps, [self._normal_like(p, spread) for p in ps])

    @staticmethod
    def _accumulate(params: list[Tensor], states: list[dict[str, Any]], eta: float) -> None:
        totals: dict[float, list[int]] = {}
        for i, (p, state) in enumerate(zip(params, states, strict=True)):
            if "mean" not in state:
                state["mean"], state["total"] = torch.zeros_like(p, requires_grad=False), 0.0
            state["total"] += eta
            totals.setdefault(state["total"], []).append(i)
        for total, where in totals.items():  # one, unless parameters have joined later
            means = [states[i]["mean"] for i in where]
            torch._foreach_lerp_(means, [params[i] for i in where], eta / total)

    def _answers(self) -> list[tuple[Tensor, Tensor]]:
        return [
            (p, self.state[p]["mean"])
            for group in self.param_groups
            for p in group["params"]
            if self.average and p.requires_grad and "mean" in self.state[p]
        ]

    def __getstate__(self) -> dict[str, Any]:
        own = ("average", "burn_in")
        return {**super().__getstate__(), **{k: self.__dict__[k] for k in own}}


class PosteriorMean:
    r"""Running estimate sum eta_s g(x_s) / sum eta_s of a posterior mean, for any g.

    Call `update(g, optimizer.step_size)` before `optimizer.step()`, at the steps that shall count
    (after burn-in; every tenth, say, since neighbours are alike). g may be a number, an array or a
    tensor, the predictions on a test set, for example; one tensor is kept, detached.

    Source: Chaudhari (2018), section 3.2.1, after eq. (3.16).

    >>> mean = PosteriorMean()
    >>> mean.update(1.0, weight=3.0)
    >>> mean.update(5.0, weight=1.0)
    >>> mean.value, mean.weight
    (2.0, 4.0)
    """

    def __init__(self) -> None:
        self._value: Any = None
        self.weight = 0.0

    def update(self, value: Any, weight: float = 1.0) -> None:
        """Count `value` with `weight` (>= 0; 0 changes nothing).

        Raises:
            HyperparameterError: a negative, infinite or undefined weight.
        """
        weight = float(weight)
        if not 0 <= weight < math.inf:
            raise HyperparameterError(f"PosteriorMean: weight must be at least 0, not {weight!r}.")
        if weight == 0:
            return
        if isinstance(value, Tensor):
            value = value.detach()
        self.weight += weight
        if self._value is None:
            self._value = 1.0 * value  # a copy
        else:
            self._value = self._value + (value - self._value) * (weight / self.weight)

    @property
    def value(self) -> Any:
        """The mean of what was counted.

        Raises:
            RuntimeError: nothing has been counted yet.
        """
        if self._value is None:
            raise RuntimeError("PosteriorMean holds nothing yet; call update() first.")
        return self._value

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on."""
        return {"value": self._value, "weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict()` has returned."""
        self._value, self.weight = state["value"], float(state["weight"])
