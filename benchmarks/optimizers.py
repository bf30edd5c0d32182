"""What an optimizer's arithmetic costs per gradient, against `torch.optim.SGD`.

    OMP_NUM_THREADS=1 python benchmarks/optimizers.py --json optimizers.json

Every repeat times one block of steps of each method in turn and takes the ratio to the block of
`torch.optim.SGD(foreach=True, nesterov=True)` that ran just before it, so that a busy machine (its
caches, its clock) slows both; time is processor time of the one thread. Reported: the median ratio
and its quartiles, and the median time a step. Gradients are fixed random numbers; blocks hold whole
cycles of Entropy-SGD, so that outer updates are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

import torch

from landscape import models, optim

NETWORKS = ("lenet", "allcnn")
NESTEROV = {"lr": 0.1, "momentum": 0.9, "nesterov": True}
FIELD = {"J": 1e-4, "tau0": 1000, "layers": 4}
CYCLE = 20
METHODS: dict[str, tuple[str, dict]] = {
    "sgd": ("sgd", NESTEROV),
    "adam": ("adam", {}),
    "anneal_sgd, base sgd": ("anneal_sgd", NESTEROV | FIELD),
    "anneal_sgd, base adam": ("anneal_sgd", {"base": "adam"} | FIELD),
    "resampled_noise, base sgd": ("resampled_noise", NESTEROV | FIELD),
    "entropy_sgd, temperature 0": (
        "entropy_sgd",
        {"L": CYCLE, "momentum": 0.9, "temperature": 0.0},
    ),
    "entropy_sgd, temperature 1e-6": (
        "entropy_sgd",
        {"L": CYCLE, "momentum": 0.9, "temperature": 1e-6},
    ),
    "entropy_adam, temperature 0": ("entropy_adam", {"L": CYCLE, "temperature": 0.0}),
}
# Ratios that a change must not exceed: 5 copies of the weights are read instead of 2.
TARGETS = {
    ("lenet", "entropy_sgd, temperature 0"): 1.3,
    ("allcnn", "entropy_sgd, temperature 0"): 2.0,
}


def parameters(network: str) -> list[torch.nn.Parameter]:
    """Parameters of the network with fixed random gradients."""
    torch.manual_seed(0)
    params = list(models.build(network).parameters())
    for p in params:
        p.grad = 1e-3 * torch.randn_like(p)
    return params


def block(optimizer: torch.optim.Optimizer) -> float:
    """Processor seconds a step, so that waiting for other processes does not count."""
    start = time.thread_time()
    for _ in range(CYCLE):
        optimizer.step()
    return (time.thread_time() - start) / CYCLE


def measure(network: str, repeats: int) -> list[dict]:
    """One row a method."""
    baseline = torch.optim.SGD(parameters(network), foreach=True, **NESTEROV)
    torch_fused = torch.optim.SGD(parameters(network), fused=True, **NESTEROV)
    contenders = {"torch.optim.SGD, fused": torch_fused}
    for label, (name, settings) in METHODS.items():
        contenders[label] = optim.build(name, parameters(network), **settings)
    for optimizer in (baseline, *contenders.values()):
        block(optimizer)
    ratios: dict[str, list[float]] = {label: [] for label in contenders}
    seconds: dict[str, list[float]] = {label: [] for label in contenders}
    for _ in range(repeats):
        for label, optimizer in contenders.items():
            before = block(baseline)
            seconds[label].append(block(optimizer))
            ratios[label].append(seconds[label][-1] / before)
    weights = sum(p.numel() for p in baseline.param_groups[0]["params"])
    return [
        {
            "network": network,
            "weights": weights,
            "method": label,
            "milliseconds": 1e3 * statistics.median(seconds[label]),
            "ratio": statistics.median(ratios[label]),
            "ratio_quartiles": statistics.quantiles(ratios[label], n=4)[::2],
            "target": TARGETS.get((network, label)),
            "repeats": repeats,
        }
        for label in contenders
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows and the machine there")
    parser.add_argument("--repeats", type=int, default=21)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for network in NETWORKS for row in measure(network, arguments.repeats)]
    print(f"{'network':8} {'method':32} {'ms/step':>8} {'ratio':>6}  quartiles    target")
    for r in rows:
        low, high = r["ratio_quartiles"]
        print(
            f"{r['network']:8} {r['method']:32} {r['milliseconds']:8.3f} {r['ratio']:6.2f}  "
            f"{low:.2f}-{high:.2f}    {r['target'] or ''}"
        )
    if arguments.json:
        machine = {
            "cpu": _cpu(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "python": platform.python_version(),
        }
        part = arguments.json.with_suffix(".part")
        part.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
        os.replace(part, arguments.json)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


if __name__ == "__main__":
    main()
