"""Power laws of t_* in eta and lambda, and how far runs fall together on eta lambda.

Source: Lewkowycz & Gur-Ari (2020), sections 1.1 and 2: t_* = c / (eta lambda) for plain SGD. Fitted
are rows of ``landscape.evidence.l2_times.peak_times``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.statistics import mean_interval

_SAME = 0.01  # logarithms of products this close are one: grids are rounded to five digits


@dataclass(frozen=True)
class PowerLaw:
    """t_* = coefficient * product over names of name ** exponent, fitted to the logarithms.

    Attributes:
        exponents: By name, with 95 % intervals.
        coefficient: In the unit of t_*, times those of the names to minus their exponents.
        scatter: Root mean square of what the fit leaves of log t_* (natural), over the
            configurations; a value of 0.1 means that t_* is off by ten percent.
        by_seed: The exponents, ``coefficient`` and ``scatter`` of every seed's own fit, by seed.
        points: Configurations that were fitted.
        left_out: Configurations that were not: some seed diverged, never rose or was censored.
    """

    exponents: dict[str, Measurement]
    coefficient: Measurement
    scatter: Measurement
    by_seed: pd.DataFrame
    points: int
    left_out: int


def power_law(
    times: pd.DataFrame,
    names: Sequence[str] = ("lr", "l2"),
    over: str = "seeds",
    censored: bool = False,
    level: float = 0.95,
) -> PowerLaw | None:
    """Fit a power law to t_* by least squares in the logarithms.

    Every seed has its own fit, over configurations that all seeds have, so that their mean is the
    fit to the geometric means of t_*.

    Args:
        times: Rows of ``peak_times``; those with a zero among the names (lambda = 0) are ignored.
        names: What t_* is a power of.
        over: Where intervals come from: ``seeds``, Student's over the seeds' own fits: what other
            seeds would give on the same grid, whether or not the law holds. ``points``: that of the
            regression on the seeds' geometric means, whose errors are the departures from the law
            at the grid's points: wider where it bends, and there for a single seed.
        censored: Fit configurations with censored seeds as well.
        level: Of the intervals.

    Returns:
        The law; None where the runs that are left cannot tell it: fewer than two configurations
        more than names, or a name with one value only.

    Raises:
        ValueError: ``over`` is unknown.
    """
    if over not in ("seeds", "points"):
        raise ValueError(f"over is {over!r}; known are seeds and points")
    logs, left = _logs(times, names, censored)
    at = np.log(logs.index.to_frame()[list(names)].to_numpy(dtype=float))
    if len(at) < len(names) + 2 or (np.ptp(at, axis=0) == 0).any():
        return None
    design = np.column_stack([at, np.ones(len(at))])
    solved = np.linalg.lstsq(design, logs.to_numpy(), rcond=None)[0]
    rest = np.sqrt(((logs.to_numpy() - design @ solved) ** 2).mean(axis=0))
    columns = [*names, "coefficient"]
    fits = pd.DataFrame(solved.T, index=logs.columns, columns=columns)
    by_seed = fits.assign(coefficient=np.exp(fits["coefficient"]), scatter=rest)
    scatter = mean_interval(rest, level)
    if over == "seeds":
        found = {name: mean_interval(fits[name], level) for name in columns}
    else:
        found = _regression(design, logs.mean(axis=1).to_numpy(), columns, level)
    c = found.pop("coefficient")
    ends = (np.exp(c.low), np.exp(c.high)) if c.has_interval else (None, None)
    coefficient = Measurement(np.exp(c.value), *ends, n=c.n)
    return PowerLaw(found, coefficient, scatter, by_seed, len(logs), left)


def _regression(
    design: np.ndarray, values: np.ndarray, columns: Sequence[str], level: float
) -> dict[str, Measurement]:
    """Coefficients of an ordinary regression with Student's intervals; ``n`` counts points."""
    solved = np.linalg.lstsq(design, values, rcond=None)[0]
    freedom = len(values) - len(columns)
    variance = ((values - design @ solved) ** 2).sum() / freedom
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * errors
    note = "interval of the regression over the grid's points"
    return {
        name: Measurement(value, value - h, value + h, len(values), note=note)
        for name, value, h in zip(columns, solved, half, strict=True)
    }


@dataclass(frozen=True)
class Collapse:
    """How far runs at different eta and lambda fall together when t_* is multiplied by both.

    All are standard deviations of natural logarithms over the configurations, averaged over seeds.

    Attributes:
        spread: Of log t_*.
        left: Of log(t_* eta lambda): zero under the law t_* = c / (eta lambda).
        share: 1 - (left / spread)^2, what the law explains of the variance of log t_*.
        apart: Of log t_* between configurations of equal eta lambda only, about their means: zero
            where t_* is any function of eta lambda; not run where no two share a product.
        points: Configurations.
    """

    spread: Measurement
    left: Measurement
    share: Measurement
    apart: Measurement
    points: int


def collapse(
    times: pd.DataFrame, names: Sequence[str] = ("lr", "l2"), censored: bool = False
) -> Collapse | None:
    """Measure how far t_* times the product of ``names`` is one number.

    Args:
        times: As for ``power_law``, as are ``names`` and ``censored``.

    Returns:
        The measure; None for fewer than two configurations.
    """
    logs, _ = _logs(times, names, censored)
    if len(logs) < 2:
        return None
    product = np.log(logs.index.to_frame()[list(names)].to_numpy(dtype=float)).sum(axis=1)
    scaled = logs.add(product, axis=0)
    spread, left = logs.std(ddof=1), scaled.std(ddof=1)
    flat = bool((spread == 0).any())
    order = np.argsort(product, kind="stable")
    steps = np.diff(product[order], prepend=product[order][0]) > _SAME
    number = np.empty(len(logs), dtype=int)
    number[order] = np.cumsum(steps)
    groups = logs.groupby(number)
    freedom = len(logs) - groups.ngroups
    apart = not_run("no two configurations share a product")
    if freedom:
        within = ((logs - groups.transform("mean")) ** 2).sum() / freedom
        apart = mean_interval(np.sqrt(within))
    return Collapse(
        mean_interval(spread),
        mean_interval(left),
        not_run("t_* is the same everywhere") if flat else mean_interval(1 - (left / spread) ** 2),
        apart,
        len(logs),
    )


def _logs(times: pd.DataFrame, names: Sequence[str], censored: bool) -> tuple[pd.DataFrame, int]:
    """log t_*, configurations by seeds, of the complete ones; and how many are not."""
    rows = times[(times[list(names)] > 0).all(axis=1)]
    fit = rows["t_star"].where((rows["t_star"] > 0) & (censored | ~rows["censored"].astype(bool)))
    table = rows.assign(log=np.log(fit)).set_index([*names, "seed"])["log"]
    if table.index.has_duplicates:
        raise ValueError(f"two runs share {[*names, 'seed']}: hand over one sweep at a time")
    table = table.unstack("seed")
    whole = table.dropna()
    return whole, len(table) - len(whole)
