"""What is known about how results were made, read from the files beside them, in words.

Tables of it: ``landscape.book.provenance_tables``.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.experiments import earlier, seal


def read(folder: str | Path) -> dict[str, dict]:
    """``{run: provenance}`` of an experiment's results, from its ``*.provenance.json`` files.

    Raises LandscapeError naming a file that cannot be read or was changed by hand.
    """
    paths = sorted(Path(folder).glob("*.provenance.json"))
    return {path.name.removesuffix(".provenance.json"): _read(path) for path in paths}


def refusal(table: Path) -> str:
    """Why a table is not taken as its run's, in words that follow its name; "" where it is.

    Its provenance must lie beside the run's folder, and the table must have the bytes that are
    noted there; older ones note none.

    Raises LandscapeError when the provenance cannot be read or was changed by hand.
    """
    path = table.parent.with_name(f"{table.parent.name}.provenance.json")
    if not path.is_file():
        return f"lies there without its provenance, {path.name}"
    checksum = _read(path).get("files", {}).get(table.name)
    same = checksum in (None, hashlib.sha256(table.read_bytes()).hexdigest())
    return "" if same else "is not what the run wrote"


def _read(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LandscapeError(
            f"{path} cannot be read ({error}): restore it from git or make the run again."
        ) from error
    if not content or not isinstance(content, dict) or not seal.is_intact(content):
        raise LandscapeError(
            f"{path} is not what the run wrote: restore it from git or make the run again."
        )
    return content


def hardware(item: dict) -> str:
    """The machine in words: accelerator or CPU with its cores, and the worker processes."""
    device, cpu = str(item.get("device", "")), str(item.get("cpu", "")).strip()
    cores, workers = item.get("cores"), item.get("workers")
    text = cpu or "unknown CPU"
    if cores:
        text += f", {cores} core{'s' if cores != 1 else ''}"
    if device and device.lower() != "cpu":
        text = f"{device}; {text}"
    if workers:
        text += f", {workers} worker{'s' if workers != 1 else ''}"
    return text


def duration(seconds: float | None) -> str:
    """Seconds as ``45 s``, ``12 min`` or ``1.5 h``; never without its hardware beside it."""
    if seconds is None:
        return "unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def time(item: dict) -> str:
    """The measured time of a run group, with what is known to be wrong with it.

    The CPU time stands beside where it was counted (``cpu_seconds``): on a machine with other work
    it alone says what the run costs. Old runs that continued an interrupted one (``resumed``)
    counted from there on, so that the whole took longer; a ``time_note`` says what else a time
    holds.
    """
    text = duration(item.get("wall_seconds"))
    if item.get("cpu_seconds") is not None:
        text += f", {duration(item['cpu_seconds'])} of CPU"
    resumed = "its last part: it continued an interrupted run" if item.get("resumed") else ""
    note = item.get("time_note") or resumed
    return f"{text} ({note})" if note else text


def core_seconds(item: dict) -> tuple[float, bool]:
    """What a run took of one core in seconds, and whether that was counted.

    Where no CPU time was (``cpu_seconds``), the time by the clock times the workers stands for it:
    that is at least as much, and on a machine with other work much more.
    """
    if item.get("cpu_seconds") is not None:
        return float(item["cpu_seconds"]), True
    return float(item.get("wall_seconds", 0)) * (item.get("workers") or 1), False


def seeds(item: dict) -> str:
    """The seeds, as a range where they are one."""
    numbers = item.get("seeds") or []
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(str(number) for number in numbers) or "–"


def commits(item: dict) -> str:
    """The commit of a result; several with their seeds where it was made in parts."""
    made = earlier.parts(item)
    if len(made) == 1:
        return str(item.get("commit") or "–")
    return ", ".join(f"{part.get('commit') or '–'} (seeds {seeds(part)})" for part in made)


def versions(items: Iterable[dict]) -> str:
    """Versions of the libraries, each once, several where runs or their parts differ."""
    found: dict[str, set[str]] = {}
    for item in (part for whole in items for part in earlier.parts(whole)):
        for name, version in (item.get("versions") or {}).items():
            found.setdefault(name, set()).add(str(version))
    return ", ".join(f"{name} {'/'.join(sorted(found[name]))}" for name in sorted(found))


def commands(read_results: dict[str, dict]) -> list[str]:
    """The commands of all runs, each once."""
    items = [item for methods in read_results.values() for item in methods.values()]
    return sorted({item["command"] for item in items if item.get("command")})
