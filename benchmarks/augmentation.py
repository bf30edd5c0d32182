"""What augmenting a batch on its device costs, against torchvision's transforms, image by image.

    OMP_NUM_THREADS=1 python benchmarks/augmentation.py             # a table; seconds
    python benchmarks/augmentation.py --record                      # records/augmentation/DATE.json
    python benchmarks/augmentation.py --check                       # exit status 1 below the target

How. A batch of 128 images of 3 x 32 x 32. Theirs: RandomCrop(32, padding=4), RandomHorizontalFlip,
ToTensor and Normalize on each PIL image, then stacked, as a data loader without workers does it;
and the first two on each float tensor, which are there already. Ours: `landscape.data.flip_crop`
on the batch of float tensors. Each repeat times all of them in turn; on a CPU time is processor
time of the one thread, on a GPU (ours only) it lies between two events.

The JSON: {"machine", "date", "command", "commit", "rows": [...]}, in each row

    name                milliseconds a batch belong to
    milliseconds        median over the repeats
    faster              median of theirs / ours, or null for what has no counterpart
    target              what `faster` must reach, or null
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import recording
import torch

from landscape import data
from landscape.torchvision_cpu import import_torchvision

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "augmentation"
BATCH = 128
TARGET = 10.0


def cases(device: torch.device) -> dict[str, Callable[[], Any]]:
    """What is timed, by name; the first two are theirs."""
    import_torchvision()
    from torchvision import transforms as t

    draws = torch.Generator(device).manual_seed(0)
    bytes_ = torch.randint(256, (BATCH, 3, 32, 32), dtype=torch.uint8)
    pictures = [t.functional.to_pil_image(image) for image in bytes_]
    tensors = bytes_.float() / 255
    x, y = tensors.to(device), torch.arange(BATCH, device=device) % 10
    geometry = [t.RandomCrop(32, padding=4), t.RandomHorizontalFlip()]
    whole = t.Compose([*geometry, t.ToTensor(), t.Normalize((0.5,) * 3, (0.25,) * 3)])
    only = t.Compose(geometry)
    return {
        "torchvision, each PIL image": lambda: torch.stack([whole(image) for image in pictures]),
        "torchvision, each tensor": lambda: torch.stack([only(image) for image in tensors]),
        "flip and crop, the batch": lambda: data.flip_crop(x, draws),
        "flip, crop and mixup, the batch": lambda: data.mixup(
            data.flip_crop(x, draws), y, 1.0, draws
        ),
    }


def seconds(work: Callable[[], Any], device: torch.device) -> float:
    """Time of one call."""
    if device.type == "cpu":
        start = time.process_time()
        work()
        return time.process_time() - start
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    work()
    end.record()
    torch.cuda.synchronize(device)
    return start.elapsed_time(end) / 1000


def measure(device: torch.device, repeats: int) -> list[dict[str, Any]]:
    """The rows."""
    cpu, times, timed = torch.device("cpu"), {}, cases(device)
    for _ in range(repeats + 1):  # the first warms caches up and is thrown away
        for name, work in timed.items():
            where = cpu if name.startswith("torchvision") else device
            times.setdefault(name, []).append(seconds(work, where))
    times = {name: values[1:] for name, values in times.items()}
    ours = times["flip and crop, the batch"]
    rows = []
    for name, values in times.items():
        theirs = name.startswith("torchvision")
        ratio = [a / b for a, b in zip(values, ours, strict=True)]
        rows.append(
            {
                "name": name,
                "milliseconds": 1000 * statistics.median(values),
                "faster": statistics.median(ratio) if theirs else None,
                "target": TARGET if "PIL" in name else None,
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where --check finds a target missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    recording.add_options(parser, FOLDER, 30)
    parser.add_argument("--check", action="store_true", help="status 1 if a target is missed")
    given = parser.parse_args(arguments)
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    rows = measure(device, given.repeats)
    for row in rows:
        faster = "" if row["faster"] is None else f"  batched is {row['faster']:.1f} times faster"
        print(f"{row['name']:34} {row['milliseconds']:8.3f} ms{faster}")
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="augmentation.py",
        arguments=arguments,
    )  # fmt: skip
    missed = [row for row in rows if row["target"] and row["faster"] < row["target"]]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
