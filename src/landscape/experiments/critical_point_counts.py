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
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.experiments.critical_point_landscapes import (
    TABLES,
    descents,
    displacement,
    entry,
    search,
)
from landscape.experiments.critical_point_theory import theory_curves
from landscape.experiments.settings import SettingsError
from landscape.experiments.spin_glass_landscape import _write
from landscape.theory import critical_counts, kac_rice
from landscape.theory.spin_glass import critical_field, field_parameter
from landscape.train.workers import in_workers

_NEEDED = {
    "p", "coupling", "seed", "step_size", "tolerance", "max_iterations", "same_minimum", "fields",
    "theory_spins", "theory_points", "starts_per_minimum", "displacement_starts",
    "displacement_field", *TABLES, *(key for keys in TABLES.values() for key in keys),
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
    for spins, keys in TABLES.items():
        for key in keys:
            if len(settings[key]) != len(settings[spins]):
                raise SettingsError(
                    f"critical-point-counts: {key} has {len(settings[key])} entries for the "
                    f"{len(settings[spins])} numbers of {spins}; give one for each."
                )


def _fields(settings: Mapping[str, Any]) -> list[float]:
    """The strengths `fields`, which are in units of v_c."""
    unit = critical_field(settings["p"], settings["coupling"])
    return [float(f) * unit for f in settings["fields"]]


def _tasks(settings: Mapping[str, Any], case: str) -> list[tuple]:
    fields = _fields(settings)
    if case == "descents":
        return [(n, v, d) for n in settings["spins"] for v in fields
                for d in range(entry(settings, "draws", n))]  # fmt: skip
    if case == "search":
        p, coupling = settings["p"], settings["coupling"]
        return [(n, v, d) for n in settings["search_spins"] for v in fields
                if critical_counts.critical_points(n, field_parameter(v, p, coupling))
                <= entry(settings, "search_most", n)
                for d in range(entry(settings, "search_draws", n))]  # fmt: skip
    return [(n, d) for n in settings["displacement_spins"]
            for d in range(entry(settings, "displacement_draws", n))]  # fmt: skip


_ONE = {"descents": descents, "search": search, "displacement": displacement}


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
        done = list(in_workers(_ONE[case], [(settings, *tasks[i]) for i in order], workers))
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
