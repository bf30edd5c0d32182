"""Annealed gradient noise: the field of AnnealSGD, drawn anew at every iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .anneal_sgd import AnnealSGD
from .rules import HyperparameterError


class ResampledNoise(AnnealSGD):
    r"""The works' comparison for AnnealSGD: the same scale, another direction at every iteration.

    ::

        h^(i) ~ J sqrt(p (p - 2)) N(0, I)
        the base's step with g + sqrt(2) exp(-i / (2 tau0)) h^(i)

    Arguments, errors and the two named options are those of `AnnealSGD`. The variance schedule of
    the baseline is not stated in the works (they cite Neelakantan et al., 2015); taking AnnealSGD's
    own makes the two differ in nothing but the redrawing. The field of the next step is drawn ahead
    when `perturbation()` asks for it, and kept until used.

    Memory: as `AnnealSGD`, three copies of the weights with base="sgd" and four with "adam", since
    h^(i) stays, as the place of the next one.

    Source: Chaudhari (2018), section 2.4.3.2; Chaudhari and Soatto (2015), section 5.6.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.zeros(3))
    >>> draws = torch.Generator().manual_seed(0)
    >>> optimizer = ResampledNoise([w], J=0.1, tau0=10, layers=4, lr=1.0, generator=draws)
    >>> first, = optimizer.perturbation()
    >>> w.grad = torch.zeros(3)
    >>> optimizer.step()
    >>> second, = optimizer.perturbation()
    >>> bool(torch.allclose(w, -first)), bool(torch.allclose(first, second))
    (True, False)
    """

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        tensors, numbers = super()._kept(group, place)
        return tensors, [*numbers, "drawn_for"] if group["J"] > 0 else numbers

    def set_field(self, field: Sequence[Tensor | None]) -> None:
        """Refused: there is no field that stays; see `set_noise`."""
        raise HyperparameterError(
            "ResampledNoise draws its field anew for each step; hand numbers in by set_noise()."
        )

    def _draw(self, parameter: Tensor, spread: float) -> None:
        state = self.state[parameter]
        if state.get("drawn_for") != self.iteration:
            state["field"] = self._normal_like(parameter, spread, out=state.get("field"))
            state["drawn_for"] = self.iteration
