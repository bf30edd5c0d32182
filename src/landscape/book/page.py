"""What a notebook calls: results, settings, verdicts, the commands and the provenance footer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from landscape.errors import LandscapeError
from landscape.book import views
from landscape.evidence import artifacts, paper_costs, provenance, records, verdicts
from landscape.evidence import claims as claims_module
from landscape.evidence.scorecard import write_json
from landscape.book.tables import Note, show

Evidence = Mapping[str, verdicts.Evidence]


class PageError(LandscapeError):
    """A page asks for something that is not there."""


def find_root(start: str | Path | None = None) -> Path:
    """The project's folder: the nearest one upwards that holds ``dvc.yaml``.

    Raises PageError when there is none.
    """
    here = Path(start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file():
            return folder
    raise PageError(f"{here} is not inside the project: open the notebook within its folder.")


class Page:
    """One artifact's page, or an extra one. It remembers which results it read, for the footer."""

    def __init__(self, artifact: str, profile: str, live: bool, root: Path) -> None:
        self.artifact, self.profile, self.live, self.root = artifact, profile, live, root
        self.extra = artifact in {page.id for page in artifacts.extra_pages(root)}
        self.claims = (
            claims_module.Claims(artifact, {}, ()) if self.extra
            else claims_module.load(artifact, root)
        )  # fmt: skip
        self.judged: list[verdicts.Judged] = []
        self._read: set[str] = set()
        self._records: dict[str, records.Record] = {}

    @property
    def folder(self) -> Path:
        """Where the profile's results lie."""
        return self.root / "results" / self.profile

    def results(self, experiment: str) -> pd.DataFrame:
        """All runs of an experiment, with a ``method`` column (file columns: see train.history).

        In a live page the runs are trained now, in this process' workers, and nothing is stored.
        Raises PageError naming the command when results are missing.
        """
        if self.live:
            from landscape.experiments import live

            return live.run(experiment, self.profile, self.root)
        wanted = self._declared(experiment)
        missing = [name for name in wanted if not self._path(experiment, name).is_file()]
        if missing or not list((self.folder / experiment).glob("*.csv")):
            what = f" of {', '.join(missing)}" if missing and len(missing) < len(wanted) else ""
            raise PageError(
                f"There are no results{what} for {experiment} in profile {self.profile}: run "
                f"`landscape {self._verb(experiment)} {experiment} --profile {self.profile}`, or "
                "`dvc repro` for everything."
            )
        self._read.add(experiment)
        if not wanted:
            return records.read_folder(self.folder / experiment)
        frames = [
            pd.read_csv(self._path(experiment, name)).assign(method=name) for name in wanted
        ]
        return pd.concat(frames, ignore_index=True)

    def read_csv(self, path: str, **options: object) -> pd.DataFrame:
        """Another CSV below ``results/<profile>/``, e.g. ``thesis-fig-2-2/summary.csv``.

        ``options`` go to pandas.
        """
        return pd.read_csv(self._existing(path), **options)

    def read_json(self, path: str) -> object:
        """Another JSON file below ``results/<profile>/``."""
        return json.loads(self._existing(path).read_text(encoding="utf-8"))

    def table(self, path: str) -> object:
        """``read_json`` or ``read_csv``, by the file's ending."""
        return self.read_json(path) if path.endswith(".json") else self.read_csv(path)

    def record(self, experiment: str) -> pd.DataFrame | None:
        """The newest published record of an experiment, or None."""
        found = self._record(experiment)
        return None if found is None else found.frame()

    def record_csv(self, experiment: str, name: str) -> pd.DataFrame | None:
        """One file of the newest record, e.g. ``summary.csv`` of a simulation; None without one.

        Raises RecordError naming the files there are when it is not among them.
        """
        found = self._record(experiment)
        return None if found is None else found.csv(name)

    def record_info(self, experiment: str) -> dict:
        """The newest record's ``record.json`` with its ``date``; empty when there is none."""
        found = self._record(experiment)
        return {} if found is None else found.info | {"date": found.date}

    def settings(self, *experiments: str, folded: bool = False) -> None:
        """Display setting, the work's value, this build's value and the source of each.

        The first experiment's table is open unless ``folded``, those of the others unfold.
        """
        from landscape.experiments.settings import resolve

        for number, experiment in enumerate(experiments):
            ours = resolve(experiment, self.profile, self.root)
            paper = {row.key: row.source for row in resolve(experiment, "paper", self.root)}
            shut = folded or number > 0
            show(views.settings_table(experiment, self.profile, ours, paper, folded=shut))

    def parameters(self, experiment: str, method: str, profile: str | None = None) -> dict:
        """The settings of one method of a training experiment, nested as in params/.

        Those of the page's profile, or of another one: ``paper`` has the work's own. Raises
        SettingsError for unknown names.
        """
        from landscape.experiments.settings import method_settings

        return method_settings(experiment, method, profile or self.profile, self.root)

    def judge(self, build: Evidence, record: Evidence | None = None) -> None:
        """Judge every claim, display the table and write ``<artifact>/claims.json``.

        ``build`` and ``record`` map claim ids to a Measurement (a dictionary of them for a claim
        with parts). A claim that is not given is "not run". A live page writes nothing, because
        its runs are not the stored ones. Raises PageError for an id that is not declared, and on
        an extra page, which repeats nothing of a work.
        """
        if self.extra:
            raise PageError(
                f"{self.artifact} is no figure or table of a work and claims nothing: leave "
                "judge() out."
            )
        for given in (build, record or {}):
            for identifier in given:
                if identifier not in self.claims.ids:
                    raise PageError(
                        f"{identifier!r} is no claim of {self.artifact}: declare it in "
                        f"references/claims/{self.artifact}.yaml."
                    )
        scale = self._record_scale()
        self.judged = [
            verdicts.judge(
                claim,
                build.get(claim.id),
                None if record is None else record.get(claim.id),
                build_scale=self.profile,
                record_scale=scale,
            )
            for claim in self.claims
        ]
        show(views.claims_table(self.judged, self.profile))
        if self.live:
            show(Note("Live page: these verdicts come from runs made just now, nothing is stored."))
            return
        content = views.claims_json(self.artifact, self.profile, self.judged, self._dates())
        write_json(self.folder / self.artifact / "claims.json", content)

    def reproduce(self) -> None:
        """Display the exact commands and what they cost when the stored results were made."""
        lines = [f"landscape notebook {self.artifact} --profile {self.profile}"]
        runs = self._provenance()
        recorded = self._record_infos()
        show(
            Note(
                "Everything, only what is out of date: `dvc repro`. Only this page:",
                "\n".join([*provenance.commands(runs), *lines]),
                name="reproduce",
            )
        )
        if recorded:
            show(Note("The records:", "\n".join(provenance.commands(
                {name: info["methods"] for name, info in recorded.items()})),
                name="reproduce"))  # fmt: skip
        table = provenance.cost_table(runs, recorded)
        show(table if table else Note("This page reads no stored runs; it computes what it shows."))

    def paper_cost(self, *experiments: str, methods: Sequence[str] | None = None) -> None:
        """Display what training them at the works' own scale would cost, as last measured."""
        show(paper_costs.cost_at_paper_scale(self.root, experiments, methods))

    def footer(self) -> None:
        """Display the provenance of every result read above; nothing about this moment."""
        own = f"Python {sys.version_info.major}.{sys.version_info.minor}"
        for package in ("numpy", "scipy", "pandas", "matplotlib"):
            try:
                own += f", {package} {version(package)}"
            except PackageNotFoundError:
                continue
        runs, recorded = self._provenance(), self._record_infos()
        show(provenance.footer_note(self.profile, runs, recorded, own))

    def _path(self, experiment: str, name: str) -> Path:
        return self.folder / experiment / f"{name}.csv"

    def _existing(self, path: str) -> Path:
        full, experiment = self.folder / path, Path(path).parts[0]
        if not full.is_file():
            raise PageError(
                f"results/{self.profile}/{path} is missing: run `landscape "
                f"{self._verb(experiment)} {experiment} --profile {self.profile}`, or `dvc repro` "
                "for everything."
            )
        self._read.add(experiment)
        return full

    def _declared(self, experiment: str) -> list[str]:
        found = _experiment(experiment)
        return [] if found is None else list(found.runs)

    def _verb(self, experiment: str) -> str:
        found = _experiment(experiment)
        return "train" if found is None else found.kind

    def _record(self, experiment: str) -> records.Record | None:
        found = records.newest(experiment, self.root)
        if found is not None:
            self._records[experiment] = found
        return found

    def _record_scale(self) -> str:
        """``paper`` only when every record that the page read was run at paper scale."""
        return "paper" if all(r.scale == "paper" for r in self._records.values()) else "reduced"

    def _record_infos(self) -> dict[str, dict]:
        return {name: record.info for name, record in self._records.items()}

    def _dates(self) -> dict[str, str]:
        return {name: record.date for name, record in self._records.items()}

    def _provenance(self) -> dict[str, dict]:
        found = {name: provenance.read(self.folder / name) for name in sorted(self._read)}
        return {name: methods for name, methods in found.items() if methods}


def page(
    artifact: str, profile: str = "laptop", live: bool = False, root: str | Path | None = None
) -> Page:
    """Open an artifact's page; ``root`` is found from the current folder upwards.

    Raises PageError outside the project and ClaimsError when no claims are declared.
    """
    return Page(artifact, profile, live, find_root(root))


def _experiment(name: str):
    """The declared experiment, or None for a folder that no experiment declares."""
    from landscape.experiments import catalogue

    try:
        return catalogue.get(name)
    except LandscapeError:
        return None
