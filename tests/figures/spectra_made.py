"""Tables of spectra made by hand, with shares and ends that are known."""

import numpy as np
import pandas as pd

from .made import Made

WIDTHS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


class Spectra(Made):
    """Runs whose tables are told apart by their experiment too."""

    def table(self, experiment, run, name="results"):
        return self._known(experiment, self.tables.get((experiment, name)))

    def info(self, experiment):
        recorded = self.scale == "paper" and (experiment, "results") in self.tables
        return {"date": "2026-01-02"} if recorded else {}


def spectra(name, share=90.0, below=1.0, ends=(-0.5, 40.0), exact=True, others=(), **columns):
    """The three tables of one experiment, three seeds; seed s has s / 100 % more near zero.

    Args:
        name: The experiment.
        share: Percent within every width.
        below: Percent below every width.
        ends: Most negative and largest eigenvalue.
        exact: Whether all eigenvalues are known; else the bounds are 0 and 100 %.
        others: Further spectra: (samples, precision, part of the run, share).
        **columns: Other columns of ``results`` at the end of training.
    """
    results, shares, spectrum = [], [], []
    for seed in range(3):
        for samples, precision, at, value in ((200, "float64", 1.0, share), *others):
            key = {"seed": seed, "at": at, "samples": samples, "precision": precision}
            main = samples == 200
            results.append(key | {
                "weights": 1000, "exact": int(exact), "loss": 0.1, "gradient": 0.001,
                "largest": ends[1], "smallest": ends[0], "mean": 0.0029, "test_error": 2.4 + seed,
                "harmonic": 1e-10 if exact else np.nan,
                "gradient_start": 1.0 if main else np.nan,
            } | columns)  # fmt: skip
            shares += [
                key | {"width": width, "within": value + seed / 100, "below": below}
                | ({} if exact else {"low": 0.0, "high": 100.0})
                for width in WIDTHS
            ]  # fmt: skip
        values = [ends[0], -1e-3, 0.0, 0.0, 1e-3, ends[1]]
        spectrum += [{"seed": seed, "probe": 0, "eigenvalue": value, "weight": 1 / 6}
                     for value in values]  # fmt: skip
    return {
        (name, "results"): pd.DataFrame(results), (name, "shares"): pd.DataFrame(shares),
        (name, "spectrum"): pd.DataFrame(spectrum),
    }  # fmt: skip
