"""Tables of the chapter on the optimizers: what they are, their settings, what they cost.

Words come from ``references/optimizers.yaml``, defaults from the stored ``options.csv`` (so that a
page need not import torch), costs from the newest ``records/optimizer-costs/<date>.json``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from landscape import documents
from landscape.book.tables import Cell, Note, Table
from landscape.errors import LandscapeError
from landscape.evidence.measurement import format_number

NETWORKS = {"lenet": "LeNet", "allcnn": "All-CNN"}


class OptimizerTables:
    """The tables, from a project's ``root`` and the ``options`` of the simulation.

    ``options`` has columns optimizer, variant, kind, name, value. Raises LandscapeError when the
    words are missing or say nothing of an optimizer or of one of its settings.
    """

    def __init__(self, root: str | Path, options: pd.DataFrame) -> None:
        path = Path(root) / "references" / "optimizers.yaml"
        if not path.is_file():
            raise LandscapeError("references/optimizers.yaml is missing: restore it from git.")
        self.words: dict[str, dict] = documents.read(path)
        if not isinstance(self.words, dict):
            raise LandscapeError(f"{path} must hold a mapping from optimizers to their words.")
        self.options = options.fillna("").astype(str)
        self.record = newest_costs(root)
        for name in self.options["optimizer"].unique():
            for setting in self._values(name, "", "setting"):
                self._meaning(name, setting)

    def names(self) -> list[str]:
        """All optimizers, in the order of the words."""
        listed = self.options.loc[self.options["kind"] == "property", "optimizer"].unique()
        return [name for name in self.words if name in listed]

    def overview(self, label: str = "") -> Table:
        """Every optimizer in a line: when to take it, and what it costs.

        Args:
            label: The name by which pages refer to the table; it is then numbered.
        """
        rows = []
        for name in self.names():
            word = self.words[name]
            rows.append([
                Cell(f"[{word['title']}](#{section(name)})", details=word["idea"]), word["when"],
                self._gradients(name), self._range(name, "copies"),
                *(self._range(name, "ratio", network) for network in NETWORKS),
            ])  # fmt: skip
        return Table(
            ["method", "take it", "gradients a move", "copies",
             *(f"arithmetic, {title}" for title in NETWORKS.values())],
            rows, name="overview", stack=True, label=label,
            caption="Which optimizer, when. Copies are of the weights, themselves included; "
            "arithmetic is a step without its gradient, as a ratio to torch's SGD. A range covers "
            "the variants measured, with and without noise for instance.",
        )  # fmt: skip

    def cost(self, name: str) -> Note:
        """What one optimizer costs, in a sentence."""
        if self.record is None:
            return self._unmeasured()
        another = self._values(name, "", "property")["own_answer"] == "True"
        where = "another point than that of the next gradient" if another else (
            "the point of the next gradient"
        )  # fmt: skip
        ratios = [f"{self._range(name, 'ratio', n)} on {NETWORKS[n]}" for n in NETWORKS]
        return Note(
            f"**{self.words[name]['title']}.** Gradients a move: {self._gradients(name)}. "
            f"Copies of the weights kept: {self._range(name, 'copies')}. "
            f"Arithmetic of a step, as a ratio to torch's SGD: {', '.join(ratios)}. "
            f"Its answer is {where}.",
            name="cost",
        )

    def settings(self, name: str) -> Table:
        """Settings of one optimizer: default, meaning, what the works use."""
        rows = []
        for setting, default in self._values(name, "", "setting").items():
            symbol, meaning, works = self._meaning(name, setting)
            rows.append([
                Cell(f"`{setting}`", details=symbol), _default(default), meaning, works or "–",
            ])  # fmt: skip
        title = self.words[name]["title"]
        return Table(["setting", "default", "meaning", "the works"], rows, name="options",
                     caption=f"Settings of {title}", stack=True, folded=True)  # fmt: skip

    def variants(self, name: str, chosen: dict[str, str]) -> Table:
        """Settings whose default depends on the variant; ``chosen`` gives each column its title."""
        columns = {variant: self._values(name, variant, "setting") for variant in chosen}
        rows = [
            [Cell(f"`{setting}`", details=self._meaning(name, setting)[0]),
             *(_default(values[setting]) for values in columns.values())]
            for setting in columns[""]
            if len({values[setting] for values in columns.values()}) > 1
        ]  # fmt: skip
        title = self.words[name]["title"]
        return Table(["setting", *chosen.values()], rows, name="variants",
                     caption=f"Defaults of {title} that depend on its form",
                     folded=True)  # fmt: skip

    def costs(self) -> Table | Note:
        """What was measured, for all optimizers and torch's own."""
        if self.record is None:
            return self._unmeasured()
        rows = []
        for label in dict.fromkeys(row["label"] for row in self.record["rows"]):
            of = {r["network"]: r for r in self.record["rows"] if r["label"] == label}
            first = next(iter(of.values()))
            rows.append([
                label, *(_ratio(of.get(network)) for network in NETWORKS),
                format_number(first["copies"], 1), format_number(first["transient_copies"], 1),
            ])  # fmt: skip
        return Table(
            ["method", *(NETWORKS.values()), "copies kept", "more while a step runs"],
            rows, name="costs",
            caption="Arithmetic of a step, ratio to torch's SGD with quartiles, and copies of the "
            "weights",
            folded=True,
        )  # fmt: skip

    def conditions(self) -> Note:
        """Where the costs were measured, and the command that does it again."""
        if self.record is None:
            return self._unmeasured()
        machine, rows = self.record["machine"], self.record["rows"]
        weights = {NETWORKS.get(r["network"], r["network"]): r["weights"] for r in rows}
        repeats = sorted({r["repeats"] for r in rows})
        sizes = " and ".join(f"{name} ({number:,} weights)" for name, number in weights.items())
        return Note(
            f"Measured on {self.record['date']}, {machine['name']}, {machine['threads']} thread, "
            f"torch {machine['torch']}, Python {machine['python']}, float32, commit "
            f"{self.record['commit']}: medians and quartiles of {repeats[-1]} paired repeats on "
            f"{sizes}. To measure again:",
            self.record["command"],
            name="conditions",
        )

    @staticmethod
    def _unmeasured() -> Note:
        return Note("The cost of the arithmetic has not been measured here. To measure it:",
                    "python benchmarks/optimizers.py --record", name="cost")  # fmt: skip

    def _values(self, name: str, variant: str, kind: str) -> dict[str, str]:
        rows = self.options
        rows = rows[(rows["optimizer"] == name) & (rows["variant"] == variant)]
        rows = rows[rows["kind"] == kind]
        return dict(zip(rows["name"], rows["value"], strict=True))

    def _meaning(self, name: str, setting: str) -> tuple[str, str, str]:
        source: str | None = name
        while source is not None:
            if source not in self.words:
                raise LandscapeError(
                    f"references/optimizers.yaml says nothing of the optimizer {source!r}."
                )
            entry = self.words[source]
            if setting in (entry.get("settings") or {}):
                symbol, meaning, *works = entry["settings"][setting]
                return symbol, meaning, works[0] if works else ""
            source = entry.get("same")
        raise LandscapeError(
            f"references/optimizers.yaml does not say what {setting!r} of {name} means."
        )

    def _gradients(self, name: str) -> str:
        number = self._values(name, "", "property")["gradients_per_update"]
        text = f"L, {number} by default" if "L" in self._values(name, "", "setting") else number
        replicas = self._values(name, "", "property")["trains_replicas"] == "True"
        return f"{text}, of each replica" if replicas else text

    def _range(self, name: str, key: str, network: str = "") -> str:
        rows = [] if self.record is None else self.record["rows"]
        found = [r[key] for r in rows if r["method"] == name and network in ("", r["network"])]
        if not found:
            return "–"
        decimals = 0 if key == "copies" else 1
        low, high = (format_number(value, decimals) for value in (min(found), max(found)))
        return low if low == high else f"{low} to {high}"


def newest_costs(root: str | Path) -> dict[str, Any] | None:
    """The newest measurement on a processor, or None.

    Raises LandscapeError for a file that cannot be read.
    """
    for path in sorted(Path(root).glob("records/optimizer-costs/*.json"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["machine"]["device"] == "cpu" and record["rows"]:
                return record
        except (ValueError, KeyError, TypeError) as error:
            raise LandscapeError(
                f"records/optimizer-costs/{path.name} cannot be read ({error!r}): restore it from "
                "git or measure again."
            ) from error
    return None


def section(name: str) -> str:
    """The label of an optimizer's section in the book."""
    return f"optimizers-{name.replace('_', '-')}"


def _ratio(row: dict | None) -> str:
    if row is None:
        return "–"
    low, high = row["ratio_quartiles"]
    return f"{row['ratio']:.2f} ({low:.2f} to {high:.2f})"


def _default(text: str) -> str:
    """A default as a reader writes it; ``text`` is its repr, "" where there is none."""
    if not text:
        return "must be given"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, float):
        return f"{value:g}" if 1e-3 <= abs(value) < 1e4 or not value else format_number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_default(repr(item)) for item in value)
    return text
