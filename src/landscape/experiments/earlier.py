"""Finished seeds of a training run that is asked for with more of them.

A run's seeds do not know of one another. Where its result with the first few is there, made from
what it would be made from now, more seeds are trained beside it and the first are taken: the tables
then have the bytes of a run of all seeds at once. The provenance names what was taken (``earlier``)
with its commit and machine, and counts the time of both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.experiments import weights_index

#: What a provenance says of the seeds that were taken from another execution.
NOTED = (
    "commit", "command", "started", "finished", "wall_seconds", "cpu_seconds", "device", "cpu",
    "cores", "workers", "versions",
)  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """The finished result of a run with its first seeds.

    Attributes:
        folder: Its tables.
        large: Where its weights lie that are too large for git; ``None``: beside the others.
        note: Its provenance.
    """

    folder: Path
    large: Path | None
    note: Mapping[str, Any]

    @property
    def seeds(self) -> list[int]:
        """The seeds that are there."""
        return list(self.note["seeds"])

    @cached_property
    def results(self) -> pd.DataFrame:
        """Its table of results."""
        return pd.read_csv(self.folder / "results.csv")

    @cached_property
    def _steps(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "steps.csv")

    @cached_property
    def _weights(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / weights_index.INDEX)

    def steps(self, seed: int, point: Mapping[str, Any]) -> pd.DataFrame:
        """The table of steps of one seed at one point of the grid, with the grid's columns."""
        return self._steps[_chosen(self._steps, seed, point)]

    def weights(self, seed: int, point: Mapping[str, Any]) -> list[tuple[float, str, bytes]]:
        """Instants, names and bytes of the weights that one seed has left, in their order.

        Raises:
            LandscapeError: A file is missing or damaged.
        """
        index = self.folder / weights_index.INDEX
        found = []
        for row in self._weights[_chosen(self._weights, seed, point)].itertuples():
            path = weights_index.find(index, self.large or index.parent, seed, row.at, point)
            # Runs of a grid share their seeds: their number stands before the name.
            name = row.file.partition("-")[2] if point else row.file
            found.append((row.at, name, path.read_bytes()))
        return found

    def noted(self) -> list[dict[str, Any]]:
        """What the provenance of the whole says of it and of what it had taken itself."""
        *before, last = parts(self.note)
        own = {key: last[key] for key in ("seeds", *NOTED) if key in last}
        for key in ("wall_seconds", "cpu_seconds"):
            if key in own:  # without that of the parts before
                own[key] = round(own[key] - sum(part.get(key, 0.0) for part in before), 1)
        return [*before, own]

    def counted(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The provenance of an execution that took these seeds: the time of all its parts.

        CPU time is known where both know theirs.
        """
        whole = {**record, "started": min(self.note["started"], record["started"])}
        whole["wall_seconds"] = round(record["wall_seconds"] + self.note["wall_seconds"], 1)
        whole["workers"] = max(record["workers"], self.note["workers"])
        if "cpu_seconds" in record and "cpu_seconds" in self.note:
            whole["cpu_seconds"] = round(record["cpu_seconds"] + self.note["cpu_seconds"], 1)
        else:
            whole.pop("cpu_seconds", None)
        return {**whole, "earlier": self.noted()}


def read(folder: Path, large: Path | None) -> Earlier:
    """The result in a run's folder, whose provenance lies beside it."""
    path = folder.with_name(f"{folder.name}.provenance.json")
    return Earlier(folder, large, json.loads(path.read_text(encoding="utf-8")))


def parts(note: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The executions that a result was made in, from its provenance, each with its seeds.

    Those whose seeds were taken come first, as they are noted; the last is the result's own, with
    the seeds that it trained itself.
    """
    before = note.get("earlier") or []
    known = {seed for part in before for seed in part["seeds"]}
    return [*before, {**note, "seeds": [n for n in note.get("seeds") or [] if n not in known]}]


def _chosen(table: pd.DataFrame, seed: int, point: Mapping[str, Any]) -> pd.Series:
    """The rows of one seed at one point of the grid."""
    found = table["seed"] == seed
    for name, value in point.items():
        found &= table[name] == value
    return found
