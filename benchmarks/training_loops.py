"""What a gradient costs in the book's training loop, against the loop that a user would write.

    OMP_NUM_THREADS=1 python benchmarks/training_loops.py     # a table; about two minutes

Three loops train the same network on the same number of random images (char_lstm: characters), one
after the other in each repeat, so that a busy machine slows all of them:

    user         TensorDataset, DataLoader(shuffle=True), torch.optim.SGD with Nesterov's momentum
    landscape    `landscape.train` with "sgd" and the same settings
    entropy      `landscape.train` with "entropy_sgd" at its default temperature

The user's loop evaluates as often as the others, on as many images; for characters it carries the
hidden state along 50 streams, 50 characters a step, and clips the gradient. Time is processor time
of the one thread. A gradient's cost over the user's is shown as a median with quartiles; "speed" is
its inverse.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from landscape import data, models
from landscape.data import sequences
from landscape.data.preparing import Split, Splits
from landscape.train.loop import fit
from landscape.train.spec import DataSpec, RunSpec

NETWORKS = ("mnistfc_ch3", "lenet", "char_lstm")
BATCH = 128
STREAMS, UNROLL, CLASSES, CLIP = 50, 50, 82, 10.0  # of char_lstm
EVALUATED = 1000  # training images, and as many test images, before and after
SGD = {"lr": 1e-3, "momentum": 0.9, "nesterov": True}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "landscape": ("sgd", SGD),
    "entropy": ("entropy_sgd", {"lr_inner": 1e-3, "momentum": 0.9}),
}


def images(count: int) -> Splits:
    """Random images in MNIST's shape: the arithmetic does not depend on what they show."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(count, 1, 28, 28, generator=draw)
    y = torch.randint(0, 10, (count,), generator=draw)
    test = min(count, EVALUATED)
    return Splits(Split(x, y), None, Split(x[:test].clone(), y[:test].clone()))


def text(count: int) -> sequences.SequenceData:
    """Random characters."""
    draw = torch.Generator().manual_seed(0)
    train = torch.randint(0, CLASSES, (count,), generator=draw)
    few = train[: STREAMS * (UNROLL + 1)].clone()
    return sequences.SequenceData(train, few, few, [str(i) for i in range(CLASSES)], "made up")


def user_text_loop(made: sequences.SequenceData, epochs: int) -> int:
    """The same for a network that reads; returns the number of gradients."""
    torch.manual_seed(0)
    model = models.build("char_lstm", classes=CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), **SGD)
    loss_of, steps = nn.CrossEntropyLoss(), 0

    def walk(tokens: torch.Tensor, learn: bool) -> int:
        state, number = None, 0
        streams = tokens[: len(tokens) // STREAMS * STREAMS].view(STREAMS, -1)
        for start in range(0, streams.shape[1] - UNROLL, UNROLL):
            x = streams[:, start : start + UNROLL]
            y = streams[:, start + 1 : start + 1 + UNROLL]
            logits, state = model(x, state)
            state = tuple(part.detach() for part in state)
            loss = loss_of(logits.flatten(0, 1), y.flatten())
            loss.item()
            if learn:
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), CLIP)
                optimizer.step()
                number += 1
        return number

    def evaluate() -> None:
        model.eval()
        with torch.no_grad():
            for part in (made.train[: STREAMS * (UNROLL + 1)], made.validation, made.test):
                walk(part, learn=False)

    evaluate()
    for _ in range(epochs):
        model.train()
        steps += walk(made.train, learn=True)
        evaluate()
    return steps


def user_loop(network: str, splits: Splits, epochs: int) -> int:
    """The loop that a user would write; returns the number of gradients."""
    torch.manual_seed(0)
    model = models.build(network)
    loader = DataLoader(
        TensorDataset(splits.train.x, splits.train.y), BATCH, shuffle=True, drop_last=True
    )
    optimizer = torch.optim.SGD(model.parameters(), **SGD)
    loss_of, steps = nn.CrossEntropyLoss(), 0

    def evaluate() -> None:
        model.eval()
        with torch.no_grad():
            for part in (splits.train, splits.test):
                few = TensorDataset(part.x[:EVALUATED], part.y[:EVALUATED])
                for x, y in DataLoader(few, 1000):
                    logits = model(x)
                    loss_of(logits, y).item()
                    (logits.argmax(1) != y).sum().item()

    evaluate()
    for _ in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            loss.item()
            steps += 1
        evaluate()
    return steps


def landscape_loop(network: str, method: str, made: Any, epochs: int) -> int:
    """The book's loop; returns the number of gradients."""
    name, options = METHODS[method]
    length = 20 if name == "entropy_sgd" else 1
    reads = network == "char_lstm"
    others: dict[str, Any] = {"batch_size": BATCH, "evaluation_samples": EVALUATED}
    if reads:
        others = {
            "batch_size": STREAMS,
            "evaluation_samples": STREAMS * UNROLL,
            "data": DataSpec("text", unroll=UNROLL),
            "clip_norm": CLIP,
        }
    spec = RunSpec(
        experiment="benchmark",
        method=method,
        seed=0,
        model=network,
        optimizer=name,
        optimizer_options=options,
        epochs=epochs / length,
        evaluations_per_epoch=1,
        **others,
    )
    where, name = (sequences, "load_text") if reads else (data, "prepare")
    with patch.object(where, name, lambda *_, **__: made):
        history, _ = fit(spec, device=torch.device("cpu"))
    return history.rows[-1]["step"]


def cost(work: Callable[[], int]) -> float:
    """Seconds a gradient."""
    start = time.thread_time()
    steps = work()
    return (time.thread_time() - start) / steps


def measure(
    network: str, *, count: int = 6_400, epochs: int = 1, repeats: int = 7
) -> list[dict[str, Any]]:
    """One row a loop; the first round, which warms up, does not count."""
    reads = network == "char_lstm"
    made = text(20 * count) if reads else images(count)
    user = user_text_loop if reads else lambda *given: user_loop(network, *given)
    loops: dict[str, Callable[[], int]] = {"user": lambda: user(made, epochs)}
    for method in METHODS:
        loops[method] = lambda method=method: landscape_loop(network, method, made, epochs)
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(repeats + 1):
        for name, work in loops.items():
            spent = cost(work)
            if number:
                seconds[name].append(spent)
    rows = []
    for name, own in seconds.items():
        ratios = [a / b for a, b in zip(own, seconds["user"], strict=True)]
        quartiles = statistics.quantiles(ratios, n=4)[::2] if repeats > 1 else ratios * 2
        rows.append(
            {
                "network": network,
                "loop": name,
                "milliseconds": 1e3 * statistics.median(own),
                "ratio": statistics.median(ratios),
                "ratio_quartiles": quartiles,
                "repeats": repeats,
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure as the options say, print a table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=models.names())
    parser.add_argument("--repeats", type=int, default=7, help="default 7")
    parser.add_argument("--quick", action="store_true", help="few images, once: does it run?")
    parser.add_argument("--json", type=Path, help="write the rows there")
    given = parser.parse_args(arguments)
    if given.repeats < 1:
        parser.error("--repeats must be at least 1")
    torch.set_num_threads(1)
    sizes = {"count": 256, "repeats": 1} if given.quick else {"repeats": given.repeats}
    rows = []
    print(f"{'network':13}{'loop':11}{'ms':>8}  ratio  quartiles  speed")
    for network in given.networks:
        for row in measure(network, **sizes):
            low, high = row["ratio_quartiles"]
            print(
                f"{network:13}{row['loop']:11}{row['milliseconds']:8.3f}  {row['ratio']:5.3f}  "
                f"{low:.3f}-{high:.3f}  {1 / row['ratio']:.2f}"
            )
            rows.append(row)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
