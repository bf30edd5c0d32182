"""HJ: descent on the loss smoothed by the non-viscous Hamilton-Jacobi equation (proximal steps)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from . import inner_stability
from . import scoping as scopes
from .inner_loop import InnerLoopOptimizer
from .rules import finite, one_of, require


class HamiltonJacobi(InnerLoopOptimizer):
    r"""HJ of the thesis, in its two forms, one gradient a `step()`.

    Both seek the proximal point `y* = argmin f(y) + |y - x|^2 / (2 gamma)` and move x along
    `(x - y*) / gamma = grad f(y*)`, the gradient of the loss f smoothed by `u_t = -|grad u|^2 / 2`.

    form="proximal", Entropy-SGD's form B without noise and average. From y = x, with u = 0; L
    times, each with a new mini-batch gradient g at y::

        d = g + weight_decay y + (y - x) / gamma
        u <- momentum u + d,   y <- y - lr_inner (d + momentum u)

    then, inside the L-th step, G = (x - y) / gamma, v <- m v + G, x <- x - lr (G + m v), m =
    momentum_outer, and gamma shrinks.

    form="gradient", eq. (4.42), keeps the distance y from x, y = 0 at the start of a block::

        y <- (1 - lr_inner / gamma) y + lr_inner g(x - y)
        x <- x - lr g(x - y)     at the L-th gradient, the same one as for y's line

    Written for the point x - y, its first line is the inner step above, momentum included, and is
    computed so. Only the outer direction differs: G = g + weight_decay (x - y) at the L-th gradient
    itself; the L-th move of y is then of no use and is left out, so that L = 1 is SGD for every
    gamma. (Resetting y before x moves, as the line after (4.42) can also be read, would make every
    L plain SGD that throws L - 1 gradients away.) The forms agree where the inner loop has
    converged, and for any L if lr_inner = gamma.

    Between steps the parameters hold y (in the second form x - y); `solution()` puts x. The inner
    loop is stable while lr_inner (curvature + 1 / gamma) < 2.

    Args:
        params: tensors, groups or named parameters.
        lr: outer rate eta, the one that schedulers act on; default 0.1, that of form B. A proximal
            step moves x by about lr L lr_inner / gamma of the gradient while that is small, so that
            rates of this size need a gamma of the order of L lr_inner.
        lr_inner: rate eta_y of the inner loop; default 0.1.
        gamma: initial scope, > 0, and finite in the proximal form. No value is stated; the default,
            L lr_inner, gives (x - y) / gamma the magnitude of the gradient, the works' rule. At
            Entropy-SGD's 1e4 x would stand still.
        L: inner steps, >= 1; the work: 5.
        momentum: Nesterov's, of the inner loop, in [0, 1).
        momentum_outer: the same for x; default: `momentum`.
        weight_decay: L2 coefficient, part of the loss f.
        gamma_decay: gamma(t) = gamma / (1 + gamma_decay)^t, t outer updates; default 1e-3, as for
            Entropy-SGD, and where gamma is not given, either, never below 2 lr_inner.
        scoping: another schedule, from `landscape.optim.scoping` or as a mapping with its `kind`.
        inner_buffer: "reset" u at each outer step or "keep" it (not stated).
        form: "proximal" or "gradient".
        generator, check_finite: see `LandscapeOptimizer`; nothing is drawn.

    Raises:
        HyperparameterError: a setting outside these ranges.

    In the second form a parameter without gradient at the L-th step goes back to its x.

    Memory: four copies of the weights, themselves included: y, x, u and v (two without momentum).
    The step uses up the gradients.

    Source: Chaudhari (2018), section 4.6.1.2, eqs. (4.40)-(4.42), Lemmas 4.1-4.3.

    >>> import torch
    >>> for form in ("proximal", "gradient"):
    ...     w = torch.nn.Parameter(torch.tensor([3.0]))
    ...     optimizer = HamiltonJacobi([w], lr=1.0, gamma=2.0, L=100, form=form)
    ...     for _ in range(100):
    ...         optimizer.zero_grad()
    ...         (0.5 * w.square().sum()).backward()    # the proximal point of 3 is 3 / (1 + gamma)
    ...         optimizer.step()
    ...     print(round(w.item(), 4))
    2.0
    2.0
    """

    averages = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.1,
        lr_inner: float = 0.1,
        gamma: float | None = None,
        L: int = 5,
        momentum: float = 0.0,
        momentum_outer: float | None = None,
        weight_decay: float = 0.0,
        *,
        gamma_decay: float | None = None,
        scoping: scopes.Schedule | Mapping[str, Any] | None = None,
        inner_buffer: str = "reset",
        form: str = "proximal",
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        require(self, {"form": form}, form=one_of("proximal", "gradient"))
        gamma, schedule = scopes.matched(gamma, L, lr_inner, scoping, gamma_decay)
        defaults = {
            "lr": lr,
            "lr_inner": lr_inner,
            "gamma": gamma,
            "momentum": momentum,
            "momentum_outer": momentum_outer,
            "weight_decay": weight_decay,
        }
        super().__init__(
            params,
            defaults,
            scoping=schedule,
            recipe={"L": L, "inner_buffer": inner_buffer, "form": form},
            generator=generator,
            check_finite=check_finite,
        )

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        if self._recipe["form"] == "proximal":
            require(self, group, gamma=finite("in the proximal form"))
            inner_stability.warn_if_still(self, group)

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        last = self._counters["phase"] == self.gradients_per_update - 1
        if self._recipe["form"] == "proximal" or not last:
            super()._update(group, params, grads)
            return
        new = [p for p in params if self.state[p].get("cycle") != self.updates]
        self._start(new, [self.state[p] for p in new])
        if group["weight_decay"]:
            torch._foreach_add_(grads, params, alpha=group["weight_decay"])
        states = [self.state[p] for p in params]
        self._outer(group, [s["x"] for s in states], grads, states)

    def _finish(
        self, group: dict[str, Any], params: list[Tensor], xs: list[Tensor], states: list[dict]
    ) -> None:
        if self._recipe["form"] == "proximal":
            # (x - y) / gamma in two passes over memory: with L = 5 the outer step is not rare.
            torch._foreach_sub_(params, xs)
            torch._foreach_div_(params, -self.scope(group))
            self._outer(group, xs, params, states)

    def _outer(
        self, group: dict[str, Any], xs: list[Tensor], ds: list[Tensor], states: list[dict]
    ) -> None:
        self._nesterov_outer(group, xs, ds, states)
