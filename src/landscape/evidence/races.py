"""Which of two optimizers gets to an error first: paired times and their ratio.

Tables of them: ``landscape.book.race_tables``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.methods import label

ERROR, TIME = "validation_error", "effective_epoch"


@dataclass(frozen=True)
class Race:
    """Epochs to an error of two methods, one number a seed, for the seeds that can be compared.

    A run that never gets there has its own last epoch instead, a lower bound: nobody knows how much
    longer it would have taken, and the last epoch of a method that runs longer is a time at which
    this one never was. ``note`` counts those runs and the pairs that are left out: neither run gets
    there, or both do before the first evaluation.
    """

    first: pd.Series
    second: pd.Series
    note: str

    def ratio(self) -> Measurement:
        """``first / second``, geometric mean and interval; not run for fewer than two pairs.

        Where runs of the first method never get there it is too small, of the second too large.
        """
        if len(self.first) < 2:
            return not_run(self.note or "fewer than two pairs of runs")
        return statistics.ratio_of_means(self.first, self.second, note=self.note)

    def speed_up(self) -> pd.Series:
        """``log(second / first)``, positive where the first method is faster; one number a seed."""
        return np.log(self.second / self.first)


def race(frame: pd.DataFrame, first: str, second: str, level: float) -> Race:
    """Epochs until the validation error is at or below ``level`` percent, paired by seed.

    ``frame`` has the columns of ``results/`` and ``method``. Diverged runs are left out.
    """
    times, earliest, ends = {}, {}, {}
    for method in (first, second):
        rows = frame[frame["method"] == method]
        ends[method] = rows.groupby("seed")[TIME].max()
        times[method] = statistics.time_to_threshold(rows, ERROR, level)
        earliest[method] = rows[rows["step"] > 0].groupby("seed")[TIME].min()
    seeds = times[first].index.intersection(times[second].index)
    one, other = times[first][seeds], times[second][seeds]
    never = one.isna() & other.isna()
    at_once = (one <= earliest[first][seeds]) & (other <= earliest[second][seeds])
    kept = seeds[~(never | at_once)]
    unlike = ends[first].max() != ends[second].max()  # else which epoch they have is no question
    notes = [
        f"{time[kept].isna().sum()} of {len(kept)} {label(method)} runs never do"
        + (f" and count with their last epoch, {ends[method].max():.3g}" if unlike else "")
        for method, time in ((first, one), (second, other)) if time[kept].isna().any()
    ]  # fmt: skip
    notes += [
        f"{bad.sum()} of {len(seeds)} pairs left out: {why}"
        for bad, why in (
            (never, f"neither run reaches {level:g} %"),
            (at_once, f"both runs are below {level:g} % at the first evaluation"),
        )
        if bad.any()
    ]
    counted = (time[kept].fillna(ends[method]) for method, time in ((first, one), (second, other)))
    return Race(*counted, "; ".join(notes))


def never_there(measured: Measurement, method: str) -> bool:
    """Whether no run of a race's first method gets there, by the note of ``race``.

    A pair in which neither run does is left out there; one in which both do at once is an arrival.
    """
    all_of_them = rf"\b(\d+) of \1 {re.escape(label(method))} runs never do"
    at_once = "at the first evaluation" in measured.note
    return bool(re.search(all_of_them, measured.note)) and not at_once


def difference_of_speed_ups(a: Race, b: Race, names: Sequence[str], **fields) -> Measurement:
    """Speed-up of race ``a`` minus that of ``b`` (independent runs; logarithms).

    ``names`` stand for the two in the notes; not run where either has fewer than two pairs.
    """
    notes = [f"{name}: {one.note}" for name, one in zip(names, (a, b), strict=True) if one.note]
    if min(len(a.first), len(b.first)) < 2:
        return not_run("; ".join(notes) or "fewer than two pairs of runs")
    return statistics.difference(a.speed_up(), b.speed_up(), note="; ".join(notes), **fields)
