"""How many critical points and minima a 3-spin glass has, against the strength of the field.

Beyond the works: thesis theorems 2.7 to 2.9 are limits, and no figure shows them. Four cases, one
CSV each, so that each is one stage:

    theory        exact and asymptotic expected numbers on a grid of B, N = 20 to 400
    descents      distinct minima that gradient descent finds, several disorders
    search        critical points of every index, by eigenvector following, for few spins
    displacement  how far a field moves the minima (thesis theorem 2.13)

`analyse` sets `descents` and `search` beside the exact expectations (`summary.csv`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from landscape.analysis import minima
from landscape.experiments.settings import SettingsError
from landscape.experiments.spin_glass_landscape import _write
from landscape.theory import critical_counts, kac_rice
from landscape.theory.p_spin import PSpin, descend, uniform_on_sphere
from landscape.theory.spin_glass import critical_field, field_at, field_parameter

# Lists of one entry per number of spins, by the key that names those numbers.
_TABLES = {
    "spins": ("draws", "starts"),
    "search_spins": ("search_draws", "search_most", "search_starts_per_point"),
    "displacement_spins": ("displacement_draws",),
}
_NEEDED = {
    "p", "coupling", "seed", "step_size", "tolerance", "max_iterations", "same_minimum", "fields",
    "theory_spins", "theory_points", "starts_per_minimum", "displacement_starts",
    "displacement_field", *_TABLES, *(key for keys in _TABLES.values() for key in keys),
}  # fmt: skip


def _check(settings: Mapping[str, Any]) -> None:
    missing, unknown = sorted(_NEEDED - set(settings)), sorted(set(settings) - _NEEDED)
    if missing:
        raise SettingsError(
            f"critical-point-counts lacks {', '.join(missing)}: add it in params/paper.yaml."
        )
    if unknown:
        raise SettingsError(
            f"critical-point-counts does not know {', '.join(unknown)}: remove it or correct the "
            "spelling."
        )
    for spins, keys in _TABLES.items():
        for key in keys:
            if len(settings[key]) != len(settings[spins]):
                raise SettingsError(
                    f"critical-point-counts: {key} has {len(settings[key])} entries for the "
                    f"{len(settings[spins])} numbers of {spins}; give one for each."
                )


def _of(settings: Mapping[str, Any], key: str, n: int) -> Any:
    """The entry of list `key` for `n` spins."""
    spins = next(name for name, keys in _TABLES.items() if key in keys)
    return settings[key][settings[spins].index(n)]


def grid_of_b(n: int, p: int, count: int) -> np.ndarray:
    """About `count` values of B from -0.35 to its largest, dense around 0 at every scale."""
    top = 1 - 2 / p
    parts = max(count // 5, 2)
    knots = (-0.35, -1 / n ** (1 / 3), -2 / n, 2 / n, 1 / n ** (1 / 3), top)
    inside = sorted({min(max(k, -0.35), top) for k in knots})
    pieces = [np.linspace(a, b, parts, endpoint=False) for a, b in pairwise(inside)]
    # B hardly changes while the field is weak: the last piece takes equal steps of the field.
    pieces[-1] = top - (top - inside[-2]) * np.linspace(1, 0, parts, endpoint=False) ** 2
    return np.unique(np.concatenate([*pieces, [0.0, top]]))


def theory_curves(settings: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of N and B: exact, asymptotic and printed expected numbers, natural logarithms."""
    p, coupling = settings["p"], settings["coupling"]
    rows = []
    for n in settings["theory_spins"]:
        b = grid_of_b(n, p, settings["theory_points"])
        points, lowest = kac_rice.expected_counts(n, b)
        for value, crt, minimum in zip(b, points, lowest, strict=True):
            value = float(value)
            kappa = critical_counts.kappa(n, value)
            rows.append({
                "spins": n, "b": value, "field": field_at(-value * n, n, p, coupling),
                "tau": critical_counts.tau(n, value), "kappa": kappa,
                "log_critical": math.log(crt), "log_minima": math.log(minimum),
                "log_critical_asymptotic": math.log(critical_counts.critical_points(n, value)),
                "log_minima_asymptotic": critical_counts.log_minima(n, value),
                "log_critical_printed": _log(critical_counts.critical_points_as_printed(n, value)),
                "log_minima_printed": critical_counts.log_minima_as_printed(kappa)
                if kappa < -1 else 0.0,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _log(value: float) -> float:
    return math.log(value) if value < math.inf else math.nan


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


def _descents(settings: Mapping[str, Any], n: int, field: float, draw: int) -> dict[str, Any]:
    """Distinct minima of one disorder; starts follow the expected number, up to a cap."""
    torch.set_num_threads(1)
    b = field_parameter(field, settings["p"], settings["coupling"])
    wanted = settings["starts_per_minimum"] * math.exp(critical_counts.log_minima(n, b))
    most = _of(settings, "starts", n)
    starts = int(min(most, max(wanted, 2 * settings["starts_per_minimum"])))
    model = _model(settings, n, field, draw)
    end = _descend(settings, model, uniform_on_sphere(starts, n, [settings["seed"], n, draw, 1]))
    ends = end.points[end.converged].double()
    energy = model.to(torch.float64).energy(ends).numpy() / n
    row = {"spins": n, "field": field, "b": b, "draw": draw, "starts": starts,
           "converged": len(ends)}  # fmt: skip
    return row | _distinct(ends.numpy(), energy, settings["same_minimum"])


def follow_index(
    model: PSpin, start: Tensor, index: Tensor, iterations: int = 80
) -> tuple[Tensor, Tensor]:
    """Critical points of given index on the sphere: (end points [M, N], converged [M]).

    Eigenvector following, float64: a step climbs along the `index` [M] lowest eigenvectors of the
    Hessian and descends along all others, each by its gradient over the size of its eigenvalue.
    Near a critical point of that index it is Newton's method; plain Newton from afar is caught
    where the Hessian is singular. The Hessian comes from differences of the gradient, exact up to
    rounding for p <= 3. A start that has arrived does not move again.
    """
    n = model.n
    final, moving = start.to(torch.float64).clone(), torch.arange(len(start))
    arrived = torch.zeros(len(start), dtype=torch.bool)
    step = 1.0 if model.p <= 3 else 1e-4
    identity = torch.eye(n, dtype=torch.float64)
    rank = torch.arange(n - 1)
    for _ in range(iterations):
        points = final[moving]
        gradient = model.gradient(points)
        multiplier = (points * gradient).sum(1) / n
        gradient = gradient - multiplier[:, None] * points
        still = gradient.norm(dim=1) > 1e-9
        arrived[moving[~still]] = True
        moving, points, gradient, multiplier = (
            part[still] for part in (moving, points, gradient, multiplier)
        )
        if len(moving) == 0:
            break
        sides = [
            model.gradient((points[:, None] + sign * step * identity).reshape(-1, n))
            for sign in (1, -1)
        ]
        hessian = ((sides[0] - sides[1]) / (2 * step)).reshape(-1, n, n)
        hessian = hessian - multiplier[:, None, None] * identity
        across = points[:, :, None] * points[:, None, :] / n
        tangent = identity - across
        # The direction of the point itself gets the largest eigenvalue and is left out.
        values, vectors = torch.linalg.eigh(tangent @ hessian @ tangent + 1e6 * across)
        values, vectors = values[:, :-1], vectors[:, :, :-1]
        along = (vectors.transpose(1, 2) @ gradient[:, :, None])[:, :, 0]
        sign = torch.where(rank < index[moving][:, None], 1.0, -1.0)
        move = (vectors @ (sign * along / values.abs().clamp_min(1e-3))[:, :, None])[:, :, 0]
        length = move.norm(dim=1, keepdim=True).clamp_min(1e-300)
        points = points + move * torch.clamp(0.1 * math.sqrt(n) / length, max=1)
        final[moving] = points * (math.sqrt(n) / points.norm(dim=1, keepdim=True))
    return final, arrived


def _search(settings: Mapping[str, Any], n: int, field: float, draw: int) -> dict[str, Any]:
    """Distinct critical points of one disorder, and how many of them are minima."""
    torch.set_num_threads(1)
    b = field_parameter(field, settings["p"], settings["coupling"])
    expected = critical_counts.critical_points(n, b)
    starts = n * math.ceil(_of(settings, "search_starts_per_point", n) * max(expected / n, 1))
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


def _displacement(settings: Mapping[str, Any], n: int, draw: int) -> list[dict[str, Any]]:
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


def _fields(settings: Mapping[str, Any]) -> list[float]:
    """The strengths `fields`, which are in units of v_c."""
    unit = critical_field(settings["p"], settings["coupling"])
    return [float(f) * unit for f in settings["fields"]]


def _tasks(settings: Mapping[str, Any], case: str) -> list[tuple]:
    fields = _fields(settings)
    if case == "descents":
        return [(n, v, d) for n in settings["spins"] for v in fields
                for d in range(_of(settings, "draws", n))]  # fmt: skip
    if case == "search":
        p, coupling = settings["p"], settings["coupling"]
        return [(n, v, d) for n in settings["search_spins"] for v in fields
                if critical_counts.critical_points(n, field_parameter(v, p, coupling))
                <= _of(settings, "search_most", n)
                for d in range(_of(settings, "search_draws", n))]  # fmt: skip
    return [(n, d) for n in settings["displacement_spins"]
            for d in range(_of(settings, "displacement_draws", n))]  # fmt: skip


_ONE = {"descents": _descents, "search": _search, "displacement": _displacement}


def simulate(
    settings: Mapping[str, Any],
    case: str,
    out_dir: str | Path,
    checkpoint_dir: str | Path = "checkpoints",
    workers: int = 1,
) -> list[Path]:
    """Run one case and write its CSV into `out_dir`; returns its path in a list.

    The bytes do not depend on `workers`. A case takes seconds, so nothing is kept in
    `checkpoint_dir`. Raises SettingsError for settings or a case that do not exist.
    """
    _check(settings)
    if case == "theory":
        table = theory_curves(settings)
    elif case in _ONE:
        tasks = _tasks(settings, case)
        order = sorted(range(len(tasks)), key=lambda i: -tasks[i][0])  # long ones first
        done = joblib.Parallel(n_jobs=workers)(
            joblib.delayed(_ONE[case])(settings, *tasks[i]) for i in order
        )
        results = dict(zip(order, done, strict=True))
        rows = [results[i] for i in range(len(tasks))]
        table = pd.DataFrame(sum(rows, []) if case == "displacement" else rows)
    else:
        raise SettingsError(
            f"critical-point-counts has no case {case!r}; it has theory, {', '.join(_ONE)}."
        )
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    return [_write(table, out / f"{case}.csv", "%.8g")]


def analyse(settings: Mapping[str, Any], folder: str | Path) -> Path:
    """Means over disorder of what was found beside what is expected; writes `summary.csv`.

    One row per case, N and field with mean and standard error (`_se`) of the number found and of
    found plus unseen (Chao's estimate). Raises SettingsError when a case was not simulated.
    """
    folder, rows = Path(folder), []
    for case in ("descents", "search"):
        path = folder / f"{case}.csv"
        if not path.exists():
            raise SettingsError(
                f"{path} does not exist: run `landscape simulate critical-point-counts --case "
                f"{case}`."
            )
        table = pd.read_csv(path)
        table["with_unseen"] = table["found"] + table["unseen"]
        for n, part in table.groupby("spins"):
            points, lowest = kac_rice.expected_counts(int(n), part["b"].unique())
            expected = dict(zip(part["b"].unique(), zip(points, lowest, strict=True), strict=True))
            for b, group in part.groupby("b"):
                row = {"case": case, "spins": n, "field": group["field"].iloc[0], "b": b,
                       "draws": len(group), "starts": group["starts"].sum(),
                       "converged": group["converged"].sum(),
                       "expected_critical": expected[b][0],
                       "expected_minima": expected[b][1]}  # fmt: skip
                for name in ("found", "with_unseen"):
                    row[name] = group[name].mean()
                    row[f"{name}_se"] = group[name].std(ddof=1) / math.sqrt(len(group))
                rows.append(row)
    return _write(pd.DataFrame(rows), folder / "summary.csv", "%.7g")
