"""What pages read of the tables that ``landscape.experiments.hessian_spectra`` writes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.runs import Runs

RUN = "spectrum"
KEY = ["seed", "at", "samples", "precision"]  # what tells the spectra of one experiment apart


def end(runs: Runs, experiment: str) -> pd.DataFrame | None:
    """One row a seed: the spectrum at the end of training, on all samples that were asked for.

    Returns:
        ``results``, indexed by seed; None where there is no record.
    """
    found = runs.table(experiment, RUN)
    return None if found is None else found[found["gradient_start"].notna()].set_index("seed")


def shares(runs: Runs, experiment: str) -> pd.DataFrame:
    """``shares`` with a truth ``main``: whether a row belongs to the spectra of ``end``."""
    rows, last = runs.table(experiment, RUN, "shares"), end(runs, experiment)
    rows = rows.join(last[KEY[1:]].add_suffix("_end"), on="seed")
    same = [rows[key] == rows[f"{key}_end"] for key in KEY[1:]]
    return rows.assign(main=np.logical_and.reduce(same))


def share(runs: Runs, experiment: str, width: float, column: str = "within") -> pd.Series:
    """A share in percent by seed: ``within``, ``below``, or the bounds ``low`` and ``high``.

    The bounds of an exact share are the share itself.
    """
    rows = shares(runs, experiment)
    chosen = rows[rows["main"] & np.isclose(rows["width"], width, rtol=1e-6)]
    return chosen.set_index("seed")[column if column in chosen else "within"].sort_index()


def exact(runs: Runs, large: str, small: str) -> str:
    """The network whose eigenvalues are all known: the large one where they are."""
    rows = end(runs, large)
    return large if rows is not None and rows["exact"].all() else small


def mean(values: pd.Series, unit: str = "") -> Measurement:
    """Mean over seeds with its interval; not run where a value is not finite."""
    if not np.isfinite(values).all():
        return not_run("zero or not finite in some runs, so that there is nothing to average")
    return statistics.mean_interval(values, unit=unit)


def times(values: pd.Series, of: float) -> Measurement:
    """Mean over seeds of the decimal logarithm of positive values over a printed one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean(np.log10(values / of))


def ratio(rows: pd.DataFrame) -> pd.Series:
    """Magnitude of the most negative over the largest, by seed; 0 where nothing is negative."""
    return (-rows["smallest"]).clip(lower=0) / rows["largest"]


def variants(runs: Runs, experiment: str) -> dict[str, pd.DataFrame]:
    """``shares`` by what was changed, the end of training on most samples first."""
    rows = shares(runs, experiment)
    found = {f"{int(rows['samples'].max()):,} samples": rows[rows["main"]]}
    others = rows[~rows["main"]].groupby(["at", "samples", "precision"], sort=False)
    for (at, samples, precision), group in others:
        changed = ", float32" if precision == "float32" else ""
        early = "" if at == 1 else f", {100 * at:.0f} % trained"
        found[f"{samples:,} samples{changed}{early}"] = group
    return found


def zeros_at_least(weights: int, dense: int, samples: int, classes: int = 10) -> float:
    """Percent of the eigenvalues that are exactly zero in a network of ReLUs, at the least.

    The block of a dense layer (``dense`` of the weights) has ``classes - 1`` directions a sample,
    and all other rows and columns add no more to the rank than their numbers.
    """
    rank = (classes - 1) * samples + 2 * (weights - dense)
    return 100 * max(0.0, 1 - rank / weights)


def bounded(rows: pd.DataFrame, weights: int, dense: int) -> pd.DataFrame:
    """``shares`` of a density whose lower bounds know of the zeros that few samples leave."""
    least = [zeros_at_least(weights, dense, samples) for samples in rows["samples"]]
    return rows.assign(low=np.maximum(rows["low"], least))


def counts(values: np.ndarray, weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """How many eigenvalues are at least so large: (magnitudes, numbers), the largest first.

    Args:
        values: Positive magnitudes of eigenvalues, or of the nodes of a density.
        weights: The share of the spectrum that each stands for.
        size: Number of weights.
    """
    order = np.argsort(values)[::-1]
    return values[order], size * np.cumsum(weights[order])


def each(rows: pd.DataFrame | None, function: Callable[[pd.DataFrame], Measurement]) -> Measurement:
    """The measurement of some rows; not run where there are none."""
    return not_run("there is no record of it") if rows is None else function(rows)
