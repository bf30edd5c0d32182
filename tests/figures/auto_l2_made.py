"""Runs with AutoL2 and constant lambdas made by hand, for figures 1, S9, S10 and the extra page."""

import numpy as np
import pandas as pd

GRID = (5e-4, 1e-3, 2e-3)


def curve(method, accuracies, seeds=3, longest=None, strengths=None, **columns):
    """One look an epoch with 16 steps; seed s is s / 10 points higher.

    Args:
        method: Its name.
        accuracies: At epochs 0, 1, ...
        seeds: How many.
        longest: Epoch of the last look; the others are spaced evenly.
        strengths: lambda at each look.
        columns: Constant ones.
    """
    times = np.linspace(0, longest or len(accuracies) - 1, len(accuracies))
    rows = []
    for seed in range(seeds):
        for number, (time, one) in enumerate(zip(times, accuracies, strict=True)):
            row = {"method": method, "seed": seed, "step": round(16 * time),
                   "effective_epoch": time, "test_error": 100 - one - seed / 10, "diverged": 0,
                   "learning_rate": 0.5, "training_loss": 1.0, **columns}  # fmt: skip
            rows.append(row | ({} if strengths is None else {"strength": strengths[number]}))
    return pd.DataFrame(rows)


def grid(curves, **options):
    """A grid over lambda: ``{lambda: accuracies}``."""
    frames = [curve("constant_l2", each, l2=one, **options) for one, each in curves.items()]
    return pd.concat(frames, ignore_index=True)


def to(end, looks=65, speed=0.2, start=10.0):
    """Accuracies that rise from chance to their end."""
    return end - (end - start) * np.exp(-speed * np.arange(looks))


def decaying(looks=65, initial=0.04, at=(3, 5, 11)):
    """lambda at each look: divided by ten after so many epochs."""
    return [initial / 10 ** sum(time > one for one in at) for time in range(looks)]
