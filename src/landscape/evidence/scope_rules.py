"""From which scope on the force of Entropy-SGD matters, and where the loop breaks: the rules.

They read the table of ``landscape.experiments.scope_map``, one row a network at its end, and were
fixed before its runs. Each by L and alpha:

* The force *matters* from the largest scope on from which down, at every stable scope, the end is
  further from that without force than that of other mini-batches and noise is: the ratio of the
  two distances, paired by seed, has an interval above 1.
* A scope is *stable* where every seed ends finite and with less training loss than it began with.
* A test error *changes* where the interval of the difference from gamma = infinity, paired by seed,
  leaves zero out; and *beyond the rate* where that of the difference from the network without force
  does whose outer rate is as much smaller as the force shortens the step on a straight slope.
* The edge that theory *predicts* is the widest scope at which an outer step grows along some
  curvature up to the largest of the network without force, at start or end (``curvature_late``).
  That the start's alone has it better (``curvature_early``) was seen after the runs.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from landscape.evidence import ladders, statistics
from landscape.evidence.measurement import Measurement
from landscape.theory import inner_loop


def loops(rows: pd.DataFrame) -> list[tuple[int, float]]:
    """All (L, alpha)."""
    return [tuple(pair) for pair in
            rows[["inner_steps", "alpha"]].drop_duplicates().itertuples(index=False)]  # fmt: skip


def part(rows: pd.DataFrame, L: int, alpha: float) -> pd.DataFrame:
    """The rows of one L and alpha."""
    return rows[(rows["inner_steps"] == L) & (rows["alpha"] == alpha)]


def scopes(rows: pd.DataFrame) -> list[float]:
    """The finite scopes, widest first."""
    found = rows.loc[rows["kind"] == "force", "gamma"].unique()
    return sorted((g for g in found if math.isfinite(g)), reverse=True)


def of(rows: pd.DataFrame, kind: str, gamma: float = math.inf) -> pd.DataFrame:
    """Rows by seed: of ``force`` with this scope, of ``rate`` that stands for it, of the others."""
    rows = rows[rows["kind"] == kind]
    if kind in ("force", "rate"):
        rows = rows[rows["gamma" if kind == "force" else "stands_for"] == gamma]
    return rows.set_index("seed").sort_index()


def stable(rows: pd.DataFrame, gamma: float) -> bool:
    """Whether every seed ends finite, and lower than it began."""
    here = of(rows, "force", gamma)
    return bool(((here["diverged"] == 0) & (here["training_loss"] < here["start_loss"])).all())


def edge(rows: pd.DataFrame) -> tuple[float, float]:
    """(largest unstable scope, smallest stable one above it); 0 where all are stable."""
    found = scopes(rows)
    broken = max((gamma for gamma in found if not stable(rows, gamma)), default=0.0)
    return broken, min((gamma for gamma in found if gamma > broken), default=math.inf)


def zone(rows: pd.DataFrame) -> list[float]:
    """The scopes above the edge, widest first."""
    broken, _ = edge(rows)
    return [gamma for gamma in scopes(rows) if gamma > broken]


def ratio(rows: pd.DataFrame, gamma: float, kind: str = "batches") -> Measurement | None:
    """Distance from the end without force, in those of other ``batches`` or other ``noise``."""
    far, usual = of(rows, "force", gamma)["distance"], of(rows, kind)["distance"]
    if not (far > 0).all():
        return None
    return statistics.ratio_of_means(far, usual)


def matters_from(rows: pd.DataFrame, kind: str = "batches") -> float | None:
    """The widest scope from which down the force matters; None where there is none."""
    return ladders.unbroken(((g, ratio(rows, g, kind)) for g in reversed(zone(rows))), bound=1)


def change(rows: pd.DataFrame, gamma: float, beside: str = "force") -> Measurement | None:
    """Test error with this scope minus that without force (``rate``: with the matched rate)."""
    base = of(rows, beside, math.inf if beside == "force" else gamma)["test_error"]
    with_force = of(rows, "force", gamma)["test_error"]
    pair = statistics.common_seeds(with_force, base)
    return statistics.paired_difference(*pair, unit="points") if len(pair[0]) else None


def changes(rows: pd.DataFrame, beside: str = "force") -> tuple[list[float], list[float], int]:
    """(scopes that lower the test error, scopes that raise it, how many were compared)."""
    found = {gamma: change(rows, gamma, beside) for gamma in zone(rows)}
    found = {gamma: m for gamma, m in found.items() if m is not None and m.has_interval}
    lower = [gamma for gamma, m in found.items() if m.high < 0]
    return lower, [gamma for gamma, m in found.items() if m.low > 0], len(found)


def curvature_late(bent: pd.DataFrame) -> float:
    """Largest Hessian eigenvalue of one L and alpha without force, start or end, seeds' mean."""
    return max(float(bent["start"].mean()), float(bent["end"].mean()))


def curvature_early(bent: pd.DataFrame) -> float:
    """That at the start, the largest over seeds: one seed that breaks makes a scope unstable."""
    return float(bent["start"].max())


def predicted_edge(top: float, **loop: float) -> float:
    """Widest scope at which an outer step grows along a curvature up to ``top``; 0: nowhere."""
    bend = np.geomspace(1e-3, max(top, 2e-3), 40)
    return float(inner_loop.outer_edge(bend, np.geomspace(0.01, 10, 301), **loop))


def off_by(edge: tuple[float, float], predicted: float) -> float:
    """Factor between a predicted edge and the nearer of the scopes that enclose it; 1 inside."""
    low, high = edge
    if predicted <= 0 or low <= 0:
        return math.inf
    return max(low / predicted, predicted / high, 1.0)
