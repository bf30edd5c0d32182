"""Records made of finished results, and results made of a record again.

``publish`` takes runs of the profile ``paper`` into ``records/`` (``landscape.evidence.records``).
``restore`` puts the runs of a record back where results are: the next session of a machine adds
methods or seeds to them and publishes all as one record.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from landscape import schema
from landscape.evidence import departures, records
from landscape.evidence.record_schema import PROVENANCE
from landscape.evidence.records import RecordError
from landscape.experiments import earlier, seal
from landscape.files import replacing_folder


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
    files = records.tables(source)
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
        raise RecordError(
            f"{records.shown(target)} exists; tell the new one apart with --suffix b."
        )
    try:
        _write(target, source, info)
    finally:
        with contextlib.suppress(OSError):
            target.parent.rmdir()  # where it was made for what became no record
    return target


def restore(experiment: str, root: str | Path = ".") -> list[Path]:
    """Put the runs of the newest record back among the results, to add to them.

    ``landscape run`` takes what is there as finished where nothing that it depends on has changed,
    and trains further methods, or further seeds of these.

    Args:
        experiment: Its id.
        root: The project's folder.

    Returns:
        The folders of the runs; one that is there with the same tables is written again.

    Raises:
        RecordError: There is no record; a run has left files that records do not hold, such as
            weights; or another result lies in its place. Nothing is written then.
    """
    from landscape.experiments import catalogue
    from landscape.train import provenance

    declared = catalogue.get(experiment, root=Path(root))
    record = records.newest(experiment, root)
    if record is None:
        raise RecordError(f"There is no record of {experiment}; records/ has those there are.")
    folders = {}
    for run, item in sorted(record.info["methods"].items()):
        folder = declared.folder(item["profile"], Path(root)) / run
        noted = item.get("files", {})
        lost = sorted(set(noted) - {path.name for path in (record.folder / run).iterdir()})
        if lost or not noted:
            raise RecordError(
                f"{run} cannot be put back from {records.shown(record.folder)}, which has not "
                f"{lost[0] if lost else 'the checksums of its tables'}; it has to be run again."
            )
        if folder.exists() and provenance.checksums(folder) != noted:
            raise RecordError(f"{folder} holds another result; move it away first.")
        folders[run] = folder
    for run, folder in folders.items():
        with replacing_folder(folder) as draft:
            for name in record.info["methods"][run]["files"]:
                shutil.copyfile(record.folder / run / name, draft / name)
        beside = folder.with_name(f"{run}.provenance.json")
        provenance.write(beside, record.info["methods"][run])
    return list(folders.values())


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
        problems = [p for p in records.validate(draft, info) if "folder's name" not in p]
        if problems or not records.DATE.fullmatch(target.name):
            problem = (problems or [f"{target.name!r} is not a date"])[0]
            raise RecordError(f"The results of {info['experiment']} make no record: {problem}.")
