"""What the arithmetic and the memory of every optimizer cost per gradient, against torch's SGD.

    OMP_NUM_THREADS=1 python benchmarks/optimizers.py        # a table; minutes on one core
    python benchmarks/optimizers.py --record                 # records/optimizer-costs/DATE.json
    python benchmarks/optimizers.py --check                  # exit status 1 if a target is missed
    python benchmarks/optimizers.py --device cuda --record   # .../DATE-cuda.json

How. Every repeat times whole cycles of each method in turn (at least 20 steps, so that outer
updates are counted) and takes the ratio to steps of `torch.optim.SGD(foreach=True, momentum=0.9,
nesterov=True)` that ran just before, so that a busy machine (its caches, its clock) slows both.
Before each step, untimed, the gradients are written anew, as `backward()` does; they are fixed
random numbers. On a CPU time is processor time of the one thread; on a GPU it lies between two
events. A method with n replicas counts n gradients a step. Memory is counted, not estimated: copies
are the weights and all tensors kept in the optimizer's state, in units of one network's weights;
transient copies are what torch's allocator hands out beyond that while steps run, at most at any
moment.

The JSON: {"machine": {"device": "cpu" or "cuda", "name", "threads", "torch", "python"}, "date",
"command", "commit", "rows": [...]}, and in each row

    network, weights            name in `landscape.models`, number of trainable weights
    method, label               name in `landscape.optim` (or torch.optim.X), and a line for a table
    settings, replicas          keyword arguments, networks trained together
    gradients_per_update        steps a move of the answer
    milliseconds                median per gradient
    ratio, ratio_quartiles      to torch's SGD: median, [lower, upper]
    copies, transient_copies    of the weights, see above
    target, copies_target       what ratio and copies must not exceed, or null
    repeats                     number of ratios behind median and quartiles
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import recording
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from landscape import models, optim

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "optimizer-costs"
NETWORKS = ("lenet", "allcnn")
STEPS = 20  # of each method a repeat, at least
NESTEROV = {"lr": 1e-3, "momentum": 0.9, "nesterov": True}
MOMENTUM = {"lr": 1e-3, "momentum": 0.9}
INNER = {"lr_inner": 1e-3, "momentum": 0.9}
FIELD = {"J": 1e-4, "tau0": 1000, "layers": 8}
COMPLEXITY = {"lr": 1e-3, "lambda_0": 1e-3}
FREE = {"projection": False}


@dataclass(frozen=True)
class Method:
    """One row: the optimizer `name` of `landscape.optim`, or one of `torch.optim`."""

    name: str
    label: str
    settings: dict[str, Any] = field(default_factory=dict)
    replicas: int = 1
    targets: dict[str, float] = field(default_factory=dict)  # network -> ratio
    copies_target: float | None = None

    def build(self, params: list[list[Tensor]]) -> torch.optim.Optimizer:
        """The optimizer on a list of parameters for each replica."""
        if self.name.startswith("torch.optim."):
            return getattr(torch.optim, self.name.rsplit(".", 1)[1])(params[0], **self.settings)
        optimizer = optim.build(
            self.name, params if self.replicas > 1 else params[0], **self.settings
        )
        optimizer.prepare()
        return optimizer


# A local-entropy step reads and writes five copies of the weights where SGD does two.
COST = {"lenet": 1.3, "allcnn": 2.0}
BASELINE = Method("torch.optim.SGD", "SGD of torch, foreach", NESTEROV | {"foreach": True})
METHODS = (
    BASELINE,
    Method("torch.optim.SGD", "SGD of torch, fused", NESTEROV | {"fused": True}),
    Method("torch.optim.Adam", "Adam of torch, foreach", {"foreach": True}),
    Method("sgd", "SGD, Nesterov", NESTEROV),
    Method("adam", "Adam"),
    Method("anneal_sgd", "AnnealSGD on SGD", NESTEROV | FIELD),
    Method("anneal_sgd", "AnnealSGD on Adam", {"base": "adam"} | FIELD),
    Method("resampled_noise", "annealed noise on SGD", NESTEROV | FIELD),
    Method("resampled_noise", "annealed noise on Adam", {"base": "adam"} | FIELD),
    Method("entropy_sgd", "Entropy-SGD, temperature 0", INNER | {"temperature": 0.0},
           targets=COST, copies_target=5),
    Method("entropy_sgd", "Entropy-SGD", INNER, copies_target=5),
    Method("entropy_sgd", "Entropy-SGD, form B", INNER | {"form": "B"}, copies_target=5),
    Method("entropy_sgd", "Entropy-SGD, form C", INNER | {"form": "C"}, targets=COST,
           copies_target=5),
    Method("entropy_sgd", "Entropy-SGD, authors' program, temperature 0",
           INNER | {"convention": "authors", "temperature": 0.0}, copies_target=5),
    Method("entropy_adam", "Entropy-Adam, temperature 0", {"temperature": 0.0, "L": 20}),
    Method("entropy_adam", "Entropy-Adam", {"L": 20}),
    Method("heat_smoothing", "HEAT, no moves", MOMENTUM | {"gamma": 0.0}),
    Method("heat_smoothing", "HEAT", MOMENTUM | {"gamma": 1e-4}),
    Method("hamilton_jacobi", "HJ, proximal", INNER, targets=COST),
    Method("hamilton_jacobi", "HJ, gradient form", INNER | {"form": "gradient"}, targets=COST),
    Method("sgld", "SGLD, temperature 0", {"samples": 50_000, "temperature": 0.0}),
    Method("sgld", "SGLD", {"samples": 50_000}),
    Method("sgld", "SGLD with posterior mean", {"samples": 50_000, "average": True}),
    Method("elastic_sgd", "Elastic-SGD, 1 replica", MOMENTUM),
    Method("elastic_sgd", "Elastic-SGD, 3 replicas", MOMENTUM, replicas=3),
    Method("parle", "Parle, 1 replica", MOMENTUM),
    Method("parle", "Parle, 3 replicas", MOMENTUM, replicas=3),
    Method("matched_cgd", "CGD, matched", COMPLEXITY),
    Method("matched_cgd", "CGD, matched, no sphere", COMPLEXITY | FREE),
    Method("cosine_cgd", "CGD, cosine", COMPLEXITY | {"T": 100}),
    Method("cosine_cgd", "CGD, cosine, no sphere", COMPLEXITY | {"T": 100} | FREE),
    Method("two_step_cgd", "CGD, two steps", COMPLEXITY),
    Method("two_step_cgd", "CGD, two steps, no sphere", COMPLEXITY | FREE),
)  # fmt: skip


class Runner:
    """A method on a network, with everything that a step needs."""

    def __init__(self, method: Method, network: str, device: torch.device) -> None:
        torch.manual_seed(0)
        self.method, self.device = method, device
        replicas = [
            list(models.build(network).to(device).parameters()) for _ in range(method.replicas)
        ]
        self.weights = sum(p.numel() for p in replicas[0])
        self.optimizer = method.build(replicas)
        self.params = [p for params in replicas for p in params]
        self.fixed = [1e-3 * torch.randn_like(p) for p in self.params]
        for p in self.params:
            p.grad = torch.empty_like(p)
        self.cycle = getattr(self.optimizer, "gradients_per_update", 1)
        self.steps = self.cycle * -(-STEPS // self.cycle)
        self.observe = getattr(self.optimizer, "observe", None)

    def renew(self) -> None:
        """Write the gradients, as `backward()` would."""
        torch._foreach_copy_([p.grad for p in self.params], self.fixed)

    def step(self) -> None:
        """One step of the optimizer, with a loss where it wants to observe one."""
        if self.observe is not None:
            self.observe(1.0)
        self.optimizer.step()

    def seconds(self) -> float:
        """Time a gradient, over whole cycles."""
        total = (self._device_time if self.device.type == "cuda" else self._thread_time)()
        return total / self.steps / self.method.replicas

    def _thread_time(self) -> float:
        total = 0.0
        for _ in range(self.steps):
            self.renew()
            start = time.thread_time()
            self.step()
            total += time.thread_time() - start
        return total

    def _device_time(self) -> float:
        events = []
        for _ in range(self.steps):
            self.renew()
            pair = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
            torch.cuda.synchronize(self.device)  # the step's own launches count, nobody else's
            pair[0].record()
            self.step()
            pair[1].record()
            events.append(pair)
        torch.cuda.synchronize(self.device)
        return sum(a.elapsed_time(b) for a, b in events) / 1e3

    def copies(self) -> float:
        """Tensors kept between steps, the weights themselves included, over one network's."""
        kept = [v for s in self.optimizer.state.values() for v in s.values() if torch.is_tensor(v)]
        return sum(t.numel() for t in self.params + kept) / self.weights

    def transient_copies(self) -> float:
        """The most that is allocated beyond that at any moment of a cycle, over the weights."""

        def cycle() -> None:
            for _ in range(self.cycle):
                self.renew()
                self.step()

        one = sum(p.numel() * p.element_size() for p in self.params) / self.method.replicas
        return peak_bytes(cycle, self.device) / one


def peak_bytes(work: Callable[[], None], device: torch.device) -> int:
    """Most bytes that torch has allocated while `work` runs, beyond those before."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    # Every allocation and release of the allocator, those inside of operators, too.
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines that torch's profiler writes to the error stream at every start."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def measure(
    network: str,
    *,
    repeats: int,
    device: torch.device | str = "cpu",
    progress: Callable[[str], None] = lambda label: None,
) -> list[dict[str, Any]]:
    """One row a method."""
    device = torch.device(device)
    baseline = Runner(BASELINE, network, device)
    baseline.seconds()
    rows = []
    for method in METHODS:
        progress(f"{network}: {method.label}")
        runner = Runner(method, network, device)
        runner.seconds()  # makes the state
        copies, transient = runner.copies(), runner.transient_copies()
        ratios, times = [], []
        for _ in range(repeats):
            before = baseline.seconds()
            times.append(runner.seconds())
            ratios.append(times[-1] / before)
        low, high = statistics.quantiles(ratios, n=4)[::2] if repeats > 1 else ratios * 2
        rows.append(
            {
                "network": network,
                "weights": runner.weights,
                "method": method.name,
                "label": method.label,
                "settings": method.settings,
                "replicas": method.replicas,
                "gradients_per_update": runner.cycle,
                "milliseconds": 1e3 * statistics.median(times),
                "ratio": statistics.median(ratios),
                "ratio_quartiles": [low, high],
                "copies": copies,
                "transient_copies": transient,
                "target": method.targets.get(network) if device.type == "cpu" else None,
                "copies_target": method.copies_target,
                "repeats": repeats,
            }
        )
    return rows


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """One sentence for each target that is missed."""
    return [
        f"{r['network']}, {r['label']}: {what} {r[key]:.2f} exceeds {r[target]}"
        for r in rows
        for key, target, what in (
            ("ratio", "target", "ratio"),
            ("copies", "copies_target", "copies"),
        )
        if r[target] is not None and r[key] > r[target]
    ]


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    width = max(len(r["label"]) for r in rows)
    print(f"{'network':9}{'method':{width}} {'ms':>8} {'ratio':>6}  quartiles  copies  transient")
    for r in rows:
        low, high = r["ratio_quartiles"]
        limit = f"  (target {r['target']})" if r["target"] else ""
        print(
            f"{r['network'][:8]:9}{r['label']:{width}} {r['milliseconds']:8.3f} "
            f"{r['ratio']:6.2f}  {low:.2f}-{high:.2f}  {r['copies']:6.2f}  "
            f"{r['transient_copies']:9.2f}{limit}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Measure as the options say and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    recording.add_options(parser, FOLDER, 21)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=models.names())
    parser.add_argument("--quick", action="store_true", help="a tiny network, once: does it run?")
    parser.add_argument("--check", action="store_true", help="exit status 1 if a target is missed")
    given = parser.parse_args(arguments)
    device = recording.chosen_device(parser, given, ROOT, FOLDER)
    networks, repeats = (("tiny_fc",), 1) if given.quick else (given.networks, given.repeats)
    loud = sys.stderr.isatty()
    rows = []
    for network in networks:
        rows += measure(
            network,
            repeats=repeats,
            device=device,
            progress=lambda label: (
                print(f"{label:70}", end="\r", file=sys.stderr) if loud else None
            ),
        )
    show(rows)
    recording.write(
        rows, device, given, root=ROOT, folder=FOLDER, script="optimizers.py", arguments=arguments
    )
    problems = missed(rows) if given.check else []
    for problem in problems:
        print(f"missed: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
