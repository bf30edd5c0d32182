"""Accuracies by lambda in a fixed time, and in a time proportional to 1/lambda (figure 1a).

An experiment is a pair: its runs, and lambda by method, as ``l2_races.constants`` returns them.
Accuracies are percent, by lambda, each one number a seed. Source: Lewkowycz & Gur-Ari (2020).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from landscape.evidence import l2_races, statistics
from landscape.evidence.measurement import Measurement, not_run

Experiment = tuple[pd.DataFrame, Mapping[str, float]]
Accuracies = dict[float, pd.Series]
#: Of a fixed and a growing time that are the same: relative difference.
SAME = 0.02


def accuracies(experiment: Experiment, of: Callable = l2_races.highest) -> Accuracies:
    """Accuracies by lambda; only lambdas with runs that ended.

    Args:
        experiment: Runs, and lambda by method.
        of: What is read of a method, such as ``l2_races.final``.
    """
    frame, names = experiment
    found = {strength: of(frame, name, None) for name, strength in names.items()}
    return {strength: each for strength, each in found.items() if len(each)}


def best_of(found: Accuracies) -> float:
    """The lambda with the highest mean accuracy."""
    return max(found, key=lambda one: found[one].mean())


def gain(found: Accuracies, ours: float, other: float) -> Measurement:
    """Accuracy at one lambda minus that at another, in points, paired by seed."""
    pair = statistics.common_seeds(found[ours], found[other])
    if len(pair[0]) == 0:
        return not_run("no pair of runs that ended")
    return statistics.paired_difference(*pair, unit="points")


def growing(
    experiment: Experiment, fixed: Experiment, of: Callable = l2_races.highest
) -> tuple[Accuracies, dict[float, float]]:
    """Accuracies by lambda in a time proportional to 1/lambda, and these times in epochs.

    Args:
        experiment: Runs whose time grows so.
        fixed: Runs of one time. One lambda has it as its own, so that its run is the one here.
        of: As for ``accuracies``.
    """
    frame, names = experiment
    epochs = {strength: l2_races.rows_of(frame, name)[l2_races.EPOCH].max()
              for name, strength in names.items()}  # fmt: skip
    product = next(strength * time for strength, time in epochs.items())
    same = product / fixed[0][l2_races.EPOCH].max()
    found = accuracies(experiment, of)
    for strength, each in accuracies(fixed, of).items():
        if np.isclose(strength, same, rtol=SAME):
            found[strength], epochs[strength] = each, product / same
    return dict(sorted(found.items())), epochs
