"""The picture of part II: local entropy is an area, and the larger area need not be the deeper one.

One weight, so that the average over the neighbourhood is a sum. The loss is that of figure 3.2.
"""

from functools import cache

import numpy as np
import pandas as pd

from landscape.theory import line_entropy
from landscape.theory.line_loss import WIDE_AND_SHARP

LOSS, SCOPE = WIDE_AND_SHARP, 0.1  # gamma of the areas
GRID = np.linspace(-4, 2, 1201)
ALT = (
    "Left: under the curve of exp of minus the loss lie a low, broad hump and a tall, thin one; "
    "within the scope the broad one has the larger area. Right: the lowest value at the sharp "
    "valley rises fast with the scope and crosses that of the wide valley."
)


@cache
def minima():
    """The wide and the sharp minimum of the loss."""
    return line_entropy.sides(LOSS, None)


def area(x, gamma=SCOPE):
    """The integral of exp(-f(y) - (x-y)^2 / 2 gamma): what local entropy is the logarithm of."""
    value = float(line_entropy.local(LOSS, x, gamma).value)
    return float(np.exp(line_entropy.unnormalised(gamma) - value))


def integrand(x, gamma=SCOPE):
    """What is integrated, on GRID."""
    return np.exp(-LOSS.value(GRID) - (x - GRID) ** 2 / (2 * gamma))


@cache
def heights():
    """How low local entropy is on both sides, by scope."""
    gammas = np.geomspace(1e-3, 1, 40)
    rows = [[side.value for side in line_entropy.sides(LOSS, float(g))] for g in gammas]
    return pd.DataFrame(rows, columns=["wide", "sharp"]).assign(gamma=gammas)


@cache
def crossing():
    """The gamma from which on the wide valley is the lower one."""
    return line_entropy.crossing(LOSS)


def draw_areas():
    """The weighed neighbourhoods of both minima."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    ax.plot(GRID, np.exp(-LOSS.value(GRID)), color=book.INK, label="$e^{-f}$")
    for side, color, name, to in zip(minima(), book.CYCLE[:2], ("wide", "sharp"),
                                     ((-1.9, 0.17), (0.8, 0.25)), strict=True):  # fmt: skip
        ax.fill_between(GRID, integrand(side.place), color=color, alpha=0.5, linewidth=0,
                        label=f"around the {name} minimum")  # fmt: skip
        ax.annotate(f"area {area(side.place):.3f}", to, color=color,
                    ha="left" if name == "wide" else "right")  # fmt: skip
    ax.set(xlim=(-4, 2), ylim=(0, 0.52), xlabel="weight $y$", ylabel="$e^{-f}$")
    ax.legend(loc="upper left", fontsize=9)
    return figure


def draw_heights():
    """How low the two valleys are against the scope."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    table = heights()
    ax.plot(table["gamma"], table["wide"], color=book.CYCLE[0], label="wide valley")
    ax.plot(table["gamma"], table["sharp"], "--", color=book.CYCLE[1], label="sharp valley")
    ax.axvline(crossing(), color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xscale="log", xlabel=r"scope $\gamma$", ylabel=r"lowest $-F$, normalised")
    ax.legend(loc="lower right", fontsize=9)
    return figure


def picture():
    """Both panels with their data."""
    from landscape import book

    columns = {name: integrand(side.place)
               for name, side in zip(("wide", "sharp"), minima(), strict=True)}  # fmt: skip
    drawn = pd.DataFrame({"y": GRID, "exp_minus_loss": np.exp(-LOSS.value(GRID)), **columns})
    return book.Picture(
        panels={"a": draw_areas(), "b": draw_heights()},
        titles={"a": rf"what is around, $\gamma = {SCOPE:g}$", "b": "which valley is lower?"},
        alt=ALT, data={"areas": drawn[::3], "heights": heights()},
    )  # fmt: skip


def sentence():
    """What the picture shows, in numbers."""
    wide, sharp = minima()
    return (
        f"In the picture the sharp valley is {wide.value - sharp.value:.2f} deeper than the wide "
        rf"one, and from $\gamma = {crossing():.3f}$ on local entropy prefers the wide one."
    )
