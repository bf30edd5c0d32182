"""Records of a part of a sweep: its networks of up to so many steps, at the work's own settings.

Such a record is of scale ``reduced`` and judges nothing (``landscape.evidence.records``): the
networks that it lacks are those that train longest. A page may show what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from landscape.evidence import departures, records, sweep_reach


@dataclass(frozen=True)
class Part:
    """What a record holds of a sweep.

    Attributes:
        frame: Its tables with ``method``, as ``records.Record.frame`` has them.
        date: Of the record.
        most_steps: The longest networks that it may hold.
        networks: How many it holds.
        whole: How many the work's grid has.
        hours: That its runs took, one after the other.
        machine: The card, or the processor.
    """

    frame: pd.DataFrame
    date: str
    most_steps: int
    networks: int
    whole: int
    hours: float
    machine: str


def newest(experiment: str, root: str | Path) -> Part | None:
    """The newest record of a part of a sweep; None where there is none.

    A record that is reduced in any other way, such as one of another profile, is none.
    """
    record = records.newest(experiment, root, scale="reduced")
    if record is None or not _only_shorter(record, experiment, Path(root)):
        return None
    runs = record.info["methods"]
    frame = record.frame()
    whole = sweep_reach.networks(experiment, Path(root))
    key = [name for name in whole.columns if name in frame and name != "steps"]
    first = next(iter(runs.values()))
    return Part(
        frame=frame,
        date=record.date,
        most_steps=max(filter(None, map(_most_steps, runs.values()))),
        networks=len(frame.drop_duplicates(key)),
        whole=len(whole),
        hours=sum(item["wall_seconds"] for item in runs.values()) / 3600,
        machine=first["cpu"] if first["device"] == "CPU" else first["device"],
    )


def _only_shorter(record: records.Record, experiment: str, root: Path) -> bool:
    """Whether all that a record departs in is that its longest networks are left out."""
    runs = record.info["methods"]
    if not any(map(_most_steps, runs.values())):
        return False
    whole = {}
    for run, item in runs.items():
        sweep = {k: v for k, v in item["parameters"]["sweep"].items() if k != "most_steps"}
        whole[run] = item | {"parameters": item["parameters"] | {"sweep": sweep}}
    return not departures.of_runs(whole, experiment, root)[0]


def _most_steps(item: dict) -> int | None:
    """Up to how many steps the networks of a run are; None where it has all of them."""
    return item["parameters"].get("sweep", {}).get("most_steps")
