"""Published runs: ``records/<experiment>/<date>/`` with CSVs and ``record.json``.

A record holds results that a laptop build does not repeat, with everything needed to repeat them.
The CSVs have the columns of ``results/``. ``record.json``::

    {"experiment": "thesis-fig-2-3-mnistfc", "title": "one line", "scale": "paper",
     "differs": ["departures from the work's settings, one sentence each"],
     "started": "2026-01-31T10:00:00Z", "finished": "...", "commit": "...",
     "methods": {"adam": {provenance of adam.csv: specification, parameters, seeds, command,
                          wall_seconds, device, cpu, cores, workers, versions, ...}, ...}}

The record of a simulation has its cases as ``methods`` and holds every table of the result
folder, also those that belong to a case (``<case>-minima.csv``) or to all (``summary.csv``); they
are named in ``files``.
"""

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from landscape.errors import LandscapeError

#: Columns that a training CSV must have.
TRAINING_COLUMNS = (
    "seed", "step", "effective_epoch", "training_loss", "training_error", "validation_loss",
    "validation_error", "test_loss", "test_error", "learning_rate", "gradient_min",
    "gradient_min_raw", "gradient_layer_min", "gradient_layer_min_raw", "diverged",
)  # fmt: skip
_TOP = {"experiment": str, "title": str, "scale": str, "differs": list, "started": str,
        "finished": str, "commit": str, "methods": dict}  # fmt: skip
_PROVENANCE = {"specification": str, "parameters": dict, "seeds": list, "command": str,
               "wall_seconds": (int, float), "device": str, "cpu": str, "cores": int,
               "workers": int, "versions": dict}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")


class RecordError(LandscapeError, ValueError):
    """A record is missing or malformed."""


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
        """``paper`` where the work's own settings were run in full."""
        return self.info["scale"]

    def frame(self) -> pd.DataFrame:
        """``<method>.csv`` of all methods with a ``method`` column, in alphabetical order."""
        return read_folder(self.folder, sorted(self.info["methods"]))

    def csv(self, name: str) -> pd.DataFrame:
        """One of its files, e.g. ``summary.csv``; raises RecordError naming those there are."""
        names = sorted(path.name for path in self.folder.glob("*.csv"))
        if name not in names:
            raise RecordError(
                f"The record {_name(self.folder)} has no {name!r}; it holds {', '.join(names)}."
            )
        return pd.read_csv(self.folder / name)


def all_records(root: str | Path = ".") -> list[Record]:
    """Every record under ``records/``, validated, oldest first within an experiment."""
    return [read(path.parent) for path in sorted(Path(root).glob("records/*/*/record.json"))]


def newest(experiment: str, root: str | Path = ".") -> Record | None:
    """The newest record of an experiment, or None."""
    folders = sorted(Path(root).glob(f"records/{experiment}/*/record.json"))
    return read(folders[-1].parent) if folders else None


def read(folder: str | Path) -> Record:
    """Read and validate one record; raises RecordError naming the file and what is wrong."""
    folder = Path(folder)
    try:
        info = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{_name(folder)} has no record.json.") from None
    except json.JSONDecodeError as error:
        raise RecordError(f"{_name(folder)}/record.json is not valid JSON: {error}") from error
    problems = validate(folder, info)
    if problems:
        raise RecordError(f"The record {_name(folder)} is not usable: {problems[0]}.")
    return Record(folder, info)


def validate(folder: str | Path, info: dict) -> list[str]:
    """What is wrong with a record, one phrase each; an empty list when nothing is."""
    folder = Path(folder)
    problems = _wrong_types(info, _TOP, "record.json")
    if problems:
        return problems
    if not _DATE.fullmatch(folder.name):
        problems.append(f"the folder's name {folder.name!r} is not a date like 2026-01-31")
    if info["experiment"] != folder.parent.name:
        problems.append(f"it says experiment {info['experiment']!r}")
    cases, csvs = _cases(info["experiment"]), {path.stem for path in folder.glob("*.csv")}
    if cases is None:
        described = set(info["methods"])
    else:
        problems += _wrong_types(info, {"files": list}, "record.json")
        described = {str(name).removesuffix(".csv") for name in info.get("files") or ()}
        for case in sorted({*cases, *info["methods"]}):
            if case not in info["methods"]:
                problems.append(f"the case {case} has no provenance")
            elif case not in csvs:
                problems.append(f"the case {case} has no {case}.csv")
    if csvs != described or not csvs:
        problems.append(f"it describes {sorted(described)} but holds CSVs of {sorted(csvs)}")
    empty = {stem for stem in csvs if _empty(folder / f"{stem}.csv")}
    problems += [f"{stem}.csv is empty" for stem in sorted(empty)]
    for method, provenance in sorted(info["methods"].items()):
        wrong = _wrong_types(provenance, _PROVENANCE, f"method {method}")
        problems += wrong
        if not wrong and cases is None and method in csvs - empty:
            problems += _wrong_training(folder / f"{method}.csv", provenance["seeds"])
    return problems


def publish(
    experiment: str,
    source: str | Path,
    *,
    title: str,
    differs: Sequence[str] = (),
    root: str | Path = ".",
    scale: str = "paper",
    date: str | None = None,
) -> Path:
    """Make a record of a finished result folder; returns the new folder.

    ``source`` holds ``<method>.csv`` with ``<method>.provenance.json``, and for a simulation the
    other tables of its cases; ``date`` defaults to the day on which the last of them finished. All
    or nothing: raises RecordError and writes nothing when a provenance is missing, a record of that
    day exists or the result would not validate.
    """
    source = Path(source)
    csvs = sorted(source.glob("*.csv"))
    if not csvs:
        raise RecordError(f"{source} holds no CSV; make the results of {experiment} there first.")
    methods, cases = {}, _cases(experiment)
    for method in cases or [path.stem for path in csvs]:
        sidecar = source / f"{method}.provenance.json"
        if not sidecar.is_file():
            raise RecordError(
                f"{sidecar.name} is missing beside {method}.csv; make {method} again."
            )
        methods[method] = json.loads(sidecar.read_text(encoding="utf-8"))
        if methods[method].get("experiment") != experiment:
            raise RecordError(f"{sidecar.name} belongs to another experiment than {experiment}.")
    finished = max(item["finished"] for item in methods.values())
    info = {
        "experiment": experiment,
        "title": title,
        "scale": scale,
        "differs": list(differs),
        "started": min(item["started"] for item in methods.values()),
        "finished": finished,
        "commit": ", ".join(sorted({item["commit"] for item in methods.values()})),
        "methods": methods,
    }
    if cases is not None:
        info["files"] = [path.name for path in csvs]
    target = Path(root) / "records" / experiment / (date or finished[:10])
    if target.exists():
        raise RecordError(f"{_name(target)} exists; give another date or a suffix like -b.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    try:
        for path in csvs:
            shutil.copyfile(path, draft / path.name)
        (draft / "record.json").write_text(
            json.dumps(info, indent=2, sort_keys=True) + "\n", encoding="utf-8"
        )
        problems = [p for p in validate(draft, info) if "folder's name" not in p]
        if problems or not _DATE.fullmatch(target.name):
            problem = (problems or [f"{target.name!r} is not a date"])[0]
            raise RecordError(f"The results of {experiment} make no record: {problem}.")
        os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def read_folder(folder: str | Path, methods: Sequence[str] | None = None) -> pd.DataFrame:
    """CSVs of a folder with a ``method`` column (the file's stem), all in alphabetical order or
    those of ``methods``.
    """
    folder = Path(folder)
    stems = methods or [path.stem for path in sorted(folder.glob("*.csv"))]
    frames = [pd.read_csv(folder / f"{stem}.csv").assign(method=stem) for stem in stems]
    return pd.concat(frames, ignore_index=True)


def _cases(experiment: str) -> tuple[str, ...] | None:
    """The cases of a simulation; None for a trained experiment or one no longer declared."""
    from landscape.experiments import catalogue

    found = {item.id: item for item in catalogue.experiments()}.get(experiment)
    return found.runs if found is not None and found.kind == "simulate" else None


def _wrong_training(path: Path, seeds: list) -> list[str]:
    frame = pd.read_csv(path)
    missing = [column for column in TRAINING_COLUMNS if column not in frame]
    if missing:
        return [f"{path.name} lacks the column {missing[0]}"]
    if set(frame["seed"]) != set(seeds):
        return [f"{path.name} holds other seeds than record.json lists"]
    return []


def _empty(path: Path) -> bool:
    with path.open(encoding="utf-8") as lines:
        return not next(lines, "").strip() or not next(lines, "").strip()


def _wrong_types(mapping: object, expected: dict, where: str) -> list[str]:
    if not isinstance(mapping, dict):
        return [f"{where} is not a mapping"]
    problems = [f"{where} lacks {key!r}" for key in expected if key not in mapping]
    problems += [
        f"{where}: {key} is {mapping[key]!r}"
        for key, kind in expected.items()
        if key in mapping and (not isinstance(mapping[key], kind) or mapping[key] == "")
    ]
    return problems


def _name(folder: Path) -> str:
    return "/".join(folder.parts[-3:])
