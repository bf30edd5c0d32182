"""How many configurations of a sweep to train together: steps a second, one thread.

    OMP_NUM_THREADS=1 python benchmarks/sweeps.py           # a table; a minute on one core
    python benchmarks/sweeps.py --record                    # records/sweep-batches/DATE.json
    python benchmarks/sweeps.py --device cuda --record      # .../DATE-cuda.json

How. Batches of 1, 4, 8, 16 and 32 networks take turns, so that a busy machine slows all; time is
processor time of the one thread (on a GPU between two synchronisations), the lower quartile of the
repeats, divided by the networks of the batch. A batch of one calls its network without `vmap`. Data
are random numbers.

The JSON: {"machine", "date", "command", "commit", "rows": [...]}, and in each row

    network, weights    what is trained, its trainable weights
    together            networks in the batch
    milliseconds        a step of one network
    repeats             behind it

Found on 28 November 2026 (Xeon 2.5 GHz with AVX-512, torch 2.13, one thread, another process beside
it), in ms a step of one network, full batch:

                               1       4       8      16      32
    fc 3x256, 512 samples       6.85    7.52    7.71    7.89    8.24
    fc 3x64, 512 samples        1.83    1.55    1.46    1.43    1.45
    fc 3x512, 512 samples      18.54   20.64   21.43   22.10   23.16
    tiny-fc, 1,280 samples      0.87    0.64    0.51    0.47    0.48
    tiny-fc, batch 128          0.50    0.27    0.15    0.10    0.07

What follows is `landscape.train.sweeps.together`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import recording
import torch
from made_up_data import timer

from landscape import models
from landscape.train.spec import DataSpec
from landscape.train.sweep_batch import Batch
from landscape.train.sweep_spec import Configuration, Shared

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "sweep-batches"
CPU = torch.device("cpu")
SIZES = (1, 4, 8, 16, 32)
#: Name: network, its options, samples, side of the images.
NETWORKS = {
    "fc 3x256, 512 samples": ("fc_lewkowycz", {"width": 256}, 512, 28),
    "fc 3x64, 512 samples": ("fc_lewkowycz", {"width": 64}, 512, 28),
    "fc 3x512, 512 samples": ("fc_lewkowycz", {"width": 512}, 512, 28),
    "tiny-fc, 1,280 samples": ("tiny_fc", {}, 1280, 7),
    "tiny-fc, batch 128": ("tiny_fc", {}, 128, 7),
}


def made(name: str, size: int, device: torch.device = CPU) -> Batch:
    """A batch of so many networks with random data."""
    model, options, samples, side = NETWORKS[name]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 1, side, side, generator=generator).to(device)
    y = torch.randint(0, 5, (samples,), generator=generator).to(device)
    part = SimpleNamespace(x=x, y=y)
    shared = Shared(DataSpec(), model, options, batch_size=samples)
    configurations = [Configuration(shared, 0.05, 1e-3, seed, 1) for seed in range(size)]
    return Batch(configurations, SimpleNamespace(train=part, test=part), device)


def milliseconds(
    name: str, repeats: int, sizes: tuple[int, ...] = SIZES, device: torch.device = CPU
) -> dict[int, float]:
    """Milliseconds a step of one network, by size of the batch."""
    batches, clock = {size: made(name, size, device) for size in sizes}, timer(device)
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for repeat in range(repeats + 1):
        for size, batch in batches.items():
            steps = max(1, max(sizes) // size)
            start = clock()
            for _ in range(steps):
                batch.update(batch.gradients(0)[1])
            if repeat:  # the first warms up
                times[size].append((clock() - start) / steps / size)
    return {size: 1e3 * float(np.quantile(found, 0.25)) for size, found in times.items()}


def main(arguments: list[str] | None = None) -> int:
    """Print the table and write what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    recording.add_options(parser, FOLDER, 9)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    given = parser.parse_args(arguments)
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    rows: list[dict[str, Any]] = []
    print(f"{'network':24}" + "".join(f"{size:>8}" for size in SIZES))
    for name in given.networks:
        model, options, *_ = NETWORKS[name]
        weights = models.parameter_count(models.build(model, **options))
        found = milliseconds(name, given.repeats, device=device)
        print(f"{name:24}" + "".join(f"{found[size]:8.2f}" for size in SIZES), flush=True)
        rows += [{"network": name, "weights": weights, "together": size, "milliseconds": each,
                  "repeats": given.repeats} for size, each in found.items()]  # fmt: skip
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="sweeps.py", arguments=arguments
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
