"""All experiments: which runs exist, and which page of the book shows them.

Nothing is listed here: the experiments are those in ``settings.yaml`` of the book's pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape import schema
from landscape.data.catalogue import DEFAULT_NAMES, PLANS
from landscape.errors import LandscapeError
from landscape.experiments import settings
from landscape.experiments.grid import grid_changes, with_values
from landscape.experiments.settings_file import SettingsError, plain
from landscape.project import find_root
from landscape.train.spec import RunSpec

_DATA_SETS = (*PLANS, "imagenet")  # that one is nobody's to fetch


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        id: Its name, unique in the book.
        page: The item of the page whose folder holds its settings, ``<part>/<name>``.
        part: The part's folder.
        kind: ``train`` (each run is a method with all its seeds), ``sweep`` (a method with all its
            configurations) or ``simulate`` (a case).
        runs: Its methods or cases.
        title: One line.
        module: The module whose ``simulate`` runs it, "" for training.
        needs: Data sets that it reads and that are fetched only by name (``landscape fetch ptb``):
            the pipeline leaves such an experiment out.
        gpu: Whether the GPU queue takes it (``landscape.experiments.declarations``).
        by_name: Whether the pipeline leaves it out, because it needs such a data set or its
            settings say ``pipeline: false``.
    """

    id: str
    page: str
    part: str
    kind: str
    runs: tuple[str, ...]
    title: str
    module: str = ""
    needs: tuple[str, ...] = ()
    gpu: bool = True
    by_name: bool = False

    def run_id(self, run: str) -> str:
        """``<part>/<experiment>/<run>``."""
        return f"{self.part}/{self.id}/{run}"

    @property
    def run_ids(self) -> list[str]:
        """The ids of all its runs."""
        return [self.run_id(run) for run in self.runs]

    def folder(self, profile: str, root: Path) -> Path:
        """Where its results lie: ``results/<profile>/<part>/<experiment>``."""
        return Path(root) / "results" / profile / self.part / self.id

    def outputs(self, profile: str, root: Path) -> list[Path]:
        """The table that each finished run has."""
        return [self.folder(profile, root) / run / "results.csv" for run in self.runs]


def experiments(root: Path | None = None) -> list[Experiment]:
    """Every experiment, in the order of the book's pages and of each page's settings."""
    return [_experiment(found) for found in settings.all_declared(root or find_root())]


def _experiment(found: settings.Declared) -> Experiment:
    kind = "simulate" if found.module else "sweep" if found.sweeps else "train"
    entry = found.entry
    needs = _fetched_by_name(found)
    return Experiment(entry.id, entry.page, entry.part, kind, found.runs, found.title, found.module,
                      needs, found.gpu, bool(needs) or not found.pipeline)  # fmt: skip


def _fetched_by_name(found: settings.Declared) -> tuple[str, ...]:
    work = found.layers["paper"]
    given = [plain(tree).get("data") for tree in (work.common, *work.methods.values())]
    sets = [one.get("name") if isinstance(one, dict) else one for one in given]
    # What is no text is refused with its line when the settings are checked.
    names = sorted({name for name in sets if isinstance(name, str)})
    for name in names:
        if name not in _DATA_SETS:  # a slip would leave the experiment out of the pipeline
            raise SettingsError(
                f"{found.entry.id}: there is no data set {name!r}; "
                f"{schema.nearest(name, list(_DATA_SETS))}"
            )
    return tuple(name for name in names if name not in DEFAULT_NAMES)


def get(name: str, kind: str | None = None, root: Path | None = None) -> Experiment:
    """The experiment of that name.

    Raises:
        LandscapeError: There is none (with the nearest name), or it is of another kind.
    """
    found = _experiment(settings.declared(name, root))
    if kind is not None and found.kind != kind:
        words = {"train": "trained", "sweep": "swept", "simulate": "simulated"}
        raise LandscapeError(f"{name} is not {words[kind]} but {words[found.kind]}.")
    return found


def find_runs(name: str, root: Path | None = None, whole_page: bool = False) -> list[str]:
    """The ids of the runs that a name stands for.

    Args:
        name: A run's id, an experiment, a page (all runs of its experiments), or
            ``<page>/<experiment>``; with or without the part in front.
        root: The project's folder.
        whole_page: What a name stands for that a page shares with one of its experiments: the page,
            as a reader expects who has the name from its address, or the experiment, as settings
            mean it. ``<page>/<experiment>`` is that experiment alone either way.

    Raises:
        LandscapeError: It is none of these (with the nearest that is), or a page without runs.
    """
    root = root or find_root()
    known: dict[str, list[str]] = {}
    pages: dict[str, list[str]] = {}
    on_pages: dict[str, list[str]] = {}
    for experiment in experiments(root):
        page = experiment.page.split("/")[-1]
        for key in (page, experiment.page):
            pages.setdefault(key, []).extend(experiment.run_ids)
            on_pages[f"{key}/{experiment.id}"] = experiment.run_ids
        for key in (experiment.id, f"{experiment.part}/{experiment.id}"):
            known[key] = experiment.run_ids
        for run in experiment.runs:
            known[experiment.run_id(run)] = known[f"{experiment.id}/{run}"] = [
                experiment.run_id(run)
            ]
    known = on_pages | (known | pages if whole_page else pages | known)
    name = name.strip("/")
    if name not in known:
        raise LandscapeError(
            f"There is no run, experiment or page with runs called {name!r}; "
            + _hint(name, list(known))
        )
    return known[name]


def others_on_page(name: str, root: Path | None = None) -> list[str]:
    """The other experiments of a page that is called like one of its own; else none.

    Args:
        name: The page, with or without the part in front.
        root: The project's folder.
    """
    name = name.strip("/")
    found = [e.id for e in experiments(root) if name in (e.page, e.page.split("/")[-1])]
    own = name.split("/")[-1]
    return [one for one in found if one != own] if own in found else []


def _hint(name: str, known: list[str]) -> str:
    hint = schema.nearest(name, known)
    return hint if hint.endswith("?") else "`landscape list` names them."


def of_run(run_id: str, root: Path | None = None) -> tuple[Experiment, str]:
    """The experiment and the run's own name of a run's id.

    Raises:
        LandscapeError: There is no such run (with the nearest).
    """
    root = root or find_root()
    known = {run: experiment for experiment in experiments(root) for run in experiment.run_ids}
    if run_id not in known:
        raise LandscapeError(f"There is no run {run_id!r}; {_hint(run_id, list(known))}")
    return known[run_id], run_id.split("/")[-1]


def run_specs(
    experiment: str,
    method: str,
    profile: str,
    root: Path | None = None,
    most_seeds: int | None = None,
) -> list[RunSpec]:
    """The runs of one method: one for each seed 0, 1, ... of the profile.

    With a grid, all seeds of its first point come first; ``grid_runs`` has the points too.
    """
    return [spec for spec, _ in grid_runs(experiment, method, profile, root, most_seeds)]


def grid_runs(
    experiment: str,
    method: str,
    profile: str,
    root: Path | None = None,
    most_seeds: int | None = None,
) -> list[tuple[RunSpec, dict[str, Any]]]:
    """The runs of one method with the grid point of each, ``{}`` where there is no grid.

    A method's settings may hold ``grid``, a mapping shaped like the settings themselves with lists
    of values at its ends: the method is run with every combination. A point maps the last part of
    each setting's name to its value, as the columns of the result do.

    Raises:
        LandscapeError: Unknown names, settings or a number of seeds that cannot be right.
    """
    merged = settings.method_settings(experiment, method, profile, root)
    if "sweep" in merged:
        raise LandscapeError(f"{experiment} is not trained but swept.")
    grid = merged.pop("grid", {})
    if most_seeds is not None and most_seeds < 1:
        raise LandscapeError(f"{most_seeds} seeds cannot be run; ask for at least 1.")
    if "seeds" in grid.get("run", {}):
        raise SettingsError(f"{experiment}, method {method}: seeds stand beside a grid, not in it.")
    seeds = range(merged["run"]["seeds"])[:most_seeds]
    runs = []
    for changes in grid_changes(grid, f"{experiment}, method {method}"):
        settled = with_values(merged, changes)
        point = {path[-1]: value for path, value in changes.items()}
        for seed in seeds:
            runs.append((RunSpec.from_settings(experiment, method, seed, settled), point))
    return runs
