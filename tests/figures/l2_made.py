"""Sweeps over eta and lambda made by hand: accuracies that jump to their best at a known step."""

import numpy as np
import pandas as pd

FULL = 10**6  # steps of runs without L2


def swept(t_star, best, grid, seeds=3, fit=None, horizon=2.0, cut=()):
    """The table of a sweep.

    Args:
        t_star: ``t_star(lr, l2, seed)``, the first row at the best accuracy.
        best: ``best(lr, l2, seed)``, in percent.
        grid: Pairs ``(lr, l2)``.
        seeds: Runs of each.
        fit: ``fit(lr, l2, seed)``, the first row without a training error; None for never.
        horizon: ``steps * lr * l2`` at the end.
        cut: Pairs that end after a tenth of their horizon.
    """
    rows = []
    for lr, l2 in grid:
        end = round(horizon / (lr * l2)) if l2 else FULL
        end = end // 10 if (lr, l2) in cut else end
        for seed in range(seeds):
            peak = round(t_star(lr, l2, seed))
            good = fit(lr, l2, seed) if fit else None
            steps = {0, end, *(s for s in (peak - 1, peak, good) if s is not None)}
            steps |= {int(s) for s in np.geomspace(1, end, 12)}
            for step in sorted(s for s in steps if 0 <= s <= end):
                error = 100 - best(lr, l2, seed) + (30 if step < peak else 0)
                rows.append({
                    "lr": lr, "l2": l2, "seed": seed, "step": step, "training_loss": 0.1,
                    "training_error": 0.0 if good is not None and step >= good else 10.0,
                    "test_loss": 0.1, "test_error": error, "least_test_error": error,
                    "norm2": 1.0, "diverged": 0, "method": "made",
                })  # fmt: skip
    return pd.DataFrame(rows)
