"""What is known about how results were made, read from the files beside them."""

import json
import string
from collections.abc import Iterable
from pathlib import Path

from landscape.book.tables import Note, Table


def read(folder: str | Path) -> dict[str, dict]:
    """``{method: provenance}`` of a result folder, from its ``*.provenance.json`` files."""
    found = {}
    for path in sorted(Path(folder).glob("*.provenance.json")):
        found[path.name.removesuffix(".provenance.json")] = json.loads(
            path.read_text(encoding="utf-8")
        )
    return found


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


def seeds(item: dict) -> str:
    """The seeds, as a range where they are one."""
    numbers = item.get("seeds") or []
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(str(number) for number in numbers) or "–"


def versions(items: Iterable[dict]) -> str:
    """Versions of the libraries, each once, several where runs differ."""
    found: dict[str, set[str]] = {}
    for item in items:
        for name, version in (item.get("versions") or {}).items():
            found.setdefault(name, set()).add(str(version))
    return ", ".join(f"{name} {'/'.join(sorted(found[name]))}" for name in sorted(found))


def commands(read_results: dict[str, dict]) -> list[str]:
    """The commands of all runs, each once."""
    items = [item for methods in read_results.values() for item in methods.values()]
    return sorted({item["command"] for item in items if item.get("command")})


def cost_table(read_results: dict[str, dict], recorded: dict[str, dict]) -> Table | None:
    """Measured cost of every run group with its hardware; None when nothing is known.

    ``read_results`` maps experiment to ``read(folder)``, ``recorded`` to the content of its
    record.json.
    """
    runs = _runs(read_results, recorded, "")
    if not runs:
        return None
    column, where = _lettered([hardware(item) for _, _, item in runs])
    rows = [
        [name, seeds(item), duration(item.get("wall_seconds")), *letter]
        for (name, _, item), letter in zip(runs, column, strict=True)
    ]
    return Table(["runs", "seeds", "measured time", *["on"][: len(column[0])]], rows, name="cost",
                 caption=f"What each result cost, as measured when it was made. {where}.",
                 folded=True)  # fmt: skip


def footer_note(
    profile: str, read_results: dict[str, dict], recorded: dict[str, dict], own: str
) -> Table | Note:
    """The provenance footer: every line comes from files, none from the moment of reading.

    ``own`` names the versions that computed the page itself, used where no runs were read.
    """
    if not read_results and not recorded:
        return Note(f"Profile {profile}. Computed within this page from closed forms and small "
                    f"simulations with fixed seeds; no stored runs were read. {own}.",
                    name="provenance")
    runs = _runs(read_results, recorded, profile)
    column, where = _lettered([f"{hardware(item)}; {versions([item])}" for _, _, item in runs])
    rows = [
        [name, scale, str(item.get("specification", "–"))[:12], seeds(item),
         str(item.get("commit") or "–"), str(item.get("started", "–"))[:10],
         duration(item.get("wall_seconds")), *letter]
        for (name, scale, item), letter in zip(runs, column, strict=True)
    ]  # fmt: skip
    return Table(["runs", "profile", "parameters", "seeds", "commit", "made", "time",
                  *["on"][: len(column[0])]], rows, name="provenance",
                 caption=f"Provenance. {where}.", folded=True)  # fmt: skip


def _runs(
    read_results: dict[str, dict], recorded: dict[str, dict], profile: str
) -> list[tuple[str, str, dict]]:
    """Name, profile and provenance of every run group, those of the records last."""
    found = [
        (f"{experiment} / {method}", item.get("profile", profile), item)
        for experiment, methods in sorted(read_results.items())
        for method, item in sorted(methods.items())
    ]
    for experiment, info in sorted(recorded.items()):
        shared = {"commit": info["commit"], "started": info["started"]}
        found += [
            (f"{experiment} / {method} (record)", info["scale"], shared | item)
            for method, item in sorted(info["methods"].items())
        ]
    return found


def _lettered(texts: list[str]) -> tuple[list[list[str]], str]:
    """A column that says where each run was made, and its legend.

    One place for all needs no column (empty cells) and is named in the legend; several get letters.
    """
    places = sorted(set(texts))
    if len(places) == 1:
        return [[] for _ in texts], f"All on {places[0]}"
    letters = dict(zip(places, string.ascii_uppercase, strict=False))
    legend = "; ".join(f"{letter}: {place}" for place, letter in letters.items())
    return [[letters.get(text, "?")] for text in texts], legend
