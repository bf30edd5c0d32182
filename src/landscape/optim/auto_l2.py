"""AutoL2: an L2 strength that starts large and is divided down when training gets worse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .rules import AT_LEAST_ZERO, POSITIVE, SWITCH, HyperparameterError, count, plain, require

ABOVE_ONE = (lambda v: POSITIVE[0](v) and v > 1, "a number above 1")
Measured = Tensor | float | None


class AutoL2:
    r"""Schedule of the L2 strength lambda by the training loss and error (AutoL2, SM E).

    It sets `weight_decay` = lambda in the optimizer, whose gradient lambda w belongs to the term
    `lambda |w|^2 / 2` of the work. At every `every`-th step t the training loss without that term
    and the training error are measured; with A, B their minima so far, infinite at first::

        up = (loss_t > A and loss_{t-k} > A) or (error_t > B and error_{t-k} > B)
        if up and t > wait:  lambda <- lambda / factor,  wait <- t + refractory / lambda
        else:                A <- min(A, loss_{t-k}),  B <- min(B, error_{t-k})

    with k = `every` and the new lambda in `wait`. As printed: the minima lag one measurement, since
    they take in the one before (which changes no decision by itself: two measurements in a row must
    be above them); a decay does not reset them, but what was measured just before it is never taken
    in, not even a new minimum of the other quantity; within the refractory period they move on.
    Corrected: the listing compares errors with ERROR, which is not a minimum (erratum 25).

    Call `step` after every step of the optimizer (of a method with an inner loop: after every
    update of its answer, since t counts updates of the weights), and measure when `due`::

        if auto.due:
            auto.step(loss, error)
        else:
            auto.step()

    or `auto.step(measure=f)` with a function that returns (loss, error) and is only called when
    due. Whether the work measures on a mini-batch or on the training set is not stated.

    Args:
        optimizer: any whose groups have `weight_decay`, torch's too. In some (torch's AdamW)
            weight decay is not the gradient of an L2 term; the work means an L2 term.
        initial: first lambda, > 0; 0.1 in the work.
        factor: what a decay divides by, > 1; 10 in the work.
        every: steps between measurements, >= 1; the work says 10 (SM A) and 5 (SM E).
        refractory: time without decay in units of 1 / lambda steps, >= 0; 0.1 in the work.
        groups: indices of the parameter groups to act on; None: all, those added later included.
            The others keep their weight_decay (0 on biases, say).
        printed: take the listing literally, reading ERROR as error_t itself. Nothing is greater
            than itself, so the error never causes a decay.

    Raises:
        HyperparameterError: a setting outside these ranges, a group without `weight_decay`, or no
            measurement when one is due.

    The strengths of the work belong to the loss CE / (2 k), k classes: with the plain cross-entropy
    the same balance needs 2 k times the lambda. A measurement that is not a number counts as
    infinite. The work finds no gain together with a learning-rate schedule.

    Source: Lewkowycz and Gur-Ari (2020), section 3, SM A and SM E.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.ones(2))
    >>> auto = AutoL2(torch.optim.SGD([w], lr=0.1), every=2)
    >>> for loss in (3.0, 2.0, 1.0, 2.5, 2.6, 2.7):
    ...     if not auto.due:
    ...         _ = auto.step()
    ...     print(auto.step(loss, error=0.0), auto.strength)
    False 0.1
    False 0.1
    False 0.1
    False 0.1
    True 0.01
    False 0.01
    >>> auto.history
    [(0, 0.1), (10, 0.01)]
    >>> auto.optimizer.param_groups[0]["weight_decay"]
    0.01
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        initial: float = 0.1,
        factor: float = 10.0,
        every: int = 10,
        refractory: float = 0.1,
        groups: Iterable[int] | None = None,
        *,
        printed: bool = False,
    ) -> None:
        settings = {
            "initial": initial, "factor": factor, "every": every, "refractory": refractory,
            "printed": printed,
        }  # fmt: skip
        require(
            self,
            settings,
            initial=POSITIVE,
            factor=ABOVE_ONE,
            every=count(1),
            refractory=AT_LEAST_ZERO,
            printed=SWITCH,
        )
        self._settings = settings = {k: plain(v) for k, v in settings.items()}
        self.optimizer = optimizer
        self.groups = None if groups is None else tuple(groups)
        self._steps = 0
        self._lambda = float(initial)
        self._wait = 0.0
        self._minima = [math.inf, math.inf]
        self._last = [math.inf, math.inf]
        #: Changes of lambda, (step, new value), the start included.
        self.history: list[tuple[int, float]] = [(0, self._lambda)]
        self._apply()

    @property
    def strength(self) -> float:
        """lambda, as the optimizer's next step will use it."""
        return self._lambda

    @property
    def due(self) -> bool:
        """Whether the coming call of `step` takes a measurement."""
        return (self._steps + 1) % self._settings["every"] == 0

    def step(
        self,
        loss: Measured = None,
        error: Measured = None,
        *,
        measure: Callable[[], tuple[Measured, Measured]] | None = None,
    ) -> bool:
        """Count one step of the optimizer and measure if due; True if lambda has been divided.

        Args:
            loss: training loss without the L2 term, read only when `due`; a tensor on a GPU then
                makes the host wait for it.
            error: training error, in any unit; read likewise.
            measure: returns (loss, error); called only when `due`, instead of the two.
        """
        if self.due and measure is not None:
            loss, error = measure()
        if self.due and (loss is None or error is None):
            raise HyperparameterError(
                f"AutoL2 needs the training loss and error of step {self._steps + 1}: give both to "
                "step() whenever `due` is True, or a function as measure=."
            )
        due = self.due
        self._steps += 1
        decayed = due and self._judge([_number(loss), _number(error)])
        self._apply()
        return decayed

    def _judge(self, now: list[float]) -> bool:
        t, before = self._steps, self._last
        self._last = now
        bounds = [self._minima[0], now[1] if self._settings["printed"] else self._minima[1]]
        up = any(a > m and b > m for a, b, m in zip(now, before, bounds, strict=True))
        if up and t > self._wait:
            self._lambda /= self._settings["factor"]
            self._wait = t + self._settings["refractory"] / self._lambda
            self.history.append((t, self._lambda))
            return True
        self._minima = [min(m, b) for m, b in zip(self._minima, before, strict=True)]
        return False

    def _apply(self) -> None:
        groups = self.optimizer.param_groups
        for index in range(len(groups)) if self.groups is None else self.groups:
            if index not in range(len(groups)):
                raise HyperparameterError(
                    f"AutoL2: there is no parameter group {index!r}; the optimizer has "
                    f"{len(groups)}, counted from 0."
                )
            if "weight_decay" not in groups[index]:
                raise HyperparameterError(
                    f"AutoL2 sets weight_decay, which {type(self.optimizer).__name__} does not "
                    "have; wrap an optimizer with weight decay, SGD or Adam for example."
                )
            groups[index]["weight_decay"] = self._lambda

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly; the optimizer saves its own state."""
        return {
            "settings": dict(self._settings),
            "steps": self._steps,
            "lambda": self._lambda,
            "wait": self._wait,
            "minima": list(self._minima),
            "last": list(self._last),
            "history": list(self.history),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned, and set the optimizer's weight decay."""
        if state_dict["settings"] != self._settings:
            raise HyperparameterError(
                f"This state of AutoL2 was saved with {state_dict['settings']}, not with "
                f"{self._settings}; build it with the same settings."
            )
        self._steps = state_dict["steps"]
        self._lambda = state_dict["lambda"]
        self._wait = state_dict["wait"]
        self._minima = list(state_dict["minima"])
        self._last = list(state_dict["last"])
        self.history = [tuple(entry) for entry in state_dict["history"]]
        self._apply()


def _number(value: Measured) -> float:
    value = float(value.detach() if isinstance(value, Tensor) else value)
    return math.inf if math.isnan(value) else value
