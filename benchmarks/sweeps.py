"""How many configurations of a sweep to train together: steps a second, one thread.

    OMP_NUM_THREADS=1 python benchmarks/sweeps.py    # a table; a minute on one core

How. Batches of 1, 4, 8, 16 and 32 networks take turns, so that a busy machine slows all; time is
processor time of the one thread, the lower quartile of the repeats, divided by the networks of the
batch. A batch of one calls its network without `vmap`. Data are random numbers.

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
import time
from types import SimpleNamespace

import numpy as np
import torch

from landscape.train.spec import DataSpec
from landscape.train.sweep_batch import Batch
from landscape.train.sweep_spec import Configuration, Shared

SIZES = (1, 4, 8, 16, 32)
#: Name: network, its options, samples, side of the images.
NETWORKS = {
    "fc 3x256, 512 samples": ("fc_lewkowycz", {"width": 256}, 512, 28),
    "fc 3x64, 512 samples": ("fc_lewkowycz", {"width": 64}, 512, 28),
    "fc 3x512, 512 samples": ("fc_lewkowycz", {"width": 512}, 512, 28),
    "tiny-fc, 1,280 samples": ("tiny_fc", {}, 1280, 7),
    "tiny-fc, batch 128": ("tiny_fc", {}, 128, 7),
}


def made(name: str, size: int) -> Batch:
    """A batch of so many networks with random data."""
    model, options, samples, side = NETWORKS[name]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 1, side, side, generator=generator)
    part = SimpleNamespace(x=x, y=torch.randint(0, 5, (samples,), generator=generator))
    shared = Shared(DataSpec(), model, options, batch_size=samples)
    configurations = [Configuration(shared, 0.05, 1e-3, seed, 1) for seed in range(size)]
    return Batch(configurations, SimpleNamespace(train=part, test=part), torch.device("cpu"))


def milliseconds(name: str, repeats: int, sizes: tuple[int, ...] = SIZES) -> dict[int, float]:
    """Milliseconds a step of one network, by size of the batch."""
    batches = {size: made(name, size) for size in sizes}
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for repeat in range(repeats + 1):
        for size, batch in batches.items():
            steps = max(1, max(sizes) // size)
            start = time.process_time()
            for _ in range(steps):
                batch.update(batch.gradients(0)[1])
            if repeat:  # the first warms up
                times[size].append((time.process_time() - start) / steps / size)
    return {size: 1e3 * float(np.quantile(found, 0.25)) for size, found in times.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'network':24}" + "".join(f"{size:>8}" for size in SIZES))
    for name in NETWORKS:
        row = milliseconds(name, options.repeats)
        print(f"{name:24}" + "".join(f"{row[size]:8.2f}" for size in SIZES), flush=True)


if __name__ == "__main__":
    main()
