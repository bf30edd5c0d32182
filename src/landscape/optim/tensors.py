"""Lists of tensors as the optimizers walk through them: for one fused call, or piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from .processes import is_sharded

# Not 16 bits, where torch 2.13 on a CPU leaves most numbers as they are: see `sixteen_bit`.
FUSED_TYPES = (torch.float32, torch.float64)
# Elements handled together on a CPU: what one pass writes, the next finds in the cache.
CHUNK = 1 << 17


def buckets(
    params: Sequence[Tensor], *columns: Sequence[Any], key: Sequence[Any] | None = None
) -> Iterator[tuple]:
    """Split parallel lists so that one fused call can take each part.

    Yields `(key value, fused, params, *columns)`: same device, same type, same `key` entry; `fused`
    is False where the one-pass kernels must not be used (they read raw memory, so every tensor
    needs the same dense layout).

    >>> ws = [torch.zeros(3), torch.zeros(2, dtype=torch.float64), torch.zeros(4)]
    >>> [(fused, len(params)) for _, fused, params in buckets(ws)]
    [(True, 2), (True, 1)]
    """
    parts: dict[tuple, list[int]] = {}
    for i, p in enumerate(params):
        dense = p.is_contiguous() or (
            p.dim() == 4 and p.is_contiguous(memory_format=torch.channels_last)
        )
        stride = p.stride()
        fused = (
            dense
            and p.dtype in FUSED_TYPES
            and p.device.type in ("cpu", "cuda")
            and all(c[i].stride() == stride and c[i].dtype == p.dtype for c in columns)
        )
        parts.setdefault((None if key is None else key[i], fused, p.device, p.dtype), []).append(i)
    for (value, fused, _, _), where in parts.items():
        yield (value, fused, [params[i] for i in where], *([c[i] for i in where] for c in columns))


def chunks(params: Sequence[Tensor]) -> Iterator[slice]:
    """Consecutive parameters, about `CHUNK` elements at a time on a CPU, else all of them.

    A temporary of one chunk holds that many numbers, or those of the largest parameter. Nothing is
    yielded for no parameters.

    >>> list(chunks([torch.zeros(100_000), torch.zeros(30_000), torch.zeros(9_000)]))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if not params:
        return
    start = size = 0
    if params[0].device.type == "cpu":
        for i, p in enumerate(params):
            if i > start and size + p.numel() > CHUNK:
                yield slice(start, i)
                start, size = i, 0
            size += p.numel()
    yield slice(start, len(params))


def copy_all(targets: Sequence[Tensor], sources: Sequence[Tensor]) -> None:
    """`torch._foreach_copy_`, also for DTensors (laid out alike), which it does not know.

    >>> target = torch.zeros(2)
    >>> copy_all([target], [torch.ones(2)])
    >>> target.tolist()
    [1.0, 1.0]
    """
    if not targets:
        return
    torch._foreach_copy_([_local(t) for t in targets], [_local(s) for s in sources])


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if is_sharded(tensor) else tensor


def exchange(pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Give each of two tensors the other's values, bit for bit, pair by pair.

    >>> a, b = torch.tensor([1.0]), torch.tensor([2.0])
    >>> exchange([(a, b)])
    >>> a.item(), b.item()
    (2.0, 1.0)
    """
    for one, other in pairs:
        kept = one.clone()
        one.copy_(other)
        other.copy_(kept)
