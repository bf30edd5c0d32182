"""All experiments: which runs exist, and which artifact of the book reads them.

Each part of the book declares its experiments in a file of its own (``part1.py``, ``part2.py``,
...); this module collects them. Numbers live in ``params/``, pictures in the notebooks.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.experiments import settings


@dataclass(frozen=True)
class Experiment:
    """One declared experiment.

    ``kind`` is ``train`` (runs = methods x seeds, executed by ``landscape train``) or ``simulate``
    (runs = cases, executed by ``landscape simulate``). ``runs`` names the methods or cases: each
    has one CSV of its own, so that each is one stage of the pipeline. ``module`` is the module with
    the functions ``simulate`` and ``analyse`` of a simulation.
    """

    id: str
    artifact: str
    part: int
    kind: str
    runs: tuple[str, ...]
    title: str
    module: str = ""

    def outputs(self, profile: str, root: Path) -> list[Path]:
        """The result files a finished experiment has."""
        return [root / "results" / profile / self.id / f"{run}.csv" for run in self.runs]


def _all() -> Iterator[Experiment]:
    from landscape.experiments import part0, part1, part2

    for part in (part0, part1, part2):
        yield from part.EXPERIMENTS


def experiments() -> list[Experiment]:
    """Every declared experiment, in the book's order."""
    return list(_all())


def get(name: str, kind: str | None = None) -> Experiment:
    """The experiment of that name.

    Raises LandscapeError with the nearest name when there is none, or when it is of another kind.
    """
    known = {experiment.id: experiment for experiment in _all()}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else "`landscape list` names them all."
        raise LandscapeError(f"There is no experiment {name!r}; {hint}")
    found = known[name]
    if kind is not None and found.kind != kind:
        raise LandscapeError(
            f"{name} is not trained but simulated; use `landscape {found.kind} {name}`."
            if kind == "train"
            else f"{name} is not simulated but trained; use `landscape {found.kind} {name}`."
        )
    return found


def run_specs(
    experiment: str,
    method: str,
    profile: str,
    root: Path | None = None,
    most_seeds: int | None = None,
) -> list:
    """The runs of one method: a ``RunSpec`` for each seed 0, 1, ... of the profile.

    With a grid, all seeds of its first point come first; ``grid_runs`` has the points too.
    """
    return [spec for spec, _ in grid_runs(experiment, method, profile, root, most_seeds)]


def grid_runs(
    experiment: str,
    method: str,
    profile: str,
    root: Path | None = None,
    most_seeds: int | None = None,
) -> list[tuple]:
    """The runs of one method with the grid point of each, ``{}`` where there is no grid.

    A method's settings may hold ``grid``, a mapping shaped like the settings themselves with lists
    of values at its ends: the method is run with every combination. A point maps the last part of
    each setting's name to its value, as the columns of the result do.
    """
    from landscape.train.spec import RunSpec

    merged = settings.method_settings(experiment, method, profile, root)
    grid = merged.pop("grid", {})
    seeds = merged["run"]["seeds"]
    if not isinstance(seeds, int) or seeds < 1:
        raise LandscapeError(f"{experiment}: seeds is {seeds!r}; it must be a whole number >= 1.")
    runs = []
    for changes in settings.grid_changes(grid, f"{experiment}, method {method}"):
        settled = merged
        for path, value in changes.items():
            settled = settings.merge(settled, settings.nested(path, value))
        point = {path[-1]: value for path, value in changes.items()}
        for seed in range(seeds)[:most_seeds]:
            runs.append((RunSpec.from_settings(experiment, method, seed, settled), point))
    return runs
