"""What benchmarks train on, data of a set's size that are made up, and the clock they look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from landscape.data.canonical import IMAGE_SETS

#: Tokens of training, validation and test of the texts that the works use, and their vocabulary.
SEQUENCES = {
    "text": ((2_556_969, 319_621, 319_621), 82),
    "ptb": ((929_589, 73_760, 82_430), 10_000),
}


def made_up(
    name: str,
    *,
    holdout: float,
    train_samples: int | None,
    test_samples: int | None = None,
    downsample: int = 1,
    classes: list | None = None,
    parity: bool = False,
    device: torch.device | str = "cpu",
    **_: Any,
) -> SimpleNamespace:
    """What ``data.prepare`` would give, with one random image repeated without taking memory."""
    arrays = IMAGE_SETS[name].arrays
    count, *shape = arrays["train_images"].shape
    side, channels = shape[0] // downsample, shape[2] if len(shape) > 2 else 1
    labels = 2 if parity else len(classes or range(10))

    def part(samples: int) -> SimpleNamespace:
        x = torch.randn(1, channels, side, side, device=device)
        y = torch.arange(samples, device=device) % labels
        return SimpleNamespace(x=x.expand(samples, -1, -1, -1), y=y)

    held_out = round(count * holdout)
    test = arrays["test_images"].shape[0]
    return SimpleNamespace(
        train=part(min(train_samples or count, count - held_out)),
        validation=part(held_out) if held_out else None,
        test=part(min(test_samples or test, test)),
    )


def made_up_sequence(
    name: str,
    root: Path | None = None,
    device: torch.device | str = "cpu",
    *,
    train_samples: int | None = None,
    test_samples: int | None = None,
) -> tuple[SimpleNamespace, int]:
    """What ``data.prepare_sequence`` would give, with random tokens."""
    counts, vocabulary = SEQUENCES[name]
    parts = []
    for count, wanted in zip(counts, (train_samples, test_samples, test_samples), strict=True):
        tokens = torch.randint(vocabulary, (1 + min(wanted or count, count - 1),), device=device)
        parts.append(SimpleNamespace(x=tokens[:-1], y=tokens[1:]))
    return SimpleNamespace(train=parts[0], validation=parts[1], test=parts[2]), vocabulary


def timer(device: torch.device) -> Callable[[], float]:
    """The clock: processor time of this thread, or wall time once the GPU has finished."""
    if device.type == "cpu":
        return time.thread_time

    def clock() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return clock
