"""Estimates with error bars, from independent values and from correlated series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval [low, high] and the standard error behind it."""

    value: float
    low: float
    high: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def from_independent(values: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of independent values [n >= 2] with Student's interval."""
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        raise ValueError("One value has no error bar: use at least 2 probes or chains.")
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return _estimate(float(values.mean()), error, len(values) - 1, level)


def correlation_time(series: np.ndarray) -> float:
    """Integrated autocorrelation time in samples, >= 1, of chains [C, T] around a common mean.

    tau = 1 + 2 sum rho_t, summed over pairs of neighbours as long as they are positive and made to
    decrease (initial monotone sequence; Geyer 1992). The variance of a mean is tau times that of
    independent samples.
    """
    series = np.asarray(series, dtype=np.float64)
    centred = series - series.mean()
    length = series.shape[1]
    spectrum = np.fft.rfft(centred, 2 * length, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :length].mean(0) / length
    if covariance[0] == 0:
        return 1.0
    rho = covariance / covariance[0]
    pairs = rho[: length // 2 * 2].reshape(-1, 2).sum(1)
    negative = np.flatnonzero(pairs <= 0)
    kept = np.minimum.accumulate(pairs[: negative[0] if len(negative) else len(pairs)])
    return max(1.0, float(2 * kept.sum() - 1))


def from_chains(series: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of correlated chains [C >= 2, T], with an interval that knows the correlation.

    The standard error is the larger of two: what the autocorrelation inside the chains says, and
    what the spread of the chains' means says. Chains that have not forgotten their starts show in
    the second. Student's factor is that of C - 1 degrees of freedom where the second decides, and
    of the effective number of samples where the first does.
    """
    series = np.asarray(series, dtype=np.float64)
    if series.ndim != 2 or series.shape[0] < 2 or series.shape[1] < 2:
        raise ValueError("An error bar needs at least 2 chains of at least 2 samples each.")
    chains = series.shape[0]
    between = float(series.mean(1).std(ddof=1) / np.sqrt(chains))
    effective = series.size / correlation_time(series)
    within = float(series.std() / np.sqrt(effective))
    if between > within:
        return _estimate(float(series.mean()), between, chains - 1, level)
    return _estimate(float(series.mean()), within, max(effective - 1, 1), level)


def weighted_sum(parts: list[Estimate], weights: np.ndarray) -> Estimate:
    """sum_i weights_i parts_i of independent estimates; their intervals add as variances do."""
    value = float(sum(w * part.value for w, part in zip(weights, parts, strict=True)))
    half = np.sqrt(sum(
        (w * (part.high - part.low) / 2) ** 2 for w, part in zip(weights, parts, strict=True)
    ))  # fmt: skip
    error = np.sqrt(sum((w * part.error) ** 2 for w, part in zip(weights, parts, strict=True)))
    return Estimate(value, float(value - half), float(value + half), float(error))


def _estimate(value: float, error: float, freedom: float, level: float) -> Estimate:
    half = error * float(stats.t.ppf((1 + level) / 2, freedom))
    return Estimate(value, value - half, value + half, error)
