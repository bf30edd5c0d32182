"""When the training loss of a sweep's runs is least, and by how much it grows afterwards.

A wide network with L2 regularization first learns, then forgets: its training loss without the L2
term has a minimum at a time of order 1 / lambda. Source: Lewkowycz & Gur-Ari (2020), section 4 and
figure S6. Times of accuracies are the business of ``l2_times``, whose ``power_law`` also fits those
of the losses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.statistics import geometric_mean

COLUMNS = ("t_star", "censored", "diverged", "least", "last", "growth")


def least_losses(frame: pd.DataFrame, by: Sequence[str] = ("lr", "l2")) -> pd.DataFrame:
    """The least training loss of every run.

    Args:
        frame: The table of a sweep.
        by: The columns that tell its configurations apart.

    Returns:
        One row a run: ``by``, ``seed``; ``t_star``, the step of the least loss; ``censored``,
        whether that is its last, so that a longer run may go lower; ``diverged``; the ``least`` and
        the ``last`` loss, and their ratio ``growth``, at least 1. A run that diverged has none.
    """
    found = []
    for key, run in frame.groupby([*by, "seed"]):
        run = run.sort_values("step")
        if run["diverged"].any():
            found.append((*key, np.nan, False, True, *[np.nan] * 3))
            continue
        loss, steps = run["training_loss"].to_numpy(), run["step"].to_numpy()
        at = int(loss.argmin())
        censored = at == len(loss) - 1
        row = (float(steps[at]), censored, False, loss[at], loss[-1], loss[-1] / loss[at])
        found.append((*key, *row))
    return pd.DataFrame(found, columns=[*by, "seed", *COLUMNS])


def mean_growth(found: pd.DataFrame) -> Measurement:
    """Last loss over least: geometric mean over coefficients, then over seeds, with its interval.

    Args:
        found: Rows of ``least_losses`` of one learning rate; coefficients of which a seed diverged
            are left out.
    """
    logs = np.log(found.set_index(["l2", "seed"])["growth"]).unstack("seed").dropna()
    if logs.empty:
        return not_run("no coefficient without a diverged seed")
    return geometric_mean(np.exp(logs.mean(axis=0)))
