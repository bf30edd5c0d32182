"""The picture of part II: local entropy of a loss with a wide and a sharp valley.

One dimension, so that the average over the neighbourhood is a sum. Our own function: the work
draws such a picture without a formula (Chaudhari 2018, section 3.2).
"""

from functools import cache

import numpy as np
import pandas as pd

BETA = 8.0  # inverse temperature
SCOPES = (0.02, 0.2, 2.0)  # gamma
WIDE, SHARP = (-1.1, 0.55, 1.0), (1.25, 0.08, 1.15)  # centre, width, depth
GRID = np.linspace(-4, 4, 1601)


def loss(x):
    """A shallow bowl with a wide valley on the left and a deeper, sharp one on the right."""
    x = np.asarray(x, dtype=float)
    value = 1.5 + 0.08 * x**2
    for centre, width, depth in (WIDE, SHARP):
        value = value - depth * np.exp(-((x - centre) ** 2) / (2 * width**2))
    return value


@cache
def negative_local_entropy(gamma, beta=BETA):
    """-(1/beta) log of the mean of e^{-beta f} over a Gaussian of variance gamma/beta, on GRID."""
    variance = gamma / beta
    kernel = np.exp(-((GRID[:, None] - GRID) ** 2) / (2 * variance))
    mass = kernel @ np.exp(-beta * loss(GRID)) / kernel.sum(axis=1)
    return -np.log(mass) / beta


def bottoms(values):
    """Lowest value on the side of the wide and on that of the sharp valley."""
    middle = (WIDE[0] + SHARP[0]) / 2
    return float(values[middle > GRID].min()), float(values[middle <= GRID].min())


def crossing():
    """The gamma from which on the wide valley is the lower one."""
    gammas = np.geomspace(1e-3, 1, 121)
    gap = [np.subtract(*bottoms(negative_local_entropy(float(g)))) for g in gammas]
    return float(gammas[np.argmax(np.array(gap) < 0)])


def draw_smoothed():
    """The loss and its local entropy, with the minus sign, for three scopes."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    ax.plot(GRID, loss(GRID), color=book.INK, linewidth=2, label="loss $f$")
    for gamma, color in zip(SCOPES, book.CYCLE[:3], strict=True):
        ax.plot(GRID, negative_local_entropy(gamma), color=color, label=rf"$\gamma = {gamma:g}$")
    ax.set(xlim=(-3, 3), ylim=(0, 2.9), xlabel="weight $x$", ylabel=r"loss, $-$local entropy")
    ax.legend(loc="upper center", ncols=2, fontsize=9)
    return figure


def draw_depths():
    """How low the two valleys are against the scope."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    gammas = np.geomspace(2e-3, 3, 60)
    wide, sharp = np.array([bottoms(negative_local_entropy(float(g))) for g in gammas]).T
    ax.plot(gammas, wide, color=book.CYCLE[0], label="wide valley")
    ax.plot(gammas, sharp, "--", color=book.CYCLE[1], label="sharp valley")
    ax.axvline(crossing(), color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xscale="log", xlabel=r"scope $\gamma$", ylabel="lowest value")
    ax.legend(loc="lower right", fontsize=9)
    return figure


def curves():
    """What panel a is made of, to be downloaded."""
    columns = {f"gamma_{gamma:g}": negative_local_entropy(gamma) for gamma in SCOPES}
    frame = pd.DataFrame({"x": GRID, "loss": loss(GRID), **columns})
    return frame[frame["x"].abs() <= 3].iloc[::2]


def sentence():
    """What the picture shows, in numbers."""
    wide, sharp = bottoms(loss(GRID))
    return (
        f"In the picture the sharp valley is {wide - sharp:.2f} deeper than the wide one, and from "
        rf"$\gamma = {crossing():.2f}$ on local entropy prefers the wide one."
    )
