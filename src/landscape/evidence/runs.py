"""The runs that a page reads: this build's, the published ones, or trained just now.

All three are read alike, so that ``measure`` in a page's ``figure.py`` is written once::

    runs = Runs.build("laptop", root)      # results/laptop/<part>/<experiment>/<run>/
    runs = Runs.recorded(root)             # records/<experiment>/<date>/<run>/
    runs = Runs.live("smoke", root)        # trained when they are asked for, nothing is written
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from landscape.errors import LandscapeError
from landscape.evidence import provenance, records

if TYPE_CHECKING:
    from landscape.experiments.catalogue import Experiment


class Runs:
    """Results by experiment. It remembers which experiments were read.

    Attributes:
        root: The project's folder.
        scale: The profile that the runs belong to: smoke, laptop or paper (for records).
    """

    root: Path
    scale: str

    def __init__(self, root: str | Path, scale: str) -> None:
        self.root, self.scale = Path(root), scale
        self._read: set[str] = set()

    @staticmethod
    def build(profile: str, root: str | Path) -> Runs:
        """The results of a profile under ``results/``."""
        return _Build(root, profile)

    @staticmethod
    def recorded(root: str | Path) -> Runs:
        """The newest record at the work's own scale of every experiment.

        Reduced records are published and listed, but they judge nothing and are not served here.
        """
        return _Recorded(root)

    @staticmethod
    def live(profile: str, root: str | Path) -> Runs:
        """Runs that are made when they are asked for and kept in memory."""
        return _Live(root, profile)

    @property
    def read(self) -> list[str]:
        """Names of the experiments that were read, in alphabetical order."""
        return sorted(self._read)

    def frame(self, experiment: str) -> pd.DataFrame | None:
        """``results.csv`` of all its runs, one below the other.

        Args:
            experiment: Its id.

        Returns:
            The file's columns and ``method``, the run's name (for a simulation ``case``, too).
            None where there is no record.

        Raises:
            LandscapeError: A build lacks results (names the command), or the name is unknown.
        """
        frames = [self.table(experiment, run) for run in self._names(experiment)]
        if not frames:
            return None
        return pd.concat(frames, ignore_index=True)

    def table(self, experiment: str, run: str, name: str = "results") -> pd.DataFrame | None:
        """One table of one run, with the columns ``method`` (and ``case``).

        A simulation whose cases compare methods has a column ``method`` of its own, which stays.

        Args:
            experiment: Its id.
            run: A method or a case.
            name: ``results``, or a table that a simulation adds, e.g. ``minima``.

        Returns:
            The table; None for a record that lacks it.

        Raises:
            LandscapeError: A build lacks it, its provenance is missing or notes other bytes, or the
                experiment or the run is unknown.
        """
        path = self._path(experiment, run, name)
        if path is None:
            return None
        self._read.add(experiment)
        # Only an empty field is missing: "None" is an option's value.
        try:
            frame = pd.read_csv(path, keep_default_na=False, na_values=["", "nan", "NaN"])
        except ValueError as error:  # no table, no UTF-8
            raise LandscapeError(
                f"{path} cannot be read as a table: restore it from git or make the run again."
            ) from error
        frame = frame if "method" in frame else frame.assign(method=run)
        return frame.assign(case=run) if self._simulated(experiment) else frame

    def weights(
        self, experiment: str, run: str, seed: int = 0, at: float = 1.0, **point: Any
    ) -> Path | None:
        """The file with the weights of one training run at one instant, its bytes checked.

        ``landscape.experiments.networks.network`` builds the network from it.

        Args:
            experiment: Its id.
            run: A method.
            seed: The run's seed.
            at: One of the instants that ``run: weights`` of its settings names, 1 for the end.
            **point: Values of the grid's columns where the method has a grid.

        Returns:
            The safetensors file; None for a record, which holds tables only.

        Raises:
            LandscapeError: There are no such weights, or their file is missing or damaged.
        """
        from landscape.experiments import weights_index

        path = self._path(experiment, run, "results")
        if path is None or isinstance(self, _Recorded):
            return None
        self._read.add(experiment)
        run_id = self._declared(experiment).run_id(run)
        large = weights_index.large_folder(self.scale, run_id, self.root)
        return weights_index.find(path.with_name(weights_index.INDEX), large, seed, at, point)

    def parameters(self, experiment: str, method: str | None = None) -> dict[str, Any]:
        """The settings in force, nested as in ``settings.yaml``.

        For a record those that it was run with, else the work's own; ``method`` (or case) is needed
        for an experiment with methods.
        """
        from landscape.experiments import settings

        if method is None or self._simulated(experiment):
            return settings.resolved(experiment, self.scale, self.root)
        return settings.method_settings(experiment, method, self.scale, self.root)

    def info(self, experiment: str) -> dict[str, Any]:
        """``record.json`` with the record's ``date``; empty for a build and without a record."""
        return {}

    def provenance(self, experiment: str) -> dict[str, dict]:
        """How each run was made, by run; empty where nothing is known."""
        return {}

    def _declared(self, experiment: str) -> Experiment:
        from landscape.experiments import catalogue

        return catalogue.get(experiment, root=self.root)

    def _simulated(self, experiment: str) -> bool:
        return self._declared(experiment).kind == "simulate"

    def _names(self, experiment: str) -> list[str]:
        return list(self._declared(experiment).runs)

    def _path(self, experiment: str, run: str, name: str) -> Path | None:
        raise NotImplementedError


class _Build(Runs):
    def provenance(self, experiment: str) -> dict[str, dict]:
        return provenance.read(self._declared(experiment).folder(self.scale, self.root))

    def _path(self, experiment: str, run: str, name: str) -> Path:
        declared = self._declared(experiment)
        if run not in declared.runs:
            raise LandscapeError(
                f"{experiment} has no run {run!r}; it has {', '.join(declared.runs)}."
            )
        path = declared.folder(self.scale, self.root) / run / f"{name}.csv"
        if not path.is_file():
            raise LandscapeError(
                f"There is no {name}.csv of {run} for {experiment} in profile {self.scale}: run "
                f"`landscape run {experiment} --profile {self.scale}`, or `dvc repro` "
                "for everything."
            )
        # A table that was cut, edited or put there by hand would be measured like any other.
        wrong = provenance.refusal(path)
        if wrong:
            raise LandscapeError(
                f"{path} {wrong}: restore it from git or make the run again, "
                f"`landscape run {experiment}/{run} --profile {self.scale}`."
            )
        return path


class _Recorded(Runs):
    def __init__(self, root: str | Path) -> None:
        super().__init__(root, "paper")
        self._found: dict[str, records.Record | None] = {}

    def info(self, experiment: str) -> dict[str, Any]:
        found = self._record(experiment)
        return {} if found is None else found.info | {"date": found.date}

    def provenance(self, experiment: str) -> dict[str, dict]:
        return self.info(experiment).get("methods", {})

    def parameters(self, experiment: str, method: str | None = None) -> dict[str, Any]:
        runs = self.provenance(experiment)
        used = runs.get(method) if method else next(iter(runs.values()), None)
        if used is None:
            return super().parameters(experiment, method)
        return records.settings_of(used)

    def _record(self, experiment: str) -> records.Record | None:
        if experiment not in self._found:
            self._found[experiment] = records.newest(experiment, self.root, scale="paper")
        return self._found[experiment]

    def _simulated(self, experiment: str) -> bool:
        found = self._record(experiment)
        return found.simulated if found else super()._simulated(experiment)

    def _names(self, experiment: str) -> list[str]:
        return sorted(self.provenance(experiment))

    def _path(self, experiment: str, run: str, name: str) -> Path | None:
        found = self._record(experiment)
        path = None if found is None else found.folder / run / f"{name}.csv"
        return path if path is not None and path.is_file() else None


class _Live(_Build):
    def __init__(self, root: str | Path, profile: str) -> None:
        super().__init__(root, profile)
        self._made: dict[str, pd.DataFrame] = {}
        self._folder: tempfile.TemporaryDirectory | None = None

    def frame(self, experiment: str) -> pd.DataFrame:
        if self._simulated(experiment):
            return super().frame(experiment)
        if experiment not in self._made:
            from landscape.experiments import live

            self._made[experiment] = live.run(experiment, self.scale, self.root)
            self._read.add(experiment)
        return self._made[experiment].copy()

    def table(self, experiment: str, run: str, name: str = "results") -> pd.DataFrame:
        if self._simulated(experiment) or name != "results":
            return super().table(experiment, run, name)
        frame = self.frame(experiment)
        return frame[frame["method"] == run].reset_index(drop=True)

    def provenance(self, experiment: str) -> dict[str, dict]:
        return {}

    def _path(self, experiment: str, run: str, name: str) -> Path:
        from landscape.experiments import execute, reading

        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="landscape-")
        made = Path(self._folder.name)
        if not (made / experiment / run).is_dir():
            wanted = f"{self._declared(experiment).part}/{experiment}/{run}"
            given = self.parameters(experiment) if self._simulated(experiment) else {}
            read = reading.runs_read(given, self.root)
            for run_id in read:
                _, of, one = run_id.split("/")
                if not (made / of / one).is_dir():
                    execute.run(run_id, self.scale, root=self.root, output=made / of)
            # What was made for it is read there, not among the profile's results.
            where = {"read_from": made} if read else {}
            execute.run(wanted, self.scale, root=self.root, output=made / experiment, **where)
        return made / experiment / run / f"{name}.csv"
