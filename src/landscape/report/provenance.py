"""What is known about how results were made, read from the files beside them."""

import json
from collections.abc import Iterable
from pathlib import Path

from landscape.report.tables import Note, Table


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


def cost_table(read_results: dict[str, dict], recorded: dict[str, dict]) -> Table | None:
    """Command and measured cost of every run group; None when nothing is known.

    ``read_results`` maps experiment to ``read(folder)``, ``recorded`` to the content of its
    record.json.
    """
    rows = []
    for experiment, methods in sorted(read_results.items()):
        for method, item in sorted(methods.items()):
            rows.append([method, item.get("command", "–"), seeds(item),
                         duration(item.get("wall_seconds")), hardware(item), experiment])
    for experiment, info in sorted(recorded.items()):
        for method, item in sorted(info["methods"].items()):
            rows.append([f"{method} (record)", item["command"], seeds(item),
                         duration(item["wall_seconds"]), hardware(item), experiment])
    if not rows:
        return None
    return Table(["method", "command", "seeds", "measured time", "on", "experiment"], rows,
                 name="cost", caption="What each result cost, as measured when it was made")


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
    rows = []
    for experiment, methods in sorted(read_results.items()):
        for method, item in sorted(methods.items()):
            rows.append(_line(f"{experiment} / {method}", item.get("profile", profile), item))
    for experiment, info in sorted(recorded.items()):
        for method, item in sorted(info["methods"].items()):
            commit = item.get("commit", info["commit"])
            dates = {"commit": commit, "started": info["started"]}
            rows.append(_line(f"{experiment} / {method} (record)", info["scale"], dates | item))
    return Table(["runs", "profile", "parameters", "seeds", "commit", "made", "time", "on",
                  "versions"], rows, name="provenance", caption="Provenance")  # fmt: skip


def _line(name: str, profile: str, item: dict) -> list[str]:
    return [name, profile, str(item.get("specification", "–"))[:12], seeds(item),
            str(item.get("commit") or "–"), str(item.get("started", "–"))[:10],
            duration(item.get("wall_seconds")), hardware(item), versions([item])]  # fmt: skip
