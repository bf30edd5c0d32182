"""End points of gradient descent on a perturbed 3-spin glass (Chaudhari 2018, figure 2.2).

One run per field regime does everything that needs the end points - descent, minima, distances,
t-SNE - and gives three small tables, so that the page never needs the end points themselves::

    results   one row per start of the first disorder draw (with its t-SNE coordinates)
    minima    one row per distinct minimum of every draw
    draws     one row per disorder draw

`spin_glass_summary` sets the draws of the three regimes beside the exact expectations. While a run
is under way its end points are kept in `checkpoints/<hash of what determines them>/`, one file per
chunk of starts; they are removed when the results are written.
A draw uses the same couplings J, the same h/v and the same starting points in all regimes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from landscape.analysis import embedding, minima
from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.files import is_sealed, sealing
from landscape.theory.p_spin import PSpin, descend, uniform_on_sphere
from landscape.train.workers import in_workers

REGIMES = ("exponential", "polynomial", "trivial")
PAIRWISE = 2_000  # mean angle and mean chord use this many end points: memory grows as the square
_DETERMINES = (
    "spins", "p", "coupling", "step_size", "tolerance", "max_iterations", "seed", "chunk_starts",
)
_SETTINGS = {
    "spins": whole(3),
    "p": whole(3),
    "coupling": POSITIVE,
    "fields": mapping(dict.fromkeys(REGIMES, NOT_NEGATIVE), REGIMES),
    "starts": whole(4),
    "step_size": POSITIVE,
    "tolerance": POSITIVE,
    "max_iterations": whole(),
    "draws": mapping(dict.fromkeys(REGIMES, whole()), REGIMES),
    "draw_starts": mapping(dict.fromkeys(REGIMES, whole()), REGIMES),
    "same_minimum": POSITIVE,
    "perplexity": POSITIVE,
    "chunk_starts": whole(),
    "seed": whole(0),
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def _generate(
    settings: Mapping[str, Any], regime: str, draw: int, first: int, starts: int, folder: str,
    device: str,
) -> Path:
    """Descend from starts [first, first + chunk) of one draw, unless that was already done."""
    path = Path(folder) / f"draw-{draw:03d}-of-{starts}-from-{first:06d}.npz"
    if is_sealed(path):
        return path
    if torch.device(device).type == "cpu":
        torch.set_num_threads(1)  # chunks are the unit of parallel work
    n, seed = settings["spins"], settings["seed"]
    model = PSpin.draw(
        n, settings["p"], settings["fields"][regime], settings["coupling"], [seed, draw],
        device=device,
    )
    # All starts of the draw come from one stream, so a chunk's starts do not depend on the others.
    start = uniform_on_sphere(starts, n, [seed, draw, 1])[first: first + settings["chunk_starts"]]
    end = descend(
        model, start, settings["step_size"], settings["tolerance"], settings["max_iterations"]
    )
    with sealing(path) as partial, partial.open("wb") as handle:
        np.savez(
            handle,
            points=end.points.cpu().numpy(),
            iterations=end.iterations.cpu().numpy(),
            converged=end.converged.cpu().numpy(),
        )
    return path


def _measure(
    settings: Mapping[str, Any], regime: str, draw: int, chunks: list[Path]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float], np.ndarray]:
    """(rows per start, rows per minimum, row of the draw, end points) of one disorder draw."""
    parts = [np.load(path) for path in chunks]
    points, iterations, converged = (
        np.concatenate([part[key] for part in parts])
        for key in ("points", "iterations", "converged")
    )
    n = settings["spins"]
    # Double precision for what is reported: float32 is only the arithmetic of the descent.
    model = PSpin.draw(
        n, settings["p"], settings["fields"][regime], settings["coupling"],
        [settings["seed"], draw], dtype=torch.float64,
    )
    spins = torch.from_numpy(points).double()
    blocks = spins.split(2_000)
    energy = torch.cat([model.energy(block) for block in blocks]).numpy() / n
    gradient = torch.cat([model.tangential_gradient(b).norm(dim=1) for b in blocks]).numpy()

    arrived = np.flatnonzero(converged)
    if len(arrived) == 0:
        raise LandscapeError(
            f"no start of the {regime} regime met the tolerance {settings['tolerance']:g} within "
            f"{settings['max_iterations']} iterations: raise max_iterations or starts."
        )
    ends = points[arrived]
    labels, first = minima.distinct_minima(ends, energy[arrived], settings["same_minimum"])
    count = np.bincount(labels)
    inside, between = minima.gap(ends, labels, first)
    found = arrived[first]
    geometry = [
        _geometry(model, spins[index], spins[arrived[labels == group]])
        for group, index in enumerate(found)
    ]
    curvature, away, soft = zip(*geometry, strict=True)

    label = np.full(len(points), -1)
    label[arrived] = labels
    rows = pd.DataFrame(
        {"start": np.arange(len(points)), "energy": energy, "iterations": iterations,
         "converged": converged.astype(int), "gradient_norm": gradient, "minimum": label}
    )
    per_minimum = pd.DataFrame(
        {"draw": draw, "minimum": np.arange(len(found)), "energy": energy[found], "starts": count,
         "smallest_eigenvalue": curvature, "newton_step": away, "soft_share": soft}
    )
    sample = ends[:PAIRWISE]
    row = {
        "draw": draw,
        "spins": n,
        "p": settings["p"],
        "field": settings["fields"][regime],
        "starts": len(points),
        "converged": len(arrived),
        "iterations_mean": iterations.mean(),
        "iterations_max": iterations.max(),
        "minima": len(found),
        "found_once": int(np.sum(count == 1)),
        "unseen": minima.unseen(count),
        "largest_share": count.max() / count.sum(),
        "distance_end_points": minima.mean_cosine_distance(ends),
        "distance_minima": minima.mean_cosine_distance(ends[first]),
        "distance_other_minimum": minima.mean_cosine_distance(ends[first], count),
        "distance_farthest": minima.mean_farthest_distance(ends[first], count),
        "angle_end_points": minima.mean_angle(sample),
        "chord_end_points": minima.mean_chord(sample),
        "spread_within_minimum": inside,
        "nearest_minima": between,
        "smallest_eigenvalue": min(curvature),
        "energy_min": energy.min(),
        "energy_mean": energy.mean(),
        "energy_max": energy.max(),
        "minima_energy_mean": energy[found].mean(),
    }
    return rows, per_minimum, row, points


def _geometry(
    model: PSpin, spin: torch.Tensor, members: torch.Tensor
) -> tuple[float, float, float]:
    """Smallest eigenvalue of the Hessian, Newton step, share of spread in the softest direction.

    The Newton step is how far the exact critical point is from the end point `spin`. The spread
    is that of all end points [M, N] of one minimum around their mean; NaN for fewer than three.
    """
    basis, hessian = model.tangent_basis(spin), model.hessian(spin)
    values, vectors = torch.linalg.eigh(hessian)
    gradient = basis.T @ model.tangential_gradient(spin[None])[0]
    step = float(torch.linalg.solve(hessian, gradient).norm())
    if len(members) < 3:
        return float(values[0]), step, float("nan")
    spread = ((members - members.mean(0)) @ basis @ vectors).square().sum(0)
    return float(values[0]), step, float(spread[0] / spread.sum())


def simulate(
    settings: Mapping[str, Any],
    regime: str,
    checkpoints: str | Path = "checkpoints",
    device: str = "cpu",
    workers: int = 1,
) -> Outcome:
    """Run one regime; gives its three tables.

    Draw 0 takes `starts` starts and gives the figure; draws 1, 2, ... take `draw_starts[regime]`
    each and give the spread over disorder. A killed run continues at its last finished chunk and
    ends with the same bytes; so does any number of `workers`.
    Source: Chaudhari (2018), section 2.4.1 and figure 2.2.

    Raises:
        LandscapeError: More neighbours are asked for than there are starts, or no start arrives.
    """
    if settings["perplexity"] >= settings["starts"]:
        raise LandscapeError(
            f"thesis-fig-2-2: perplexity is {settings['perplexity']:g}; it must be smaller than "
            f"the number of starts, {settings['starts']}."
        )
    identity = {key: settings[key] for key in _DETERMINES} | {"field": settings["fields"][regime]}
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    folder = Path(checkpoints) / digest
    folder.mkdir(parents=True, exist_ok=True)

    tasks = []
    for draw in range(settings["draws"][regime]):
        starts = settings["starts"] if draw == 0 else settings["draw_starts"][regime]
        tasks += [(draw, first, starts) for first in range(0, starts, settings["chunk_starts"])]
    calls = [(settings, regime, *task, str(folder), device) for task in tasks]
    paths = list(in_workers(_generate, calls, workers))
    chunks: dict[int, list[Path]] = {}
    for (draw, *_), path in zip(tasks, paths, strict=True):
        chunks.setdefault(draw, []).append(path)

    calls = [(settings, regime, draw, files) for draw, files in chunks.items()]
    measured = list(in_workers(_measure, calls, workers))
    rows, _, _, points = measured[0]
    rows[["x", "y"]] = embedding.tsne(points, settings["perplexity"], settings["seed"])
    rows["gradient_norm"] = [float(f"{value:.3g}") for value in rows["gradient_norm"]]
    tables = {
        "results": csv_text(rows.round({"energy": 6, "x": 2, "y": 2})),
        "minima": csv_text(pd.concat([m[1] for m in measured]), "%.6g"),
        "draws": csv_text(pd.DataFrame([m[2] for m in measured]), "%.7g"),
    }
    return Outcome(tables, paths)
