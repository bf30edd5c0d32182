"""Which device a run uses, and what it may do there."""

from __future__ import annotations

import contextlib
import os

import torch

from landscape.errors import LandscapeError


def pick() -> torch.device:
    """CUDA when there is one, else the CPU; the variable LANDSCAPE_DEVICE overrides.

    Raises LandscapeError when the variable names a device that does not exist here.
    """
    wanted = os.environ.get("LANDSCAPE_DEVICE")
    if wanted is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
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
