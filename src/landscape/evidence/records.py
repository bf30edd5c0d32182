"""Published runs: ``records/<experiment>/<date>/`` with ``record.json`` and a folder a run.

A record holds results that a laptop build does not repeat, with everything needed to repeat them.
``<run>/results.csv`` and other tables are those of ``results/``. ``record.json``::

    {"experiment": "thesis-fig-2-3-mnistfc", "title": "one line", "scale": "paper" | "reduced",
     "differs": ["departures from the work's settings, one phrase each"],
     "started": "2026-01-31T10:00:00Z", "finished": "...", "commit": "...",
     "files": ["adam/results.csv", ...],
     "methods": {"adam": {provenance: specification, parameters, seeds, command, wall_seconds,
                          device, cpu, cores, workers, versions, ...}, ...}}

Where the first seeds were taken from an execution before, ``earlier`` in the provenance names its
seeds, commit, machine and time (``landscape.experiments.earlier``).

``methods`` holds the runs: methods, or the cases of a simulation. ``landscape.evidence.publishing``
makes records; ``scale`` and the beginning of ``differs`` are computed then.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from landscape import schema
from landscape.errors import LandscapeError
from landscape.evidence.record_schema import RECORD
from landscape.experiments import seal

#: Columns that a training CSV must have.
TRAINING_COLUMNS = (
    "seed", "step", "effective_epoch", "training_loss", "training_error", "validation_loss",
    "validation_error", "test_loss", "test_error", "learning_rate", "gradient_min",
    "gradient_min_raw", "gradient_layer_min", "gradient_layer_min_raw", "diverged",
)  # fmt: skip
#: The name of a record's folder.
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")
_OPTIONS = {"model_options": "model", "optimizer_options": "optimizer"}
_NESTED = ("data", "schedule", "replicas", "auto_l2", "augmentation", "loss")
_RUN = (
    "batch_size", "epochs", "evaluations_per_epoch", "evaluation_samples", "clip_norm",
    "clip_value", "weights", "record_every", "evaluation_batch", "batch_statistics",
)  # fmt: skip


class RecordError(LandscapeError, ValueError):
    """A record is missing or malformed, or results make none."""


@dataclass(frozen=True)
class Record:
    """A record on disk: its folder and the content of record.json."""

    folder: Path
    info: dict

    @property
    def date(self) -> str:
        """The folder's name: the date, with a suffix where two records share one."""
        return self.folder.name

    @property
    def scale(self) -> str:
        """``paper`` where the work's own settings were run in full, else ``reduced``."""
        return self.info["scale"]

    @property
    def simulated(self) -> bool:
        """Whether its runs are the cases of a simulation."""
        return not any(_trained(item) for item in self.info["methods"].values())

    def frame(self) -> pd.DataFrame:
        """``results.csv`` of all runs with a ``method`` column, in alphabetical order."""
        runs = sorted(self.info["methods"])
        frames = [self.table(run).assign(method=run) for run in runs]
        return pd.concat(frames, ignore_index=True)

    def table(self, run: str, name: str = "results") -> pd.DataFrame:
        """One table of a run, e.g. ``minima``; raises RecordError naming those there are."""
        if f"{run}/{name}.csv" not in self.info["files"]:
            raise RecordError(
                f"The record {shown(self.folder)} has no {run}/{name}.csv; it holds "
                f"{', '.join(self.info['files'])}."
            )
        return pd.read_csv(self.folder / run / f"{name}.csv")


def all_records(root: str | Path = ".") -> list[Record]:
    """Every record under ``records/``, validated, oldest first within an experiment."""
    return [read(path.parent) for path in sorted(Path(root).glob("records/*/*/record.json"))]


def newest(experiment: str, root: str | Path = ".", scale: str | None = None) -> Record | None:
    """The newest record of an experiment (of that scale, if one is given), or None."""
    folders = sorted(Path(root).glob(f"records/{experiment}/*/record.json"), reverse=True)
    found = (read(path.parent) for path in folders)
    return next((record for record in found if scale in (None, record.scale)), None)


def read(folder: str | Path) -> Record:
    """Read and validate one record; raises RecordError naming the file and what is wrong."""
    folder = Path(folder)
    try:
        info = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{shown(folder)} has no record.json.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{shown(folder)}/record.json is not valid JSON: {error}") from error
    problems = validate(folder, info)
    if problems:
        raise RecordError(f"The record {shown(folder)} is not usable: {problems[0]}.")
    return Record(folder, info)


def validate(folder: str | Path, info: dict) -> list[str]:
    """What is wrong with a record, one phrase each; an empty list when nothing is."""
    folder = Path(folder)
    problems = [f"record.json: {text}" for text in schema.problems(info, RECORD)]
    if problems:
        return problems
    if not DATE.fullmatch(folder.name):
        problems.append(f"the folder's name {folder.name!r} is not a date like 2026-01-31")
    if info["experiment"] != folder.parent.name:
        problems.append(f"it says experiment {info['experiment']!r}")
    described, there = set(info["files"]), set(tables(folder))
    if described != there:
        problems.append(f"it describes {sorted(described)} but holds {sorted(there)}")
    runs = {path.split("/")[0] for path in there}
    if runs != set(info["methods"]):
        problems.append(f"it has provenance of {sorted(info['methods'])} and tables of "
                        f"{sorted(runs)}")  # fmt: skip
    empty = {path for path in there if _empty(folder / path)}
    problems += [f"{path} is empty" for path in sorted(empty)]
    for run, item in sorted(info["methods"].items()):
        if not seal.is_intact(item):
            problems.append(f"the provenance of {run} is not what the run wrote")
        results = f"{run}/results.csv"
        if results not in there:
            problems.append(f"there is no {results}")
        elif _trained(item) and results not in empty:
            problems += _wrong_training(folder / results, item["seeds"], results)
        noted = {f"{run}/{name}" for name in item.get("files", {}) if name.endswith(".csv")}
        if noted:
            own = {path for path in there if path.split("/")[0] == run}
            problems += [f"{path}, which the run wrote, is missing" for path in sorted(noted - own)]
            problems += [f"the run has not written {path}" for path in sorted(own - noted)]
    return problems + [f"{path} is not what the run wrote" for path in _changed(folder, info)]


def settings_of(item: dict) -> dict[str, Any]:
    """The settings that a run was made with, from its provenance, nested as in settings.yaml."""
    if not _trained(item):
        return item["parameters"]
    given = item["parameters"]
    found = {key: given[key] for key in _NESTED if key in given}
    for options, name in _OPTIONS.items():
        found[name] = {"name": given[name]} | given[options]
    found["run"] = {key: given[key] for key in _RUN if key in given}
    found["run"]["seeds"] = len(item["seeds"])
    return found


def tables(folder: Path) -> list[str]:
    """The tables of all runs in a folder, ``<run>/<name>.csv``."""
    return sorted(f"{path.parent.name}/{path.name}" for path in folder.glob("*/*.csv"))


def _changed(folder: Path, info: dict) -> list[str]:
    """Tables with other bytes than the provenance notes; older provenances note none."""
    return [
        f"{run}/{name}"
        for run, item in sorted(info["methods"].items())
        for name, checksum in sorted(item.get("files", {}).items())
        if f"{run}/{name}" in info["files"]
        and (folder / run / name).is_file()
        and hashlib.sha256((folder / run / name).read_bytes()).hexdigest() != checksum
    ]


def _trained(item: dict) -> bool:
    given = item.get("parameters", {})
    return "optimizer" in given and "sweep" not in given


def _wrong_training(path: Path, seeds: list, shown: str) -> list[str]:
    frame = pd.read_csv(path)
    missing = [column for column in TRAINING_COLUMNS if column not in frame]
    if missing:
        return [f"{shown} lacks the column {missing[0]}"]
    if set(frame["seed"]) != set(seeds):
        return [f"{shown} holds other seeds than record.json lists"]
    return []


def _empty(path: Path) -> bool:
    with path.open(encoding="utf-8") as lines:
        return not next(lines, "").strip() or not next(lines, "").strip()


def shown(folder: Path) -> str:
    """A record's folder as sentences name it."""
    return "/".join(folder.parts[-3:])
