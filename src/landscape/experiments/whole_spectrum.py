"""All eigenvalues of the Hessian of a network as large as the work's (thesis, figure 3.1).

The tables are those of ``landscape.experiments.hessian_spectra``, of one spectrum a seed: at the
end of training, over the first so many samples. Rows survive a kill block by block, and a finished
seed's eigenvalues do (``landscape.analysis.whole_hessian``), so that a card that one has for some
minutes goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from landscape import models
from landscape.analysis.curvature import products
from landscape.analysis.mean_loss import MeanLoss
from landscape.analysis.tridiagonal import eigenvalues_
from landscape.analysis.whole_hessian import add_jacobians_, unit_rows, whole_spectrum
from landscape.errors import LandscapeError
from landscape.experiments import hessian_spectra
from landscape.experiments.hessian_spectra import _flat, _shares, _summary
from landscape.experiments.simulation import Outcome
from landscape.experiments.trained import of_seeds, train, training_set
from landscape.train.device import pick

SETTINGS = hessian_spectra.SETTINGS
#: What has no effect here, and what it has to be.
_NOTHING = {"method": "exact", "fewer": [], "float32_samples": None, "instants": []}
#: Sizes of the matrices whose eigenvalues are timed, by device and precision.
SIZES = {("cpu", "float64"): (2000, 4000), ("cpu", "float32"): (3000, 6000),
         ("cuda", "float64"): (4000, 8000), ("cuda", "float32"): (4000, 8000)}  # fmt: skip
#: A card's speed in a core's, assumed: in float64, the eigenvalues bound by memory.
FASTER = 100.0
#: The part of the Jacobians' products that is timed.
PART = 32


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Train the networks and take their spectra.

    Args:
        settings: As those of ``hessian_spectra``, without what asks for further spectra.
        case: ``spectrum``.
        checkpoints: Where a killed run continues from.
        workers: Processes, a seed each; a card holds one matrix at a time.

    Raises:
        LandscapeError: Settings ask for further spectra or name no dense layer.

    Source: Chaudhari (2018), section 3.3.1.
    """
    asked = settings["hessian"]
    for key, wanted in _NOTHING.items():
        if asked[key] != wanted:
            raise LandscapeError(f"hessian: {key} must be {wanted} here, not {asked[key]}.")
    if asked["dense"] is None:
        raise LandscapeError("hessian: dense must name the layer whose block is from Jacobians.")
    workers = workers if pick().type == "cpu" else 1
    return of_seeds(_one, ("results", "shares", "spectrum"), settings, checkpoints, workers)


def _one(settings: Mapping[str, Any], seed: int, checkpoints: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    asked, device = settings["hessian"], pick()
    trained = train(settings, seed, checkpoints, [0.0])
    x, y, loss = training_set(trained.spec, device)

    def loss_of(model: torch.nn.Module) -> MeanLoss:
        return MeanLoss(
            model.to(device), x[: asked["samples"]], y[: asked["samples"]], loss=loss,
            chunk=asked["chunk"], dtype=getattr(torch, asked["precision"]),
        )  # fmt: skip

    f, place = loss_of(trained.model), Path(checkpoints) / "spectra"
    said = Progress(seed)
    found = _flat(
        whole_spectrum(f, asked["dense"], rows=asked["rows"], folder=place, report=said).values
    )
    start = loss_of(trained.at(0.0))
    key = {"seed": seed, "at": 1.0, "samples": f.samples, "precision": asked["precision"]}
    row = key | _summary(f, found) | {
        "test_error": trained.row["test_error"],
        "gradient_start": float(start.gradient(start.weights).norm()),
    }  # fmt: skip
    return {
        "results": pd.DataFrame([row]),
        "shares": pd.DataFrame([key | share for share in _shares(found, asked["widths"])]),
        "spectrum": pd.DataFrame({"seed": seed, "probe": 0, "eigenvalue": found.nodes[0],
                                  "weight": found.weights[0]}),
        "files": [*trained.files, *place.glob("*/*")],
    }  # fmt: skip


class Progress:
    """Says every half minute how many blocks of rows are there."""

    def __init__(self, seed: int, every: float = 30.0) -> None:
        self.seed, self.every, self.last = seed, every, time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        """Say it where it is time to."""
        if done == of or time.monotonic() - self.last > self.every:
            self.last = time.monotonic()
            print(f"seed {self.seed}: {done} of {of} blocks of rows", flush=True)


def costs(
    settings: Mapping[str, Any], case: str, device: torch.device, repeats: int
) -> dict[str, Any]:
    """What a seed costs, from a block of rows, a part of the Jacobians' products and two matrices.

    Timed on random images and random matrices; training, minutes at most, is left out.

    Args:
        settings: As SETTINGS says.
        case: ``spectrum``.
        device: Where.
        repeats: How often a block of rows is timed.

    Returns:
        A row as ``benchmarks/paper_scale.py`` describes it, without its names. A step is a block of
        rows over all samples, the Jacobians' part included; ``evaluation_seconds`` are those of the
        eigenvalues. ``eigenvalue_seconds`` has what was timed by size, ``block_samples`` the
        samples of the timed block, ``precision`` and ``samples`` what was asked for.
    """
    asked, train_settings = settings["hessian"], settings["train"]
    dtype = getattr(torch, asked["precision"])
    f = _random_loss(train_settings["model"], asked, device, dtype)
    clock = _clock(device)
    start, size = _place_of(f, asked["dense"])
    others = [i for i in range(f.size) if not start <= i < start + size]
    units = unit_rows(f, others[: asked["rows"]])
    blocks = -(-len(others) // asked["rows"])
    products(f.first(1), units)
    each = [_timed(clock, lambda: products(f, units)) for _ in range(repeats)]
    part = -(-size // PART)
    strip = torch.zeros(size, part, dtype=dtype, device=device)
    ((x, _),) = f.chunks()
    strips = [_timed(clock, lambda: add_jacobians_(strip, f, asked["dense"], x, slice(part)))
              for _ in range(2)]  # fmt: skip
    times = asked["samples"] / f.samples
    jacobians = min(strips) * size / part * times / blocks
    seconds = [one * times + jacobians for one in each]
    timed = {one: _timed(clock, lambda one=one: eigenvalues_(_random(one, dtype, device)))
             for one in SIZES[device.type, asked["precision"]]}  # fmt: skip
    step, values = float(np.median(seconds)), cubic(timed, f.size)
    return {
        "runs": settings["seeds"], "steps": blocks, "rows": 1, "evaluated": 1000,
        "step_seconds": step, "step_quartiles": np.quantile(seconds, [0.25, 0.75]).tolist(),
        "evaluation_seconds": values, "hours": (blocks * step + values) / 3600,
        "faster": FASTER, "precision": asked["precision"], "samples": asked["samples"],
        "block_samples": f.samples, "jacobian_seconds": jacobians,
        "eigenvalue_seconds": {str(one): seconds for one, seconds in timed.items()},
    }  # fmt: skip


def cubic(timed: Mapping[int, float], size: int) -> float:
    """Seconds at a size from those at two, as ``a n + b n^3`` with neither part negative."""
    (small, first), (large, second) = sorted(timed.items())
    b = (second / large - first / small) / (large**2 - small**2)
    b = min(max(b, 0.0), second / large**3)
    a = second / large - b * large**2
    # No growth at all is an error of the clock: then all of it grows.
    return second * (size / large) ** 3 if b == 0 else a * size + b * size**3


def _random_loss(model, asked, device, dtype) -> MeanLoss:
    """A chunk of random images through an untrained network."""
    torch.manual_seed(0)
    made = models.build(model["name"], **{k: v for k, v in model.items() if k != "name"})
    size = model.get("size", models.options(model["name"])["size"])
    chunk = min(asked["chunk"], asked["samples"])
    x = torch.rand(chunk, 1, size, size, device=device)
    y = torch.arange(chunk, device=device) % 10
    return MeanLoss(made.to(device), x, y, chunk=chunk, dtype=dtype)


def _place_of(f: MeanLoss, layer: str) -> tuple[int, int]:
    from landscape.analysis.layered_hessian import _place

    return _place(f, layer)


def _random(size: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    a = torch.randn(size, size, dtype=dtype, device=device)
    return a.add_(a.T.clone())


def _timed(clock: Callable[[], float], work: Callable[[], object]) -> float:
    begun = clock()
    work()
    return clock() - begun


def _clock(device: torch.device) -> Callable[[], float]:
    """Processor time on a CPU, time between synchronisations on a card."""
    if device.type == "cpu":
        return time.process_time

    def clock() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return clock
