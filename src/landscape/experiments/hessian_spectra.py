"""Spectra of the Hessian at the end of training (thesis, figures 3.1 and 3.4).

Each seed trains a network and takes the Hessian of the mean loss over the first so many of its
training samples: all eigenvalues where it is small, a Lanczos density where it is not. Tables:

* ``results``: a row a spectrum, its size, loss, gradient, ends and means;
* ``shares``: a row a spectrum and width, with the share of eigenvalues within it, above it and
  below minus it; of a Lanczos density the bounds of its quadrature;
* ``spectrum``: the eigenvalues, or the nodes and weights of every probe, at the end of training on
  all samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import nn

from landscape.analysis.eigenvalues import eigenvalues_in_place, symmetrise_
from landscape.analysis.exact_spectrum import exact_spectrum
from landscape.analysis.layered_hessian import layered_hessian
from landscape.analysis.mean_loss import MeanLoss
from landscape.analysis.share_bounds import share_bounds
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    TEXT,
    list_of,
    mapping,
    optional,
    whole,
)
from landscape.experiments.simulation import Outcome
from landscape.experiments.trained import TRAIN, of_seeds, train, training_set
from landscape.train.device import pick

_HESSIAN = {
    "method": {"enum": ["exact", "lanczos"], "description": "exact or lanczos"},
    "samples": whole(), "fewer": list_of(whole(), "a list of whole numbers of samples", 0),
    "float32_samples": optional(whole()),
    "instants": list_of(NOT_NEGATIVE, "a list of parts of the run", 0),
    "instant_samples": whole(), "dense": optional(TEXT),
    "precision": {"enum": ["float32", "float64"], "description": "float32 or float64"},
    "chunk": whole(), "rows": whole(), "memory": POSITIVE, "steps": whole(2), "probes": whole(2),
    "widths": list_of(POSITIVE, "a list of positive numbers"),
}  # fmt: skip
SETTINGS = mapping(
    {"data": TEXT, "seed": whole(0), "seeds": whole(), "train": TRAIN,
     "hessian": mapping(_HESSIAN, tuple(_HESSIAN))},
    ("data", "seed", "seeds", "train", "hessian"),
)  # fmt: skip


class _Found(NamedTuple):
    """Eigenvalues with weights that sum to 1; of a density rows [P, m], of a spectrum one row."""

    nodes: np.ndarray
    weights: np.ndarray
    exact: bool


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Train the networks and take their spectra, a seed a worker.

    Args:
        settings: As SETTINGS says; ``hessian`` has the analysis, ``train`` the training.
        case: ``spectrum``.
        checkpoints: Where a killed run continues from; exact spectra in blocks of rows too.
        workers: Processes.

    Source: Chaudhari (2018), section 3.3.1.
    """
    return of_seeds(_one, ("results", "shares", "spectrum"), settings, checkpoints, workers)


def _one(settings: Mapping[str, Any], seed: int, checkpoints: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    asked, device = settings["hessian"], pick()
    instants = sorted({0.0, *asked["instants"]})
    trained = train(settings, seed, checkpoints, instants)
    x, y, loss = training_set(trained.spec, device)

    def loss_of(model: nn.Module, samples: int, precision: str = asked["precision"]) -> MeanLoss:
        return MeanLoss(
            model.to(device), x[:samples], y[:samples], loss=loss, chunk=asked["chunk"],
            dtype=getattr(torch, precision),
        )  # fmt: skip

    place = Path(checkpoints) / "spectra"
    whole_loss = loss_of(trained.model, asked["samples"])
    results, shares, spectrum = [], [], None
    for f, at, found in _spectra(trained, whole_loss, loss_of, asked, seed, place):
        key = {"seed": seed, "at": at, "samples": f.samples,
               "precision": str(f.dtype).removeprefix("torch.")}  # fmt: skip
        results.append(key | _summary(f, found) | {"test_error": trained.row["test_error"]})
        shares += [key | row for row in _shares(found, asked["widths"])]
        if f is whole_loss:
            start = loss_of(trained.at(0.0), asked["samples"])
            results[-1]["gradient_start"] = float(start.gradient(start.weights).norm())
            probe = np.arange(len(found.nodes))[:, None] + np.zeros_like(found.nodes, dtype=int)
            spectrum = pd.DataFrame({
                "seed": seed, "probe": probe.ravel(), "eigenvalue": found.nodes.ravel(),
                "weight": found.weights.ravel(),
            })  # fmt: skip
    return {"results": pd.DataFrame(results), "shares": pd.DataFrame(shares),
            "spectrum": spectrum,
            "files": [*trained.files, *place.glob("*/*")]}  # fmt: skip


def _spectra(trained, whole_loss, loss_of, asked, seed, place) -> Iterator:
    """(loss, part of the run, spectrum): of all samples, of fewer, in float32, and earlier."""
    if asked["method"] == "lanczos":
        yield whole_loss, 1.0, _density(whole_loss, asked, seed)
        return
    for f, found in _nested(whole_loss, asked, place):
        yield f, 1.0, found
    if asked["float32_samples"] is not None:
        f = loss_of(trained.model, asked["float32_samples"], "float32")
        yield f, 1.0, _exact(f, asked, place)
    for at in asked["instants"]:
        f = loss_of(trained.at(at), asked["instant_samples"])
        yield f, at, _exact(f, asked, place)


def _nested(f: MeanLoss, asked: Mapping[str, Any], place: Path) -> Iterator:
    """Spectra of the first so many samples each; a matrix of more adds to that of fewer."""
    if asked["dense"] is None:
        for samples in (*asked["fewer"], None):
            one = f if samples is None else f.first(samples)
            yield one, _exact(one, asked, place)
        return
    total = torch.zeros(f.size, f.size, dtype=f.dtype, device=f.device)
    for first, last in pairwise([0, *sorted(asked["fewer"]), f.samples]):
        part = MeanLoss(f.network, f.inputs[first:last], f.targets[first:last], loss=f.loss,
                        chunk=f.chunk, dtype=f.dtype)  # fmt: skip
        total.add_(layered_hessian(part, asked["dense"], rows=asked["rows"]), alpha=last - first)
        yield (f if last == f.samples else f.first(last)), _values(total / last)


def _exact(f: MeanLoss, asked: Mapping[str, Any], place: Path) -> _Found:
    if asked["dense"] is not None:
        return _values(layered_hessian(f, asked["dense"], rows=asked["rows"]))
    return _flat(exact_spectrum(f, memory=asked["memory"], folder=place).values)


def _values(matrix: torch.Tensor) -> _Found:
    symmetrise_(matrix)
    return _flat(eigenvalues_in_place(matrix))


def _flat(values: torch.Tensor) -> _Found:
    nodes = values.double().cpu().numpy()[None]
    return _Found(nodes, np.full_like(nodes, 1 / nodes.size), True)


def _density(f: MeanLoss, asked: Mapping[str, Any], seed: int) -> _Found:
    from landscape.analysis import lanczos

    found = lanczos.density(
        lanczos.SymmetricOperator.of(f), steps=asked["steps"], probes=asked["probes"],
        seed=1000 * seed,
    )  # fmt: skip
    return _Found(found.nodes, found.weights, False)


def _summary(f: MeanLoss, found: _Found) -> dict[str, float]:
    nodes, weights = found.nodes, found.weights
    with np.errstate(divide="ignore"):
        inverse = float((weights / np.abs(nodes)).sum(1).mean())
    return {
        "weights": f.size, "exact": int(found.exact),
        "loss": float(f.value(f.weights)), "gradient": float(f.gradient(f.weights).norm()),
        "largest": float(nodes.max()), "smallest": float(nodes.min()),
        "mean": float((weights * nodes).sum(1).mean()),
        # Of magnitudes: with both signs the harmonic mean has poles. A density cannot resolve it.
        "harmonic": 1 / inverse if found.exact else np.nan,
    }  # fmt: skip


def _shares(found: _Found, widths: list[float]) -> Iterator[dict[str, float]]:
    """Shares in percent; low and high are the means over probes of each one's bounds."""
    for width in widths:
        row = {
            "width": width,
            "within": 100 * float((found.weights * (np.abs(found.nodes) <= width)).sum(1).mean()),
            "below": 100 * float((found.weights * (found.nodes < -width)).sum(1).mean()),
        }
        if not found.exact:
            both = [share_bounds(*one, width)
                    for one in zip(found.nodes, found.weights, strict=True)]  # fmt: skip
            row["low"], row["high"] = (100 * np.mean(both, 0)).tolist()
        yield row
