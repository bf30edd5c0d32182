"""What tables of the last characters of a text reach, as a picture and in words (figure 3.7).

Their rows are those of ``landscape.experiments.text_entropy``.
"""

from __future__ import annotations

import math

import pandas as pd

from landscape.book.pictures import Picture
from landscape.book.style import CYCLE, INK, panel


def picture(rows: pd.DataFrame, value: float) -> Picture:
    """Losses against the characters that a table sees, with a printed value in both readings.

    Args:
        rows: Columns ``run``, ``of_itself`` and ``of_training``, nats a character.
        value: A value that is printed as perplexity.
    """
    figure, ax = panel(width=4.8, height=3.1)
    for column, text, color, mark in (
        ("of_itself", "table made of the test part itself", CYCLE[1], "v"),
        ("of_training", "table made of the training part", CYCLE[0], "o"),
    ):
        ax.plot(rows["run"] - 1, rows[column], marker=mark, color=color, label=text)
    for height, text in ((value, "printed value, as nats"),
                         (math.log(value), "printed value, as perplexity")):  # fmt: skip
        ax.axhline(height, color=INK, linestyle=":", linewidth=1.4)
        ax.annotate(text, (0.01, height + 0.03), fontsize=9, va="bottom",
                    xycoords=("axes fraction", "data"))  # fmt: skip
    ax.set(xlabel="characters that the table sees", ylabel="nats a character", ylim=(0, None))
    ax.legend(fontsize=9, loc="upper right")
    return Picture(
        figure,
        alt="Loss in nats a character of tables that see more and more characters, with horizontal "
        "lines at the printed value read as nats and, near zero, as a perplexity. Made of the test "
        "part itself the loss falls steadily; made of the training part it is least for a few "
        "characters and rises again. The text below states both in numbers.",
        data=rows[["run", "of_itself", "of_training"]],
    )


def reading(rows: pd.DataFrame, value: float) -> str:
    """Sentences: what a printed value would mean as a perplexity and as nats."""
    least, last, read = rows["of_training"].min(), rows.iloc[-1], math.log(value)
    beyond = "loses more than that" if last["of_itself"] > read else "is as good"
    return (
        f"A perplexity of {value:g} would be {read:.3f} nats or {read / math.log(2):.2f} bits a "
        f"character; a table that knows what follows every {last['run'] - 1:.0f} characters of the "
        f"test part itself {beyond}, {last['of_itself']:.3f} nats. As nats, {value:g} is a "
        f"perplexity of {math.exp(value):.1f} and {100 * (1 - value / least):.0f} % less than the "
        f"{least:.2f} nats of the best table made of the training part."
    )
