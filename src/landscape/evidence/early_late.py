"""Does the learning rate matter for the test accuracy: when training samples fit, and at the end.

For squared loss with L2 (Lewkowycz & Gur-Ari 2020, figure S5). ``frame`` is a sweep's table with
the columns ``lr``, ``l2``, ``seed``, ``step``, ``training_loss``, ``training_error`` and
``test_error`` (percent) and ``diverged``. Accuracies are tables, seeds by learning rates, and
differences between rates are paired by seed; diverged networks are left out by name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run

#: One image of the laptop's test set, in percent: no spread of accuracies is known better.
RESOLUTION = 0.05
NOBODY = "no seed whose networks all get there"


def kept(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows of networks that did not diverge, and the names of the others."""
    key = frame["lr"].astype(str) + "/" + frame["l2"].astype(str) + "/" + frame["seed"].astype(str)
    lost = frame["diverged"].fillna(0).astype(bool)
    names = tuple(
        f"rate {row.lr:g}, coefficient {row.l2:g}, seed {row.seed}"
        for row in frame[lost].itertuples()
    )
    return frame[~key.isin(key[lost])], names


def coefficients(frame: pd.DataFrame) -> list[float]:
    """The coefficients above zero, smallest first."""
    return sorted(value for value in frame["l2"].unique() if value > 0)


def when_fitted(frame: pd.DataFrame, l2: float, column: str = "accuracy") -> pd.DataFrame:
    """Test accuracy when training accuracy is first 1 (or ``column`` there), seeds by rates.

    NaN where a network diverges or never gets there.
    """
    rows, _ = kept(frame[frame["l2"] == l2])
    rows = rows.assign(accuracy=100 - rows["test_error"]).sort_values("step")
    first = rows[rows["training_error"] == 0].groupby(["lr", "seed"], as_index=False).first()
    wanted = sorted(frame.loc[frame["l2"] == l2, "lr"].unique())
    seeds = sorted(frame.loc[frame["l2"] == l2, "seed"].unique())
    return _table(first, column).reindex(index=seeds, columns=wanted)


def at_end(frame: pd.DataFrame, l2: float) -> pd.DataFrame:
    """Test accuracy in the last row, seeds by rates."""
    rows, _ = kept(frame[frame["l2"] == l2])
    last = rows.sort_values("step").groupby(["lr", "seed"], as_index=False).last()
    return _table(last.assign(accuracy=100 - last["test_error"]), "accuracy")


def _table(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot(index="seed", columns="lr", values=column)


def ends_apart(table: pd.DataFrame, diverged: Sequence[str] = ()) -> Measurement:
    """Largest minus smallest rate of a table of accuracies, in points, paired by seed."""
    pair = statistics.common_seeds(table[max(table.columns)], table[min(table.columns)])
    if len(pair[0]) == 0:
        return not_run(NOBODY)
    missing = int(table.isna().to_numpy().sum())
    note = f"{missing} of {table.size} networks never get there" if missing else ""
    return statistics.paired_difference(*pair, unit="%", note=note, diverged=diverged)


def spreads(table: pd.DataFrame) -> pd.Series:
    """Largest minus smallest accuracy among the rates, of the seeds that have all of them.

    At least ``RESOLUTION``, so that their ratio has a value.
    """
    whole = table.dropna()
    return (whole.max(axis=1) - whole.min(axis=1)).clip(lower=RESOLUTION)


def shrinking(frame: pd.DataFrame, l2: float) -> Measurement:
    """The spread over rates at the end, over that when training accuracy is first 1."""
    pair = statistics.common_seeds(spreads(at_end(frame, l2)), spreads(when_fitted(frame, l2)))
    return statistics.ratio_of_means(*pair) if len(pair[0]) else not_run(NOBODY)


def minima(frame: pd.DataFrame, l2: float) -> tuple[pd.Series, pd.Series]:
    """Final over least training loss, and t eta lambda at the least: one mean a seed each.

    Means over the learning rates, geometric for the ratio.
    """
    rows, _ = kept(frame[frame["l2"] == l2])
    rows = rows.sort_values("step").reset_index(drop=True)
    groups = rows.groupby(["lr", "seed"])
    least = rows.loc[groups["training_loss"].idxmin()].set_index(["lr", "seed"])
    last = groups["training_loss"].last()
    logs = np.log(last / least["training_loss"])
    times = least["step"] * least.index.get_level_values("lr") * l2
    return np.exp(logs.groupby("seed").mean()), times.groupby("seed").mean()
