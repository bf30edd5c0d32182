"""The case `theory` of `critical_point_counts`: expected numbers on a grid of B, no simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from landscape.theory import critical_counts, kac_rice
from landscape.theory.spin_glass import field_at


def grid_of_b(n: int, p: int, count: int) -> np.ndarray:
    """About `count` values of B from -0.35 to its largest, dense around 0 at every scale."""
    top = 1 - 2 / p
    parts = max(count // 5, 2)
    knots = (-0.35, -1 / n ** (1 / 3), -2 / n, 2 / n, 1 / n ** (1 / 3), top)
    inside = sorted({min(max(k, -0.35), top) for k in knots})
    pieces = [np.linspace(a, b, parts, endpoint=False) for a, b in pairwise(inside)]
    # B hardly changes while the field is weak: the last piece takes equal steps of the field.
    pieces[-1] = top - (top - inside[-2]) * np.linspace(1, 0, parts, endpoint=False) ** 2
    return np.unique(np.concatenate([*pieces, [0.0, top]]))


def theory_curves(settings: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of N and B: exact, asymptotic and printed expected numbers, natural logarithms."""
    p, coupling = settings["p"], settings["coupling"]
    rows = []
    for n in settings["theory_spins"]:
        b = grid_of_b(n, p, settings["theory_points"])
        points, lowest = kac_rice.expected_counts(n, b)
        for value, crt, minimum in zip(b, points, lowest, strict=True):
            value = float(value)
            kappa = critical_counts.kappa(n, value)
            rows.append({
                "spins": n, "b": value, "field": field_at(-value * n, n, p, coupling),
                "tau": critical_counts.tau(n, value), "kappa": kappa,
                "log_critical": math.log(crt), "log_minima": math.log(minimum),
                "log_critical_asymptotic": math.log(critical_counts.critical_points(n, value)),
                "log_minima_asymptotic": critical_counts.log_minima(n, value),
                "log_critical_printed": _log(critical_counts.critical_points_as_printed(n, value)),
                "log_minima_printed": critical_counts.log_minima_as_printed(kappa)
                if kappa < -1 else 0.0,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _log(value: float) -> float:
    return math.log(value) if value < math.inf else math.nan
