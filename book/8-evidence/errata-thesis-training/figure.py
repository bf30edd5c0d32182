"""The binary perceptron of erratum 6, and what a check of the text's entropy says in words."""

import math

import numpy as np
import pandas as pd

from landscape.errata import thesis_perceptron, thesis_recurrent

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
