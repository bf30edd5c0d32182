"""The loss along directions: random ones scaled filter by filter, or eigenvectors.

A network does not change when a layer's weights are multiplied and the next one's divided by the
same number, so that the same step is large for one and small for the other. In a filter-normalised
direction every filter (every row of a matrix, every output channel of a convolution) is as long as
the filter of the weights; biases and the gains of batch normalisation do not move. Step 1 is then
as far as from the filters to zero, and curves of two networks can be compared.

Source: Li, Xu, Taylor, Studer and Goldstein (2018), section 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .mean_loss import MeanLoss


def filter_normalised(f: MeanLoss, direction: Tensor) -> Tensor:
    """`direction` [d] or rows [k, d] with each filter as long as that of `f.weights`.

    Parameters with fewer than two axes get 0, and so does a filter of the direction that is 0.
    """
    if direction.dim() == 2:
        return torch.stack([filter_normalised(f, row) for row in direction])
    _require_size(f, direction)
    parts = []
    own, other = f.unflatten(f.weights), f.unflatten(direction.to(f.weights))
    for name, part in other.items():
        if part.dim() < 2:
            parts.append(torch.zeros(part.numel(), dtype=f.dtype, device=f.device))
            continue
        rows = part.flatten(1)
        lengths = rows.norm(dim=1, keepdim=True)
        wanted = own[name].flatten(1).norm(dim=1, keepdim=True)
        scale = torch.where(lengths > 0, wanted / lengths, torch.zeros_like(lengths))
        parts.append((rows * scale).reshape(-1))
    return torch.cat(parts)


def random_directions(f: MeanLoss, count: int = 1, seed: int = 0) -> Tensor:
    """Filter-normalised Gaussian directions [count, d]; one seed, one result."""
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(count, f.size, generator=generator, dtype=torch.float64)
    return filter_normalised(f, draws)


def loss_along(f: MeanLoss, direction: Tensor, steps: Tensor) -> Tensor:
    """f(w + t v) for every t in `steps` [S] -> [S]; v [d] as it is, not scaled."""
    _require_size(f, direction)
    v = direction.to(f.weights)
    return f.value(f.weights + steps.to(f.weights)[:, None] * v)


def loss_plane(f: MeanLoss, first: Tensor, second: Tensor, steps: Tensor) -> Tensor:
    """f(w + s v1 + t v2) for all pairs of `steps` [S] -> [S (of s), S (of t)]."""
    _require_size(f, second)
    v = second.to(f.weights)
    rows = []
    for s in steps.to(f.weights):
        base = f.weights + s * first.to(f.weights)
        rows.append(f.value(base + steps.to(f.weights)[:, None] * v))
    return torch.stack(rows)


def half_widths(
    f: MeanLoss, direction: Tensor, rise: float, furthest: float = 100.0, tolerance: float = 1e-6
) -> tuple[float, float]:
    """How far backwards and forwards along v the loss first stays within f(w) + rise.

    Doubling steps look for a point above, bisection closes in: a wall thinner than the step is
    not seen. For a quadratic with curvature c along v of length 1, at its minimum, both are
    sqrt(2 rise / c).

    Args:
        f: The loss.
        direction: v [d].
        rise: > 0, in units of the loss.
        furthest: Multiple of v where the search ends; the result is inf there.
        tolerance: Relative error.

    Returns:
        (backwards, forwards), multiples of v, >= 0.
    """
    _require_size(f, direction)
    if not rise > 0:
        raise ValueError(f"rise must be a positive number, not {rise!r}.")
    v, level = direction.to(f.weights), float(f.value(f.weights)) + rise

    def above(t: float) -> bool:
        return not float(f.value(f.weights + t * v)) <= level  # NaN is above

    def search(sign: int) -> float:
        low, high = 0.0, 1e-3
        while not above(sign * high):
            if high >= furthest:
                return float("inf")
            low, high = high, min(2 * high, furthest)
        while high - low > tolerance * high:
            middle = (low + high) / 2
            low, high = (low, middle) if above(sign * middle) else (middle, high)
        return (low + high) / 2

    return search(-1), search(1)


def _require_size(f: MeanLoss, direction: Tensor) -> None:
    if direction.shape != (f.size,):
        raise ValueError(
            f"A direction has one entry for each of the {f.size} weights, not the shape "
            f"{list(direction.shape)}."
        )
