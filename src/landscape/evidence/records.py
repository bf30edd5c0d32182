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

``methods`` holds the runs: methods, or the cases of a simulation. ``scale`` and the beginning of
``differs`` are computed when a record is published (``landscape.evidence.departures``).
"""

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from landscape import schema
from landscape.errors import LandscapeError
from landscape.evidence import departures
from landscape.evidence.record_schema import PROVENANCE, RECORD
from landscape.experiments import earlier, seal
from landscape.files import replacing_folder

#: Columns that a training CSV must have.
TRAINING_COLUMNS = (
    "seed", "step", "effective_epoch", "training_loss", "training_error", "validation_loss",
    "validation_error", "test_loss", "test_error", "learning_rate", "gradient_min",
    "gradient_min_raw", "gradient_layer_min", "gradient_layer_min_raw", "diverged",
)  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")
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
                f"The record {_name(self.folder)} has no {run}/{name}.csv; it holds "
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
        raise RecordError(f"{_name(folder)} has no record.json.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{_name(folder)}/record.json is not valid JSON: {error}") from error
    problems = validate(folder, info)
    if problems:
        raise RecordError(f"The record {_name(folder)} is not usable: {problems[0]}.")
    return Record(folder, info)


def validate(folder: str | Path, info: dict) -> list[str]:
    """What is wrong with a record, one phrase each; an empty list when nothing is."""
    folder = Path(folder)
    problems = [f"record.json: {text}" for text in schema.problems(info, RECORD)]
    if problems:
        return problems
    if not _DATE.fullmatch(folder.name):
        problems.append(f"the folder's name {folder.name!r} is not a date like 2026-01-31")
    if info["experiment"] != folder.parent.name:
        problems.append(f"it says experiment {info['experiment']!r}")
    described, there = set(info["files"]), set(_tables(folder))
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


def publish(
    experiment: str,
    source: str | Path | None = None,
    *,
    title: str,
    differs: Sequence[str] = (),
    root: str | Path = ".",
    date: str | None = None,
    suffix: str = "",
) -> Path:
    """Make a record of finished results, all or nothing.

    The scale and what differs from the work's settings are computed from the provenance: results
    of another profile, or with other settings, become a record of scale ``reduced``, which judges
    nothing.

    Args:
        experiment: Its id.
        source: Folder with ``<run>/results.csv`` and ``<run>.provenance.json``; by default the
            results of the profile ``paper``.
        title: One line saying what was run.
        differs: Further departures from the work, added to those computed.
        root: The project's folder.
        date: By default the day on which the last run finished.
        suffix: A letter or word that tells two records of a day apart, e.g. ``b``.

    Returns:
        The new folder.

    Raises:
        RecordError: A provenance is missing, belongs to something else, has no commit or one with
            uncommitted changes; a record of that day exists; or the record would not validate.
    """
    from landscape.experiments import catalogue

    if suffix and not re.fullmatch(r"\w+", suffix):
        raise RecordError(f"The suffix {suffix!r} must be a letter or a word, like b.")
    declared = catalogue.get(experiment, root=Path(root))
    source = Path(source or declared.folder("paper", Path(root)))
    files = _tables(source)
    if not files:
        raise RecordError(f"{source} holds no results of {experiment}; make them there first.")
    made = {path.split("/")[0] for path in files}
    wanted = declared.runs if declared.kind == "simulate" else made
    runs = {run: _provenance(source, run, experiment) for run in sorted(made | set(wanted))}
    computed, reduced = departures.of_runs(runs, experiment, Path(root))
    left_out = [run for run in declared.runs if run not in runs]
    if declared.kind == "sweep" and left_out:  # its methods are parts of one grid
        computed = [*computed, f"without {', '.join(left_out)}"]
    finished = max(item["finished"] for item in runs.values())
    info = {
        "experiment": experiment,
        "title": title,
        "scale": "reduced" if reduced else "paper",
        "differs": [*computed, *(text for text in differs if text not in computed)],
        "started": min(item["started"] for item in runs.values()),
        "finished": finished,
        "commit": ", ".join(
            sorted({part["commit"] for item in runs.values() for part in earlier.parts(item)})
        ),
        "files": files,
        "methods": runs,
    }
    name = (date or finished[:10]) + (f"-{suffix}" if suffix else "")
    target = Path(root) / "records" / experiment / name
    if target.exists():
        raise RecordError(f"{_name(target)} exists; tell the new one apart with --suffix b.")
    try:
        _write(target, source, info)
    finally:
        with contextlib.suppress(OSError):
            target.parent.rmdir()  # where it was made for what became no record
    return target


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


def _provenance(source: Path, run: str, experiment: str) -> dict:
    path = source / f"{run}.provenance.json"
    if not path.is_file():
        raise RecordError(f"{path.name} is missing beside {run}/; make {run} again.")
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} is not valid JSON ({error}); make {run} again.") from error
    if not isinstance(item, dict) or item.get("experiment") != experiment:
        raise RecordError(f"{path.name} belongs to another experiment than {experiment}.")
    if item.get("method", run) != run:
        raise RecordError(f"{path.name} belongs to {item['method']!r}, not to {run!r}.")
    if not seal.is_intact(item):
        raise RecordError(f"{path.name} is not what the run wrote; make {run} again.")
    commits = [part.get("commit") for part in [*(item.get("earlier") or []), item]]
    if not all(commits):
        raise RecordError(
            f"{path.name} names no commit, so that nobody could repeat it: run {run} inside a git "
            "checkout."
        )
    for commit in commits:
        if commit.endswith("+changes"):
            raise RecordError(
                f"{run} was run with uncommitted changes ({commit}): commit them and run it again."
            )
    for problem in schema.problems(item, PROVENANCE):
        raise RecordError(f"{path.name}: {problem}; make {run} again.")
    return item


def _write(target: Path, source: Path, info: dict) -> None:
    with replacing_folder(target) as draft:
        for path in info["files"]:
            (draft / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / path, draft / path)
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        (draft / "record.json").write_text(text, encoding="utf-8", newline="\n")
        problems = [p for p in validate(draft, info) if "folder's name" not in p]
        if problems or not _DATE.fullmatch(target.name):
            problem = (problems or [f"{target.name!r} is not a date"])[0]
            raise RecordError(f"The results of {info['experiment']} make no record: {problem}.")


def _tables(folder: Path) -> list[str]:
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


def _name(folder: Path) -> str:
    return "/".join(folder.parts[-3:])
