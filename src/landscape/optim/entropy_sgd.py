"""Entropy-SGD: descent on local entropy, whose gradient an inner Langevin loop estimates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from . import inner_stability
from . import scoping as scopes
from .authors import entropy_step
from .inner_loop import InnerLoopOptimizer
from .rules import HyperparameterError, finite, one_of, require

CONVENTIONS = ("thesis", "authors", "authors-lua")
# What the chapters state for their own form; None: nothing stated, the thesis' chapter 3 is taken.
FORMS: dict[str, dict[str, Any]] = {
    "A": {"lr": 1.0, "L": 20, "gamma": 1e4, "temperature": 1e-6, "noise_factor": 2.0},
    "B": {"lr": 0.1, "L": 20, "gamma": None, "temperature": 1e-8, "noise_factor": 1.0},
    "C": {"lr": 0.1, "L": 25, "gamma": 1e2, "temperature": 0.0, "noise_factor": 0.0},
}


class EntropySGD(InnerLoopOptimizer):
    r"""Entropy-SGD (Algorithm 2 of the thesis), one gradient a `step()`.

    From x, with u = 0 and y = z = x; L times, each with a new mini-batch gradient g at y::

        d = g + weight_decay y + (y - x) / gamma
        u <- momentum u + d
        y <- y - lr_inner (d + momentum u) + sqrt(2 lr_inner temperature) N(0, I)
        z <- alpha z + (1 - alpha) y

    then, inside the L-th step, v <- m v + (x - z), x <- x - lr ((x - z) + m v), m = momentum_outer,
    and gamma shrinks. Between steps the parameters hold y; `solution()` puts x. The outer step has
    no 1 / gamma: line 6 prints one, but the text divides it out, and lr = 1 gives x <- z only so
    (erratum 26). The inner loop is stable while lr_inner (curvature + 1 / gamma) < 2: with scoping
    over very many updates use a bounded schedule.

    Args:
        params: tensors, groups or named parameters.
        lr: outer rate eta', the one that schedulers act on; default 1 (forms B, C: 0.1).
        lr_inner: rate eta of the inner loop.
        gamma: initial scope, > 0 or infinite (no force); default 1e4 (form C: 100; form B, where
            x moves by lr / gamma (x - z) and would stand still at 1e4: L lr_inner, which gives (x -
            z) / gamma the magnitude of the gradient, the works' rule in section 3.2.2).
        L: inner steps, >= 1; default 20 (form C: 25). The works: 20 for CNNs, 5 for RNNs.
        alpha: weight of the OLD average, in [0, 1); default 0.25 (authors: 0.75).
        temperature: 1 / beta, >= 0; no noise is drawn at 0. Default 1e-6, the MNIST value (form B:
            1e-8, form C: 0).
        momentum: Nesterov's, of the inner loop, in [0, 1). The works: 0.9 for CNNs, 0.5 for RNNs.
        momentum_outer: the same for x; default: `momentum` ("in both loops", section 3.3.2).
        weight_decay: L2 coefficient, part of the loss that the inner loop sees.
        gamma_decay: gamma(t) = gamma / (1 + gamma_decay)^t, t outer updates; default 1e-3 (authors:
            0). In form B without gamma, never below 2 lr_inner.
        scoping: another schedule, from `landscape.optim.scoping` or as a mapping with its `kind`.
        inner_buffer: "reset" u at each outer step (the thesis does not say; the authors' program
            does) or "keep" it.
        form: "A", chapter 3, as above. "B", eqs. (4.40)-(4.41): noise sqrt(lr_inner temperature),
            and (x - z) / gamma in place of x - z outside. "C", eq. (5.5): no noise, x - z outside.
        convention: "thesis", or "authors" for the recurrence of the program that the authors have
            published for PyTorch: a first gradient at x is evaluated and thrown away, so that a
            cycle has L + 1 steps; v starts at the very first such gradient; force and noise act on
            y after the momentum; alpha is 0.75; weight_decay x is added to x - z; gamma does not
            shrink unless gamma_decay or scoping says so (there, a counter stands still). On a small
            MLP alpha and v's start alone move the iterates by 10 to 50 % of the way that they have
            gone. "authors-lua": the earlier program, in Lua, which their notes call the one of the
            experiments and equal to the other, but which is not: no momentum and no weight decay
            outside, so that lr = 1 is x <- z; weight decay, too, acts on y after the momentum; and
            gamma does shrink, gamma / (1 + gamma_decay)^(t + 1) at update t. (Without momentum that
            program loses the data's gradient in the inner loop, a slip that is not repeated here.)
            Both only with form A.
        generator, check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges, or a combination that is not defined.

    Memory: five copies of the weights, themselves included: y, x, z, u and v (four with only one
    of the two momenta, three without any); noise needs a piece of one more while a step runs. The
    step uses up the gradients.

    Source: Chaudhari (2018), sections 3.2.2, 3.2.3, 3.3.2, 4.6.1.1, 5.2.2.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimizer = EntropySGD([w], L=2, lr_inner=0.5, gamma=float("inf"), temperature=0.0)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (0.5 * w.square().sum()).backward()
    ...     optimizer.step()
    ...     with optimizer.solution():
    ...         print(w.item())
    1.0
    0.34375
    """

    draws = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | None = None,
        lr_inner: float = 0.1,
        gamma: float | None = None,
        L: int | None = None,
        alpha: float | None = None,
        temperature: float | None = None,
        momentum: float = 0.0,
        momentum_outer: float | None = None,
        weight_decay: float = 0.0,
        *,
        gamma_decay: float | None = None,
        scoping: scopes.Schedule | Mapping[str, Any] | None = None,
        inner_buffer: str = "reset",
        form: str = "A",
        convention: str = "thesis",
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        choices = {"form": form, "convention": convention}
        require(self, choices, form=one_of(*FORMS), convention=one_of(*CONVENTIONS))
        authors = convention != "thesis"
        if authors and form != "A":
            raise HyperparameterError(
                f"convention={convention!r} is a program of chapter 3: form must be 'A', not "
                f"{form!r}."
            )
        stated = FORMS[form]
        if form == "C" and temperature:
            raise HyperparameterError("Form 'C' adds no noise: temperature must be 0 or left out.")
        length = stated["L"] if L is None else L
        schedule = scopes.resolve(scoping, gamma_decay, 0.0 if convention == "authors" else 1e-3)
        if form == "B":
            gamma, schedule = scopes.matched(gamma, length, lr_inner, scoping, gamma_decay)
        defaults = {
            "lr": stated["lr"] if lr is None else lr,
            "lr_inner": lr_inner,
            "gamma": stated["gamma"] if gamma is None else gamma,
            "alpha": (0.75 if authors else 0.25) if alpha is None else alpha,
            "temperature": stated["temperature"] if temperature is None else temperature,
            "momentum": momentum,
            "momentum_outer": momentum_outer,
            "weight_decay": weight_decay,
        }
        super().__init__(
            params,
            defaults,
            scoping=schedule,
            recipe={"L": length, "inner_buffer": inner_buffer, **choices},
            generator=generator,
            check_finite=check_finite,
        )

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        if self._lua and group["momentum_outer"]:
            raise HyperparameterError(
                "convention='authors-lua' has no outer momentum: momentum_outer must be 0 or left "
                "out."
            )
        if self._recipe["form"] == "B":
            require(self, group, gamma=finite("in form 'B'"))
            inner_stability.warn_if_still(self, group)

    @property
    def noise_factor(self) -> float:
        """c in the noise's variance, c lr_inner temperature."""
        return FORMS[self._recipe["form"]]["noise_factor"]

    def _outer(
        self, group: dict[str, Any], xs: list[Tensor], ds: list[Tensor], states: list[dict]
    ) -> None:
        if self._recipe["form"] == "B":
            torch._foreach_div_(ds, self.scope(group))
        decay = group["weight_decay"] if self._recipe["convention"] == "authors" else 0.0
        self._nesterov_outer(group, xs, ds, states, decay)

    # The authors' recurrences

    @property
    def _lua(self) -> bool:
        return self._recipe["convention"] == "authors-lua"

    @property
    def _lead_steps(self) -> int:
        return int(self._recipe["convention"] != "thesis")

    def _momentum_outer(self, group: dict[str, Any]) -> float:
        return 0.0 if self._lua else super()._momentum_outer(group)

    def _scope_time(self) -> int:
        # The Lua program counts the gradient at x before it asks for the scope.
        return self.updates + self._lua

    def _force_limit(self, group: dict[str, Any]) -> float:
        # The programs' force acts beside the momentum.
        return super()._force_limit(group) if self._recipe["convention"] == "thesis" else 2.0

    def _lead(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        if self._momentum_outer(group) > 0:
            for p, g in zip(params, grads, strict=True):
                if "outer" not in self.state[p]:
                    self.state[p]["outer"] = torch.empty_like(p, requires_grad=False).copy_(g)

    def _descend(
        self,
        group: dict[str, Any],
        params: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Any]],
        rate: float,
        restart: bool,
    ) -> None:
        if self._recipe["convention"] == "thesis":
            super()._descend(group, params, grads, states, rate, restart)
            return
        entropy_step(
            params,
            grads,
            states,
            rate=rate,
            scope=self.scope(group),
            momentum=group["momentum"],
            weight_decay=group["weight_decay"],
            restart=restart,
            lua=self._lua,
        )
