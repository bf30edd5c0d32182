"""Complexity gradient descent with two gradient steps a move: an E step and an M step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .complexity_gd import ComplexityGD
from .cosine_cgd import cosine
from .rules import AT_LEAST_ZERO, POSITIVE, HyperparameterError, plain, require

NAMED = ("power", "cosine", "constant")
SCHEDULE = (lambda v: callable(v) or v in NAMED, f"a function or one of {', '.join(NAMED)}")


class TwoStepCGD(ComplexityGD):
    r"""Complexity gradient descent, two-step annealing (Algorithm 3 of the work).

    With `f_i = L + lambda_i |w|^2` and a new mini-batch for each of the two gradients::

        E:  w <- w - lr grad f_i(w)
        M:  w <- w - (lambda_i - lambda_{i-1}) lr grad f_i(w)
            w <- R w / |w|

    One gradient a `step()`, two a move. Within a move the parameters hold the result of the E step;
    `solution()` puts the last projected weights. For a falling lambda the M step has a negative
    size: it goes uphill on f_i. As printed: the size multiplies a rate by a difference of L2
    strengths, so the M step is small against the E step wherever lambda is.

    Args:
        params, lr: as in `ComplexityGD`; and so are projection, radius, generator and check_finite.
        lambda_0: initial strength of the L2 term `lambda |w|^2`, >= 0.
        schedule: lambda_i. "power": lambda_0 / (1 + i)^power, which the work derives from its
            eq. (17) with the exponent 1/2; "cosine": lambda_0 (1 + cos(2 pi i / T)); "constant"; or
            a function of (lambda_0, i). lambda_{-1} is not stated: it is taken to be lambda at
            i = 0, so that the first M step has size 0.
        power: exponent, >= 0, of "power".
        T: period, > 0, of "cosine".
        momentum, nesterov: as in `SGD`, of the E step; the M step is a plain gradient step and
            leaves the buffer alone. The work takes plain steps in both.
        steps_per_epoch: as for `ComplexityGD`, a move being two steps; the size of the M step, too,
            is fixed within an epoch.

    Raises:
        HyperparameterError: a setting outside these ranges, or a function that gives a negative or
            infinite strength.

    A parameter that is frozen between the steps of a move stays at the result of the E step.

    Memory: two copies of the weights, themselves included, and three with momentum.

    Source: Richemond and Guo (2019), section 4, Algorithm 3, eq. (17).

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    >>> optimizer = TwoStepCGD([w], lambda_0=0.1, lr=0.5)
    >>> for _ in range(4):
    ...     optimizer.zero_grad()
    ...     (0.5 * w[0] ** 2).backward()
    ...     optimizer.step()
    ...     with optimizer.solution():
    ...         print(round(optimizer.strength(), 3), [round(x, 3) for x in w.tolist()])
    0.1 [3.0, 4.0]
    0.1 [1.581, 4.743]
    0.071 [1.581, 4.743]
    0.071 [0.772, 4.94]
    """

    own_answer = True
    gradients_per_update = 2

    def __init__(
        self,
        params: Iterable[Any],
        lambda_0: float,
        lr: float = 0.1,
        schedule: str | Callable[[float, int], float] = "power",
        power: float = 0.5,
        T: float | None = None,
        **shared: Any,
    ) -> None:
        own = {"schedule": schedule, "power": power, "T": T}
        require(self, own, schedule=SCHEDULE, power=AT_LEAST_ZERO)
        unused = (lambda v: v is None, "None but with schedule='cosine'")
        require(self, own, T=POSITIVE if schedule == "cosine" else unused)
        super().__init__(params, lambda_0, lr, **own, **shared)

    def _strength(self, group: dict[str, Any], i: int) -> float:
        schedule, start = self._recipe["schedule"], group["lambda_0"]
        if schedule == "power":
            return start / (1 + i) ** self._recipe["power"]
        if schedule == "cosine":
            return start * cosine(i, self._recipe["T"])
        if schedule == "constant":
            return start
        value = schedule(start, i)
        if not AT_LEAST_ZERO[0](value):
            raise HyperparameterError(
                f"TwoStepCGD: the schedule gives the strength {value!r} at i = {i}; it must be "
                "a number of at least 0."
            )
        return plain(value)

    def _in_cycle(self) -> bool:
        return self.iteration % 2 == 1

    def _begin_anew(self) -> None:
        self._drop_cycle()
        for state in self.state.values():
            state.pop("move", None)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        tensors, numbers = super()._kept(group, place)
        return [*tensors, "last"], [*numbers, "move"]

    @property
    def _move(self) -> int:
        return self.iteration // 2

    @torch.no_grad()
    def prepare(self) -> None:
        """As for the others; between the two steps of a move, where nothing is due: nothing."""
        if self.iteration % 2 == 0:
            super().prepare()
        else:
            self._refuse_outside_change("prepare")

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        i = self._index(self.iteration)
        strength = self._strength(group, i)
        if self.iteration % 2 == 0:
            for p in params:
                state = self.state[p]
                if "last" not in state:
                    state["last"] = torch.empty_like(p, requires_grad=False)
                state["last"].copy_(p)
                state["move"] = self._move
            self._descend(group, params, grads, strength)
            return
        size = (strength - self._strength(group, max(i - 1, 0))) * float(group["lr"])
        if size:
            # w - size (g + 2 lambda w)
            torch._foreach_mul_(params, 1 - 2 * size * strength)
            torch._foreach_add_(params, grads, alpha=-size)

    def _after_update(self) -> None:
        if self.iteration % 2 == 0:
            super()._after_update()

    def _drop_cycle(self) -> None:
        self._counters["iteration"] -= self.iteration % 2

    def _answers(self) -> list[tuple[Tensor, Tensor]]:
        if self.iteration % 2 == 0:
            return []
        return [
            (p, self.state[p]["last"])
            for group in self.param_groups
            for p in group["params"]
            if p.requires_grad and self.state[p].get("move") == self._move
        ]
