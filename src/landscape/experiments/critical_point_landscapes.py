"""The simulated cases of `critical_point_counts`, one disorder at a time.

`descents`, `search` and `displacement` each take the settings and the draw and return its row (the
last: its rows). A draw of N spins has the same couplings and the same h/v in all three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.analysis import minima
from landscape.analysis.eigenvector_following import follow_index
from landscape.theory import critical_counts
from landscape.theory.p_spin import PSpin, descend, uniform_on_sphere
from landscape.theory.spin_glass import field_parameter

# Lists of one entry per number of spins, by the key that names those numbers.
TABLES = {
    "spins": ("draws", "starts"),
    "search_spins": ("search_draws", "search_most", "search_starts_per_point"),
    "displacement_spins": ("displacement_draws",),
}


def entry(settings: Mapping[str, Any], key: str, n: int) -> Any:
    """The entry of list `key` for `n` spins."""
    spins = next(name for name, keys in TABLES.items() if key in keys)
    return settings[key][settings[spins].index(n)]


def _model(settings: Mapping[str, Any], n: int, field: float, draw: int, **options) -> PSpin:
    # N enters the seed: sizes are independent, fields of one size share their disorder.
    seed = [settings["seed"], n, draw]
    return PSpin.draw(n, settings["p"], field, settings["coupling"], seed, **options)


def _descend(settings: Mapping[str, Any], model: PSpin, start: Tensor) -> Any:
    return descend(
        model, start, settings["step_size"], settings["tolerance"], settings["max_iterations"]
    )


def _distinct(ends: np.ndarray, energy: np.ndarray, tolerance: float) -> dict[str, float]:
    labels, _ = minima.distinct_minima(ends, energy, tolerance)
    count = np.bincount(labels)
    return {"found": len(count), "found_once": int(np.sum(count == 1)),
            "unseen": minima.unseen(count)}  # fmt: skip


def descents(settings: Mapping[str, Any], n: int, field: float, draw: int) -> dict[str, Any]:
    """Distinct minima of one disorder; starts follow the expected number, up to a cap."""
    torch.set_num_threads(1)
    b = field_parameter(field, settings["p"], settings["coupling"])
    wanted = settings["starts_per_minimum"] * math.exp(critical_counts.log_minima(n, b))
    most = entry(settings, "starts", n)
    starts = int(min(most, max(wanted, 2 * settings["starts_per_minimum"])))
    model = _model(settings, n, field, draw)
    end = _descend(settings, model, uniform_on_sphere(starts, n, [settings["seed"], n, draw, 1]))
    ends = end.points[end.converged].double()
    energy = model.to(torch.float64).energy(ends).numpy() / n
    row = {"spins": n, "field": field, "b": b, "draw": draw, "starts": starts,
           "converged": len(ends)}  # fmt: skip
    return row | _distinct(ends.numpy(), energy, settings["same_minimum"])


def search(settings: Mapping[str, Any], n: int, field: float, draw: int) -> dict[str, Any]:
    """Distinct critical points of one disorder, and how many of them are minima."""
    torch.set_num_threads(1)
    b = field_parameter(field, settings["p"], settings["coupling"])
    expected = critical_counts.critical_points(n, b)
    starts = n * math.ceil(entry(settings, "search_starts_per_point", n) * max(expected / n, 1))
    model = _model(settings, n, field, draw, dtype=torch.float64)
    start = uniform_on_sphere(starts, n, [settings["seed"], n, draw, 2])
    wanted = torch.arange(starts) % n  # every index as often
    parts = [
        follow_index(model, *pair)
        for pair in zip(start.split(500), wanted.split(500), strict=True)
    ]
    points = torch.cat([part[0][part[1]] for part in parts])
    labels, first = minima.distinct_minima(points.numpy(), model.energy(points).numpy(), 1e-8)
    count = np.bincount(labels)
    eigenvalues = [torch.linalg.eigvalsh(model.hessian(points[i])) for i in first]
    index = np.array([int((values < 0).sum()) for values in eigenvalues])
    # Morse: on a sphere of dimension N - 1 the alternating sum is 2 for odd N and 0 for even N.
    return {"spins": n, "field": field, "b": b, "draw": draw, "starts": starts,
            "converged": len(points), "found": len(first), "found_once": int(np.sum(count == 1)),
            "unseen": minima.unseen(count), "minima": int(np.sum(index == 0)),
            "maxima": int(np.sum(index == n - 1)),
            "alternating_sum": int(np.sum((-1) ** index))}  # fmt: skip


def displacement(settings: Mapping[str, Any], n: int, draw: int) -> list[dict[str, Any]]:
    """Mean distance on the unit sphere that minima move when a field is switched on.

    Once with the constant strength v, once with v / sqrt(N), from the same minima. `within_bound`
    is the share that stays within N^{-0.3}, an exponent of theorem 2.13.
    """
    torch.set_num_threads(1)
    start = uniform_on_sphere(settings["displacement_starts"], n, [settings["seed"], n, draw, 3])
    still = _model(settings, n, 0.0, draw)
    bare = _descend(settings, still, start)
    ends = bare.points[bare.converged].double()
    low = still.to(torch.float64).energy(ends)
    rows = []
    for scaling, v in (("constant", 1.0), ("shrinking", n**-0.5)):
        v *= settings["displacement_field"]
        model = _model(settings, n, v, draw)
        moved = _descend(settings, model, ends)
        kept = moved.converged
        before, after = ends[kept], moved.points[kept].double()
        change = (model.to(torch.float64).energy(after) - low[kept]) / n
        distance = (after - before).norm(dim=1) / math.sqrt(n)
        rows.append(
            {"spins": n, "scaling": scaling, "field": v, "draw": draw, "minima": len(before),
             "distance": float(distance.mean()), "energy_change": float(change.mean()),
             "bound": n**-0.3, "within_bound": float((distance <= n**-0.3).double().mean())}
        )  # fmt: skip
    return rows
