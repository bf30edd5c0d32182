"""Runs of figure 4's experiments made by hand, whose accuracies are known."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_budgets

from .made import Trained

STRENGTHS = (2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3)
#: Peak time times coefficient of the runs that follow the law, in epochs: 2 epochs at 5e-3.
C = 0.01


def rows(strength, seed, times, accuracy, **columns):
    """One run with looks at these times."""
    return [
        {"method": "constant_l2", "l2": strength, "seed": seed, "step": 16 * time,
         "effective_epoch": float(time), "test_error": 100 - height, "training_loss": 1.0,
         "diverged": 0, **columns}
        for time, height in zip(times, accuracy, strict=True)
    ]  # fmt: skip


def peaked(times, at, height, floor=10.0):
    """Accuracy that rises in a straight line to its peak and decays slowly after it."""
    times = np.asarray(times, dtype=float)
    rising = floor + (height - floor) * times / at
    return np.where(times <= at, rising, height - 2 * np.log(np.maximum(times / at, 1)))


def lawful(seeds=3, factor=1.0, epochs=64):
    """Every coefficient peaks at factor C / lambda, the higher the smaller it is."""
    times = np.arange(epochs + 1)
    found = []
    for strength in STRENGTHS:
        height = 60 + 5 * np.log10(5e-3 / strength)
        for seed in range(seeds):
            peak = factor * C / strength * (1 + seed / 1000)
            found += rows(strength, seed, times, peaked(times, peak, height + seed / 10))
    return pd.DataFrame(found)


def forked(seeds=3, epochs=64):
    """All rise alike, each until C / lambda, and stay there."""
    times = np.arange(epochs + 1)
    found = []
    for strength in STRENGTHS:
        accuracy = 10 + 10 * np.log1p(np.minimum(times, C / strength))
        for seed in range(seeds):
            found += rows(strength, seed, times, accuracy + seed / 10)
    return pd.DataFrame(found)


def flat(seeds=3, epochs=64):
    """The coefficient matters less than the seed: noise, the same every time."""
    noise = np.random.default_rng(0)
    times = np.arange(epochs + 1)
    rising = 50 * (1 - np.exp(-times / 10))
    found = []
    for strength in STRENGTHS:
        for seed in range(seeds):
            found += rows(strength, seed, times, rising + noise.uniform(0, 2, len(times)))
    return pd.DataFrame(found)


def probe(seeds=3, at=2.0, decay=4.0, strength=5e-3):
    """The short run: its peak at so many epochs, then so many points lower."""
    times = np.arange(0, 6.001, 0.125)
    found = []
    for seed in range(seeds):
        height = 25 + seed / 10
        accuracy = np.where(times <= at, 10 + 15 * times / at, height - decay)
        accuracy[np.argmin(abs(times - at))] = height
        found += rows(strength, seed, times, accuracy)
    return pd.DataFrame(found)


def made(constants=None, short=None, scale="laptop", **others):
    """Runs with both experiments of figure 4."""
    frames = {
        l2_budgets.CONSTANTS: lawful() if constants is None else constants,
        l2_budgets.PROBE: probe() if short is None else short,
    }
    return Trained(scale, frames | others)
