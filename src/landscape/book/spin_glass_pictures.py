"""Panels of the end points of descents on a spin glass: the ground of maps, and energies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landscape.book.style import CYCLE, GREY, INK, panel
from landscape.theory import kac_rice, spin_glass

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def background(
    x: np.ndarray, y: np.ndarray, energy: np.ndarray, smoothing: float, size: int = 240
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Nadaraya-Watson estimate of the energy over the plane, NaN where no point is near.

    Args:
        x: Of the points.
        y: Of the points.
        energy: Of the points.
        smoothing: Bandwidth as a share of the panel's width.
        size: Pixels of a side.

    Returns:
        The estimate, bottom row first, and its extent (left, right, bottom, top).
    """
    from scipy.ndimage import gaussian_filter

    half = (1 + 6 * smoothing) * max(np.ptp(x), np.ptp(y)) / 2
    cx, cy = (x.max() + x.min()) / 2, (y.max() + y.min()) / 2
    box = [[cy - half, cy + half], [cx - half, cx + half]]
    bandwidth = smoothing * size
    mass, _, _ = np.histogram2d(y, x, bins=size, range=box)
    value, _, _ = np.histogram2d(y, x, bins=size, range=box, weights=energy)
    mass, value = (gaussian_filter(part, bandwidth, mode="constant") for part in (mass, value))
    near = mass > 0.1 / (2 * np.pi * bandwidth**2)  # a tenth of what one point gives at its place
    return np.where(near, value / np.where(near, mass, 1), np.nan), (*box[1], *box[0])


def energies(
    found: pd.DataFrame, draws: int, spins: int, p: int, record: pd.DataFrame | None = None
) -> Figure:
    """Minima without field by energy, per draw of the disorder: found, and expected exactly.

    Args:
        found: One row a minimum, all draws.
        draws: How many there were.
        spins: How many the glass has.
        p: The order of the glass.
        record: As ``found``, with its ``draw``; of as many spins.
    """
    from scipy.interpolate import CubicSpline

    u, density = kac_rice.minima_by_energy(spins, p)
    low, high = spin_glass.energy_level(0, p), spin_glass.e_infinity(p)
    left = min(found["energy"].min(), -low) - 0.02
    right = max(found["energy"].max() + 0.02, -1.36)
    width = (right - left) / 24
    edges = left + width * np.arange(25)
    figure, ax = panel(height=3.1)
    counted, _ = np.histogram(found["energy"], edges)
    ax.bar(edges[:-1], counted / draws, width, align="edge", color=CYCLE[6],
           label="found, this build")  # fmt: skip
    if record is not None:
        number, _ = np.histogram(record["energy"], edges)
        ax.stairs(number / record["draw"].nunique(), edges, color=INK, label="found, record")
    fine = np.linspace(left, right, 300)
    ax.plot(fine, width * CubicSpline(u, density)(fine), color=CYCLE[1],
            label=f"exact, $N = {spins}$")  # fmt: skip
    ax.axvspan(-low, -high, color=GREY, alpha=0.3, linewidth=0)
    for level, text, side in ((low, "$-E_0$", "right"), (high, r"$-E_\infty$", "left")):
        ax.annotate(text, (-level, 0.97), xycoords=("data", "axes fraction"), ha=side, va="top",
                    xytext=(-4 if side == "right" else 4, 0),
                    textcoords="offset points")  # fmt: skip
    ax.set(xlim=(left, right), ylim=(0, 1.35 * width * density.max()), ylabel="minima per bar",
           xlabel="energy per spin $H / N$")  # fmt: skip
    ax.legend(loc="upper right", fontsize=9)
    return figure
