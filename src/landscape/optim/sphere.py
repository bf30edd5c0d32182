"""The length of all weights as one vector, and weights rescaled to a length."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .processes import is_sharded

ROW = 256


@torch.no_grad()
def length(params: Sequence[Tensor]) -> Tensor:
    """`|w|` of all tensors as one vector: a scalar tensor in float64, where the device has that.

    On a CPU, rows of `ROW` numbers in float32 and half types are summed in float32 first, a tenth
    of the time; the relative error is that of one float32.

    >>> length([torch.full((4,), 2.0), torch.tensor(3.0)]).item()
    5.0
    """
    params = [p for p in params if p.numel()]
    if not params:
        return torch.zeros((), dtype=torch.float64)
    device = params[0].device
    kind = torch.float32 if device.type == "mps" else torch.float64
    norms = torch._foreach_norm([v for p in params for v in _pieces(p)], 2, dtype=kind)
    return torch.linalg.vector_norm(torch.stack([n.to(device) for n in norms]))


def _pieces(parameter: Tensor) -> list[Tensor]:
    """Vectors of the same length together, fewer numbers where that saves time."""
    rows = parameter.numel() // ROW * ROW
    exact = parameter.dtype == torch.float64
    flat = parameter.device.type == "cpu" and parameter.is_contiguous()
    if exact or not rows or not flat or is_sharded(parameter):
        return [parameter]
    flat = parameter.view(-1)
    table = torch.linalg.vector_norm(flat[:rows].view(-1, ROW), dim=1, dtype=torch.float32)
    return [table, flat[rows:]] if rows < flat.numel() else [table]


@torch.no_grad()
def to_length(params: Sequence[Tensor], radius: float, *, host: bool = True) -> bool:
    """Rescale all tensors together, in place, so that `|w| = radius`; False if w = 0.

    host=False never asks the device for the length: then zero is not noticed, it becomes NaN.

    >>> w = torch.tensor([3.0, 4.0])
    >>> to_length([w], 10.0), w.tolist()
    (True, [6.0, 8.0])
    """
    params = [p for p in params if p.numel()]
    # What the weights' own rounding leaves, or that of the sum of millions of squares.
    rounding = max(1e-14, *(torch.finfo(p.dtype).eps for p in params))
    scale = radius / length(params)
    if host:
        if scale.isinf():
            return False
        if abs(float(scale) - 1) <= rounding:
            return True
    else:
        scale = torch.where((scale - 1).abs() <= rounding, torch.ones_like(scale), scale)
    parts: dict[tuple, list[Tensor]] = {}
    for p in params:
        parts.setdefault((p.device, p.dtype), []).append(p)
    for (device, dtype), ps in parts.items():
        # The fast kernels want the number in the weights' type, which half types would round.
        exact = scale.dtype if torch.finfo(dtype).bits < 32 else dtype
        torch._foreach_mul_(ps, scale.to(device, exact))
    return True
