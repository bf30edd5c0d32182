"""Complexity gradient descent whose L2 strength follows a cosine with restarts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .complexity_gd import ComplexityGD
from .rules import POSITIVE, require


class CosineCGD(ComplexityGD):
    r"""Complexity gradient descent, cosine annealing (Algorithm 2 of the work).

    ::

        lambda_i = lambda_0 (1 + cos(2 pi i / T))
        d = g + 2 lambda_i w,   w <- w - lr d,   w <- R w / |w|

    lambda_i runs from 2 lambda_0 through 0 at half the period back to 2 lambda_0.

    Args:
        params, lr: as in `ComplexityGD`; and so are momentum, nesterov, projection, radius,
            steps_per_epoch, generator and check_finite.
        lambda_0: mean strength of the L2 term `lambda |w|^2`, >= 0; keep 4 lr lambda_0 below 1.
        T: restarting period, > 0, in units of i; none is stated.

    Raises:
        HyperparameterError: a setting outside these ranges.

    Memory: one copy of the weights, themselves included, and two with momentum.

    Source: Richemond and Guo (2019), section 4, Algorithm 2.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    >>> optimizer = CosineCGD([w], lambda_0=0.1, T=4, lr=0.5)
    >>> for _ in range(5):
    ...     optimizer.zero_grad()
    ...     (0.5 * w[0] ** 2).backward()
    ...     optimizer.step()
    ...     print(round(optimizer.strength(), 3), [round(x, 3) for x in w.tolist()])
    0.2 [1.354, 4.813]
    0.1 [0.62, 4.961]
    0.0 [0.312, 4.99]
    0.1 [0.139, 4.998]
    0.2 [0.052, 5.0]
    """

    def __init__(
        self, params: Iterable[Any], lambda_0: float, T: float, lr: float = 0.1, **shared: Any
    ) -> None:
        require(self, {"T": T}, T=POSITIVE)
        super().__init__(params, lambda_0, lr, T=T, **shared)

    def _strength(self, group: dict[str, Any], i: int) -> float:
        return group["lambda_0"] * cosine(i, self._recipe["T"])


def cosine(i: int, period: float) -> float:
    """1 + cos(2 pi i / period), in [0, 2]; the same numbers in every period."""
    return 1 + math.cos(2 * math.pi * (i % period / period))
