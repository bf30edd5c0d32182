"""Comparing runs at one and the same training loss, from weights kept at a few instants.

Curvature falls with the loss, so that the method that has come further would seem to have found
the wider valley. Each run is therefore read where its training loss crosses a level that all runs
reach: between the two kept instants on either side, on logarithmic axes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["method", "seed"]


def common_level(frame: pd.DataFrame) -> float:
    """The lowest training loss that every run reaches.

    Args:
        frame: Columns method, seed, at and training_loss, a row an instant.
    """
    return float(frame.groupby(KEYS)["training_loss"].min().max())


def crossing(losses: np.ndarray, level: float) -> tuple[int, int] | None:
    """The instants (before, after) between which the loss last comes down to the level.

    The two are the same where an instant has exactly that loss. None: the loss is below the level
    from the first instant on, or it never comes down to it.
    """
    losses = np.asarray(losses, dtype=float)
    exact = np.flatnonzero(np.isclose(losses, level, rtol=1e-12, atol=0))
    down = np.flatnonzero((losses[:-1] > level) & (losses[1:] < level))
    if len(exact) and (not len(down) or exact[-1] > down[-1]):
        return int(exact[-1]), int(exact[-1])
    return (int(down[-1]), int(down[-1]) + 1) if len(down) else None


def at_level(losses: np.ndarray, values: np.ndarray, level: float, log: bool = True) -> float:
    """The value where the loss crosses the level, between the instants against log loss.

    Args:
        losses: [T] training loss at the instants, in order.
        values: [T] what was measured there.
        level: A loss.
        log: Between the logarithms of values; they must then be positive.

    Returns:
        NaN where the loss does not cross the level, or a value that is needed is missing.
    """
    found = crossing(losses, level)
    if found is None:
        return float("nan")
    before, after = found
    values = np.asarray(values, dtype=float)
    if before == after:
        return float(values[after])
    far = np.log(losses[before]) - np.log(losses[after])
    part = float((np.log(losses[before]) - np.log(level)) / far)
    if not log:
        return float((1 - part) * values[before] + part * values[after])
    if not (values[[before, after]] > 0).all():
        return float("nan")
    return float(np.exp((1 - part) * np.log(values[before]) + part * np.log(values[after])))


def instants_needed(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    """The rows of the frame that the comparison at a level reads: one or two a run."""
    kept = []
    for _, rows in frame.sort_values([*KEYS, "at"]).groupby(KEYS, sort=False):
        found = crossing(rows["training_loss"].to_numpy(), level)
        if found is not None:
            kept.append(rows.iloc[sorted(set(found))])
    return pd.concat(kept) if kept else frame.iloc[:0]


def compared(
    frame: pd.DataFrame, columns: list[str], level: float, log: bool = True
) -> pd.DataFrame:
    """Every column at the level: a frame with one row a run, NaN where it does not cross it."""
    rows = []
    for (method, seed), group in frame.sort_values("at").groupby(KEYS, sort=False):
        losses = group["training_loss"].to_numpy()
        row = {name: at_level(losses, group[name].to_numpy(), level, log) for name in columns}
        rows.append({"method": method, "seed": seed, **row})
    return pd.DataFrame(rows, columns=[*KEYS, *columns])
