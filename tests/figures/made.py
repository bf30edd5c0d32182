"""Runs made by hand: what a page's ``measure`` reads, with answers that are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from landscape.evidence import judge
from landscape.experiments import settings

ROOT = Path(__file__).resolve().parents[2]


class Made:
    """Stands for ``landscape.evidence.runs.Runs``: frames and tables by experiment, no files."""

    def __init__(self, scale="laptop", frames=None, tables=None):
        self.scale, self.root, self.read = scale, ROOT, []
        self.frames, self.tables = frames or {}, tables or {}

    def frame(self, experiment):
        return self._known(experiment, self.frames.get(experiment))

    def table(self, experiment, run, name="results"):
        return self._known(experiment, self.tables.get((run, name)))

    def info(self, experiment):
        return {"date": "2026-01-02"} if experiment in self.frames or self.tables else {}

    def _known(self, experiment, found):
        if found is not None and experiment not in self.read:
            self.read.append(experiment)
        return found


class Trained(Made):
    """Runs made by hand with the settings that the book's runs have."""

    def parameters(self, experiment, method=None):
        return settings.method_settings(experiment, method, self.scale, ROOT)


def falling(finals, seeds=4, epochs=10, **columns):
    """Curves ``88 exp(-speed t) + final``, two rows an epoch; seed s is s / 100 higher.

    Args:
        finals: ``{method: (final error, speed)}``.
        seeds: Runs of each method.
        epochs: Where they end, at the final error.
        columns: ``{name: {method: value}}``, constant over the run.
    """
    rows = []
    for method, (final, speed) in finals.items():
        for seed in range(seeds):
            for step, epoch in enumerate(np.linspace(0, epochs, 2 * epochs + 1)):
                error = 88 * np.exp(-speed * epoch) * (epoch < epochs) + final + seed / 100
                rows.append({
                    "method": method, "seed": seed, "step": step, "effective_epoch": epoch,
                    "validation_error": error, "test_error": error, "diverged": 0,
                    **{name: values[method] for name, values in columns.items()},
                })  # fmt: skip
    return pd.DataFrame(rows)


def diverge(frame, method, seed):
    """Let one run diverge in its second half."""
    late = frame["step"] > frame["step"].max() / 2
    frame.loc[(frame["method"] == method) & (frame["seed"] == seed) & late, "diverged"] = 1
    return frame


def judged(artifact, runs=None, records=None):
    """Verdict file's content and, by ``c1`` and ``c1.part``, everything that was judged."""
    found = judge.in_memory(artifact, runs or Made(), records or Made("paper"))
    named = {claim["id"]: claim for claim in found["claims"]}
    for claim in found["claims"]:
        named.update((f"{claim['id']}.{part['id']}", part) for part in claim["parts"])
    return found, named


def labels(named, claim):
    """Labels of a claim's parts."""
    return {part["id"]: part["verdict"]["label"] for part in named[claim]["parts"]}
