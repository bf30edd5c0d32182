"""Complexity gradient descent whose L2 strength falls with the loss (matched annealing)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from .complexity_gd import ComplexityGD
from .processes import common_loss
from .rules import POSITIVE, HyperparameterError, count, one_of, require

WEIGHT = (
    lambda v: v is None or (POSITIVE[0](v) and v <= 1),
    "None or in (0, 1]",
)


class MatchedCGD(ComplexityGD):
    r"""Complexity gradient descent, matched annealing (Algorithm 1 of the work).

    ::

        lambda_i = lambda_0 S_K(L(i) / L(0))
        d = g + 2 lambda_i w,   w <- w - lr d,   w <- R w / |w|

    S_K smooths over K values of the loss. Call `observe(loss)` with the loss that was
    differentiated before every `step()`, or give `step()` a closure that returns it; a loss on the
    GPU makes the host wait for it.

    Args:
        params, lr: as in `ComplexityGD`, the groups sharing the loss, too; and so are momentum,
            nesterov, projection, radius, steps_per_epoch, generator and check_finite.
        lambda_0: initial strength of the L2 term `lambda |w|^2`, >= 0; keep
            2 lr lambda_0 L(i) / L(0) below 1.
        smoothing: "identity" (K = 1), "moving_average" of the last K values, or "exponential":
            s <- s + weight (L(i) / L(0) - s), from s = 1.
        K: memory, >= 1, in units of i; 1 with "identity".
        weight: of the newest value, in (0, 1], for "exponential"; None is 2 / (K + 1), which gives
            the smoother the mean age of a moving average over K values. The work states none.
        initial: what lambda is during the K initial steps (i < K), which fill the memory. The work
            does not say: "lambda_0", its name for the strength at the start, or "zero", plain
            descent on L. The weights are projected in these steps, too.
        loss_over: process group over which the observed loss is averaged, as DDP and FSDP average
            the gradients: without it each process would follow a strength of its own. False: this
            process trains a network of its own. Must be said where there are several processes.

    L(0) is the first loss observed, that of a mini-batch at the initial weights unless more is
    passed. With steps_per_epoch = 1, L(i) is the loss of step i itself. Otherwise it is the mean
    over the epoch that ended before epoch i, since the own mean of an epoch is not known within it.

    Raises:
        HyperparameterError: a setting outside these ranges; a loss that the rule cannot follow:
            L(0) not positive or not finite, a later loss negative.
        RuntimeError: `step()` without an observed loss.

    Memory: one copy of the weights, themselves included, and two with momentum.

    Adding a constant to L changes lambda_i. The work says that exponential smoothing can prevent
    this; being linear in L, it does not.

    Source: Richemond and Guo (2019), section 4, Algorithm 1, eq. (17).

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    >>> optimizer = MatchedCGD([w], lambda_0=0.1, lr=0.1)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     loss = w[0] ** 2
    ...     loss.backward()
    ...     optimizer.observe(loss)
    ...     optimizer.step()
    ...     print(round(loss.item(), 3), round(optimizer.strength(), 4), round(w.norm().item(), 3))
    9.0 0.1 5.0
    6.568 0.073 5.0
    4.615 0.0513 5.0
    """

    def __init__(
        self,
        params: Iterable[Any],
        lambda_0: float,
        lr: float = 0.1,
        smoothing: str = "identity",
        K: int = 1,
        weight: float | None = None,
        *,
        initial: str = "lambda_0",
        loss_over: Any = None,
        **shared: Any,
    ) -> None:
        self.loss_over = loss_over
        own = {"smoothing": smoothing, "K": K, "weight": weight, "initial": initial}
        require(
            self,
            own,
            smoothing=one_of("identity", "moving_average", "exponential"),
            K=count(1),
            weight=WEIGHT,
            initial=one_of("lambda_0", "zero"),
        )
        if smoothing == "identity":
            require(self, own, K=(lambda v: v == 1, "1 with smoothing='identity'"))
        if smoothing != "exponential":
            unused = (lambda v: v is None, "None but with smoothing='exponential'")
            require(self, own, weight=unused)
        # What is known of the loss, all of it numbers: the one not yet used; L(0); the last K
        # ratios L(i) / L(0); their smoothed value; the sum over the epoch so far; lambda / lambda_0
        self._losses: dict[str, Any] = {
            "seen": None, "first": None, "memory": [], "smooth": 1.0, "sum": 0.0, "factor": 1.0,
        }  # fmt: skip
        super().__init__(params, lambda_0, lr, **own, **shared)

    def observe(self, loss: Tensor | float | None) -> None:
        """Tell the loss that the next step's gradient belongs to; the last one told counts."""
        if loss is not None:
            self._losses["seen"] = float(loss.detach() if isinstance(loss, Tensor) else loss)

    def _before_update(self) -> None:
        self._follow()
        super()._before_update()

    def _follow(self) -> None:
        known, recipe = self._losses, self._recipe
        loss = known["seen"]
        if loss is None:
            raise RuntimeError(
                "MatchedCGD follows the loss: call observe(loss) before every step(), or give "
                "step() a closure that returns the loss."
            )
        loss = common_loss(self, self.loss_over, loss, self.param_groups[0]["params"][0].device)
        if known["first"] is None and not (loss > 0 and math.isfinite(loss)):
            raise HyperparameterError(
                f"MatchedCGD divides by the first loss, which must be positive and finite, not "
                f"{loss!r}; start elsewhere, or use CosineCGD, which follows no loss."
            )
        if loss < 0:
            raise HyperparameterError(
                f"MatchedCGD: the loss has become {loss!r}, and lambda_i with it negative; add the "
                "loss's lower bound, or use CosineCGD, which follows no loss."
            )
        known["seen"] = None
        length = recipe["steps_per_epoch"]
        i, place = divmod(self.iteration, length)
        if known["first"] is None:
            known["first"] = loss
            self._enter(1.0)
        elif length == 1:
            self._enter(loss / known["first"])
        elif place == 0:
            self._enter(known["sum"] / length / known["first"])
            known["sum"] = 0.0
        known["sum"] += loss
        if i < recipe["K"]:
            known["factor"] = 1.0 if recipe["initial"] == "lambda_0" else 0.0
        else:
            known["factor"] = known["smooth"]

    def _enter(self, ratio: float) -> None:
        known, recipe = self._losses, self._recipe
        if recipe["smoothing"] == "exponential":
            weight = recipe["weight"]
            weight = 2 / (recipe["K"] + 1) if weight is None else weight
            known["smooth"] += weight * (ratio - known["smooth"])
        else:
            known["memory"] = [*known["memory"], ratio][-recipe["K"] :]
            known["smooth"] = math.fsum(known["memory"]) / len(known["memory"])

    def _strength(self, group: dict[str, Any], i: int) -> float:
        return group["lambda_0"] * self._losses["factor"]

    def _own_state(self) -> dict[str, Any]:
        losses = {**self._losses, "memory": list(self._losses["memory"])}
        return {**super()._own_state(), "losses": losses}

    def _load_own_state(self, state: dict[str, Any]) -> None:
        super()._load_own_state(state)
        self._losses.update(state["losses"], memory=list(state["losses"]["memory"]))

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_losses": self._losses, "loss_over": self.loss_over}
