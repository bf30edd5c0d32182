"""How many critical points and minima a 3-spin glass has, against the strength of the field.

Beyond the works: thesis theorems 2.7 to 2.9 are limits, and no figure shows them. Four cases, one
table each::

    theory        exact and asymptotic expected numbers on a grid of B, N = 20 to 400
    descents      distinct minima that gradient descent finds, several disorders
    search        critical points of every index, by eigenvector following, for few spins
    displacement  how far a field moves the minima (thesis theorem 2.13)

`critical_point_summary` sets `descents` and `search` beside the exact expectations.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.errors import LandscapeError
from landscape.experiments.critical_point_landscapes import (
    TABLES,
    descents,
    displacement,
    entry,
    search,
)
from landscape.experiments.critical_point_theory import theory_curves
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    list_of,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.theory import critical_counts
from landscape.theory.spin_glass import critical_field, field_parameter
from landscape.train.workers import in_workers

_WHOLES = list_of(whole(), "a list of whole numbers of at least 1")
_SETTINGS = {
    "p": whole(3),
    "coupling": POSITIVE,
    "fields": list_of(NOT_NEGATIVE, "a list of numbers of at least 0"),
    "theory_spins": list_of(whole(3), "a list of whole numbers of at least 3"),
    "theory_points": whole(2),
    "starts_per_minimum": whole(),
    "step_size": POSITIVE,
    "tolerance": POSITIVE,
    "max_iterations": whole(),
    "same_minimum": POSITIVE,
    "displacement_starts": whole(),
    "displacement_field": POSITIVE,
    "seed": whole(0),
    **{key: list_of(whole(3), "a list of whole numbers of at least 3") for key in TABLES},
    **{key: _WHOLES for keys in TABLES.values() for key in keys},
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def _check(settings: Mapping[str, Any]) -> None:
    for spins, keys in TABLES.items():
        for key in keys:
            if len(settings[key]) != len(settings[spins]):
                raise LandscapeError(
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
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Run one case.

    A case takes seconds at laptop scale, so that nothing is kept in `checkpoints`.

    Raises:
        LandscapeError: A list of the settings has not one entry for each number of spins.
    """
    _check(settings)
    if case == "theory":
        table = theory_curves(settings)
    else:
        tasks = _tasks(settings, case)
        order = sorted(range(len(tasks)), key=lambda i: -tasks[i][0])  # long ones first
        done = list(in_workers(_ONE[case], [(settings, *tasks[i]) for i in order], workers))
        results = dict(zip(order, done, strict=True))
        rows = [results[i] for i in range(len(tasks))]
        table = pd.DataFrame(sum(rows, []) if case == "displacement" else rows)
    return Outcome({"results": csv_text(table, "%.8g")})
