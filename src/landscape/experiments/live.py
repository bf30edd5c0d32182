"""Training from inside a notebook: the same runs, nothing written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from landscape.experiments import catalogue, settings
from landscape.experiments.sweep_settings import configurations
from landscape.train.many import fit_many
from landscape.train.sweeps import fit_sweep


def run(experiment: str, profile: str, root: Path | None = None) -> pd.DataFrame:
    """Train every method of an experiment now, in worker processes, without any file.

    This is what ``live = True`` in a notebook does.

    Returns:
        The rows of all methods, with a ``method`` column.

    Raises:
        LandscapeError: The experiment is unknown or a simulation, or its settings cannot be run.
    """
    declared = catalogue.get(experiment, root=root)
    if declared.kind != "sweep":
        catalogue.get(experiment, kind="train", root=root)
    frames = []
    for method in declared.runs:
        if declared.kind == "sweep":
            frames.append(_sweep(experiment, method, profile, root).assign(method=method))
            continue
        runs = catalogue.grid_runs(experiment, method, profile, root)
        rows = fit_many(
            [spec for spec, _ in runs],
            workers=1 if profile == "smoke" else None,
            label=f"{experiment} {method}",
            points=[point for _, point in runs],
        )
        frames.append(rows.assign(method=method))
    return pd.concat(frames, ignore_index=True)


def _sweep(experiment: str, method: str, profile: str, root: Path | None) -> pd.DataFrame:
    given = settings.method_settings(experiment, method, profile, root)
    label = f"{experiment} {method}"
    return fit_sweep(
        configurations(given, label),
        workers=1 if profile == "smoke" else None,
        size=given["sweep"].get("together"),
        label=label,
    )
