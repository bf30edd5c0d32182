"""What one may do to a running optimizer by hand: give noise, read the answer, settle there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from . import sixteen_bit
from .processes import as_laid_out
from .rules import HyperparameterError

NoiseSource = Callable[[Tensor], Tensor]


class HandsOn:
    """The part of `LandscapeOptimizer` that needs no knowledge of the method.

    >>> from landscape.optim import EntropySGD
    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> optimizer = EntropySGD([w], L=5, lr_inner=0.5, temperature=1.0, gamma=float("inf"))
    >>> optimizer.set_noise(torch.ones_like)       # in place of N(0, 1) numbers
    >>> w.grad = torch.zeros(2)
    >>> optimizer.step()
    >>> w.tolist(), optimizer.answer()             # y has moved, x has not
    ([1.0, 1.0], [tensor([0., 0.])])
    >>> optimizer.settle()
    >>> w.tolist()
    [0.0, 0.0]
    """

    #: Whether the method draws random numbers.
    draws = False
    param_groups: list[dict[str, Any]]
    _sources: list[NoiseSource]
    _swapped: list[Any]
    _watch: Any

    def _refuse_in_solution(self, call: str) -> None:
        raise NotImplementedError

    def _refuse_outside_change(self, call: str) -> None:
        raise NotImplementedError

    def _answers(self) -> Iterable[tuple[Tensor, Tensor]]:
        raise NotImplementedError

    def _drop_cycle(self) -> None:
        """Hook of `settle`: forget the steps since the last move of the answer."""

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    # the answer

    @torch.no_grad()
    def answer(self) -> list[Tensor]:
        """What `solution()` would put into the parameters: new tensors, in their order."""
        if self._swapped:
            return [p.detach().clone() for p in self._parameters()]
        self._refuse_outside_change("answer")
        return self._copies(lambda: dict(self._answers()))

    def _copies(self, find: Callable[[], dict[Tensor, Tensor]]) -> list[Tensor]:
        """New tensors, one a parameter and of its type: what `find` has for it, else itself."""
        kinds = [p.dtype for p in self._parameters()]
        with sixteen_bit.widened(self):
            found = find()
            return [found.get(p, p).detach().to(kind, copy=True)
                    for p, kind in zip(self._parameters(), kinds, strict=True)]  # fmt: skip

    @torch.no_grad()
    def settle(self) -> None:
        """Put the answer into the parameters for good and begin anew from there.

        To be called before weights are exported, frozen, or changed by hand. The steps since the
        answer last moved are given up; momenta, schedules and counts of updates stay. With several
        processes all of them must call it.
        """
        self._refuse_in_solution("settle")
        self._refuse_outside_change("settle")
        with sixteen_bit.widened(self):
            for parameter, value in list(self._answers()):
                parameter.copy_(value)
            self._drop_cycle()
        self._watch.forget()

    # the noise

    def set_noise(self, source: NoiseSource | None) -> None:
        """Take random numbers from `source(parameter)` in place of the generator's; None: no more.

        The source gives a tensor of the parameter's shape where independent N(0, 1) numbers are
        due; the method scales it. It is called in the order of the parameters, for one of 16 bits
        with its float32 copy, and is not saved with the state. Where the parameters are sharded,
        it may give the whole tensor, the same in all processes.

        Raises:
            HyperparameterError: the method draws nothing, or the source cannot be called.
        """
        if not self.draws:
            raise HyperparameterError(f"{type(self).__name__} draws no random numbers.")
        if source is not None and not callable(source):
            raise HyperparameterError(
                f"{type(self).__name__}: a source of noise is a function of a parameter, not "
                f"{source!r}."
            )
        self._sources[:] = [] if source is None else [source]

    def _given(self, parameter: Tensor, scale: float, out: Tensor | None) -> Tensor:
        """The source's numbers times `scale`, as `_normal_like` returns its own."""
        numbers = self._sources[0](parameter)
        if numbers is not None:
            numbers = torch.as_tensor(numbers)
        if numbers is None or numbers.shape != parameter.shape:
            given = "nothing" if numbers is None else f"the shape {tuple(numbers.shape)}"
            raise HyperparameterError(
                f"{type(self).__name__}: the source of noise gave {given} for a parameter of shape "
                f"{tuple(parameter.shape)}; it must give the same."
            )
        if out is None:
            out = torch.empty_like(parameter, requires_grad=False)
        return out.copy_(as_laid_out(numbers, out)).mul_(scale)
