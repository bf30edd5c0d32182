"""Which device a run uses, and what it may do there."""

from __future__ import annotations

import contextlib
import os

import torch

from landscape.errors import LandscapeError


def pick() -> torch.device:
    """CUDA when there is one, else the CPU; the variable LANDSCAPE_DEVICE overrides.

    Processes that torchrun has started take the GPUs of their machine in turn.

    Raises LandscapeError when the variable names a device that does not exist here.
    """
    wanted = os.environ.get("LANDSCAPE_DEVICE")
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and (rank := os.environ.get("LOCAL_RANK")) is not None:
        wanted = f"cuda:{int(rank) % max(torch.cuda.device_count(), 1)}"
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise LandscapeError(
            f"LANDSCAPE_DEVICE={wanted} cannot be used here; unset it or name cpu or cuda."
        ) from error
    return device


def autocast(device: torch.device, convolutional: bool):
    """bfloat16 autocast for convolutional networks on CUDA; on the CPU it is slower, so nothing."""
    if device.type == "cuda" and convolutional:
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()
