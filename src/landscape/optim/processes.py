"""Optimizers whose network is shared by several processes (DDP, FSDP, ZeRO): what must be equal."""

from __future__ import annotations

import sys
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from .rules import HyperparameterError


def several() -> int:
    """Number of processes of torch.distributed, 1 without it.

    >>> several()
    1
    """
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def refuse_unequal_noise(owner: Any) -> None:
    """Refuse noise from the processes' global generators, which nobody keeps equal.

    Raises:
        HyperparameterError: there are several processes and no generator was given.
    """
    silent = owner.generator is None and not owner._sources
    if silent and several() > 1 and owner._draws_noise():
        raise HyperparameterError(
            f"{type(owner).__name__} draws random numbers, and the {several()} processes of "
            "torch.distributed would each draw their own: pass generator=torch.Generator()"
            ".manual_seed(seed), the same seed in all processes that share a network (DDP, FSDP), "
            "another one in each that trains a network of its own."
        )


def common_loss(owner: Any, group: Any, loss: float, device: torch.device) -> float:
    """The mean of a loss over the processes of `group`; the loss itself where that is False.

    Raises:
        HyperparameterError: there are several processes, and `group` is None: nothing was said.
    """
    if group is None:
        if several() > 1:
            raise HyperparameterError(
                f"{type(owner).__name__} follows the loss, and the {several()} processes of "
                "torch.distributed have one each: pass loss_over=torch.distributed.group.WORLD to "
                "follow their mean (DDP, FSDP), or loss_over=False where each trains a network of "
                "its own."
            )
        return loss
    if group is False:
        return loss
    total = torch.tensor(loss, dtype=torch.float64, device=device)
    dist.all_reduce(total, group=group)
    return total.item() / dist.get_world_size(group)


def refuse_shards(owner: Any) -> None:
    """Refuse `ZeroRedundancyOptimizer` as the builder of an optimizer that it would break.

    It gives each process some of the parameters, keeps nothing but their states, and knows no
    `solution()`.

    Raises:
        HyperparameterError: it is building an optimizer that is more than a rule for each weight.
    """
    if several() == 1 or owner.weight_by_weight:
        return
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "torch.distributed.optim.zero_redundancy_optimizer":
            raise HyperparameterError(
                f"{type(owner).__name__} cannot work inside ZeroRedundancyOptimizer, which saves "
                "neither its counters nor its generator and shows it a part of the weights; shard "
                "the model with torch.distributed.fsdp.fully_shard instead."
            )
        frame = frame.f_back


def refuse_flat(owner: Any, parameter: Tensor) -> None:
    """Refuse the parameters of the older `FullyShardedDataParallel`: unmarked parts of tensors.

    Raises:
        HyperparameterError: a parameter of such a model.
    """
    flat = getattr(parameter, "_is_flat_param", False) or hasattr(parameter, "_fsdp_flattened")
    if flat and not owner.weight_by_weight:
        raise HyperparameterError(
            f"{type(owner).__name__} cannot tell a weight's place in FullyShardedDataParallel; "
            "shard the model with torch.distributed.fsdp.fully_shard instead."
        )


def is_sharded(tensor: Tensor) -> bool:
    """Whether a tensor is a DTensor, as `fully_shard` makes them."""
    return type(tensor).__name__ == "DTensor"


def sharded(whole: Tensor, like: Tensor) -> Tensor:
    """This process's part of a tensor that all processes hold, laid out as `like` is."""
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(
        whole.to(like.device), like.device_mesh, like.placements, src_data_rank=None
    )


def as_laid_out(tensor: Tensor, like: Tensor) -> Tensor:
    """The tensor itself, or, of one that all processes hold whole, the part that `like` has."""
    return sharded(tensor, like) if is_sharded(like) and not is_sharded(tensor) else tensor
