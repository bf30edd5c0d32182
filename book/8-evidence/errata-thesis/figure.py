"""The binary perceptron of erratum 6, and what a few checks of the thesis' errata say in words."""

import math

import numpy as np
import pandas as pd

from landscape.errata import (
    registry,
    thesis_counts,
    thesis_perceptron,
    thesis_recurrent,
    thesis_spin_glass,
)
from landscape.theory import critical_counts, kac_rice, spin_glass

ALT = (
    "In the first panel the probability of different answers falls from one at overlap minus one "
    "to zero at overlap one; exact dots lie on the solid curve, the dashed curve rises instead. In "
    "the second the share of solvable data sets is one for few patterns, about one half at the "
    "dotted line at 0.833, and falls to zero beyond it, more steeply for longer perceptrons."
)
CAPACITY = 0.833  # solutions per weight, section 3.1.1
TABLES = "thesis-fig-3-7-text"  # named here, so that the page is made anew with these results


def disagreement(lengths=(11, 101)):
    """How often two perceptrons answer differently, by the arc cosine and exactly."""
    overlap = -np.cos(np.linspace(0, math.pi, 101))  # steep at both ends
    angle = thesis_perceptron.generalisation_error(overlap)
    parts = [_part("right", overlap, angle), _part("printed", overlap, 1 - angle)]
    for length in lengths:
        differing = np.linspace(0, length, 12).round().astype(int)
        exact = thesis_perceptron.disagreement(length, differing)
        parts.append(_part(f"exact, d = {length}", 1 - 2 * differing / length, exact))
    return pd.concat(parts, ignore_index=True)


def _part(series, overlap, probability):
    return pd.DataFrame({"series": series, "overlap": overlap, "probability": probability})


def draw_disagreement(frame):
    """Panel a."""
    from landscape import book

    figure, ax = book.panel()
    styles = {"right": ("-", book.INK, "arccos / π: they disagree"),
              "printed": ("--", book.CYCLE[1], "as printed: they agree")}  # fmt: skip
    marks = iter((("s", book.CYCLE[0]), ("o", book.CYCLE[2])))
    for series, rows in frame.groupby("series", sort=False):
        style, color, label = styles.get(series) or (*next(marks), series)
        ax.plot(rows["overlap"], rows["probability"], style, color=color, label=label)
    ax.set(xlabel="overlap x·x* / d", ylabel="P(they disagree)", xlim=(-1.03, 1.03))
    ax.legend(loc="upper center")
    return figure


def capacity(lengths=(7, 11, 15)):
    """Share of 200 random data sets of each length that some perceptron gets all right."""
    patterns = np.linspace(0, 2, 101)
    shares = {
        f"d = {length}": [
            (reached >= math.ceil(a * length - 1e-9) / length - 1e-9).mean() for a in patterns
        ]
        for length in lengths
        for reached in [thesis_perceptron.capacities(length)]
    }
    return pd.DataFrame({"patterns per weight": patterns} | shares)


def draw_capacity(frame):
    """Panel b."""
    from landscape import book

    figure, ax = book.panel()
    patterns, *lengths = frame.columns
    for length, color in zip(lengths, (book.CYCLE[6], book.CYCLE[0], book.CYCLE[1]), strict=True):
        ax.step(frame[patterns], frame[length], where="post", color=color, label=length)
    ax.axvline(CAPACITY, color=book.INK, linestyle=":", linewidth=1)
    ax.set(xlabel="patterns per weight, α", ylabel="share solvable", xlim=(0, 2),
           ylim=(-0.03, 1.03))  # fmt: skip
    ax.legend(loc="upper right")
    return figure


def ratio_of_the_roots(b=0.3):
    """Erratum 3: the count beside the print, and the two roots."""
    last = registry.get(3).rows[-1]
    return (
        f"At $B = {b:g}$ the count is {last.check / last.printed:.3f} of the printed value; "
        rf"$\sqrt{{(1-B)/(1+B)}}$, by which the two roots differ, is "
        f"{math.sqrt((1 - b) / (1 + b)):.3f}."
    )


def two_terms(kappa=-16.0):
    """Erratum 5: the two corrected terms alone."""
    return (
        rf"At $\kappa = {kappa:g}$ the two corrected terms alone are "
        f"{thesis_counts.corrected_exponent(kappa):.1f}, the printed ones "
        f"{critical_counts.log_minima_as_printed(kappa):.1f}; the number itself has the logarithm "
        f"{critical_counts.log_minima_at_edge(kappa):.1f}."
    )


def at_the_critical_field(n=100):
    """Eq. (2.17) at tau = 0."""
    return (
        rf"At $\tau = 0$, $F$ is {kac_rice.critical_points_per_spin(0.0):.6g}; the exact number "
        f"for {n} spins is {kac_rice.expected_critical_points(n, 0.0):.6g}."
    )


def directions(n=100):
    """How many directions can have the printed mean distance."""
    weak = spin_glass.field_parameter(1 / n, 3)
    return (
        f"A mean of {thesis_spin_glass.STATED_DISTANCE} over all pairs is possible for "
        f"{thesis_spin_glass.directions_allowed()} directions at most; the figure has 20,000, and "
        f"the landscape {kac_rice.expected_minima(n, weak):.0f} minima on average."
    )


def memory_of_the_text():
    """How far a table made of the test part itself gets, from TABLES' laptop results."""
    last = thesis_recurrent.tables().iloc[-1]
    value = thesis_recurrent.PRINTED["Adam, test"]
    reached = last["of_itself"] <= math.log(value)
    return (
        f"A table of the {last['run'] - 1:.0f} characters before, made of the test part itself, "
        f"has a loss of {last['of_itself']:.3f} nats there; a perplexity of {value:g} would be "
        f"{math.log(value):.3f}{'' if reached else ', less than that'}."
    )
