"""Errata of Chaudhari (2018), section 3.3, on recurrent networks: 31, and a perplexity in nats.

What tables of the last characters reach on War and Peace comes from the book's own laptop results,
which are kept in git, so that the text need not be there.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from landscape.errata.entry import Row, erratum
from landscape.errors import LandscapeError
from landscape.project import find_root

#: Tables of the last characters: ``landscape run thesis-fig-3-7-text``.
TABLES = "results/laptop/2-local-entropy/thesis-fig-3-7-text/characters/results.csv"
#: Values that are printed as perplexity of characters, with the place (sections 3.3.5 and 3.3.6).
PRINTED = {
    "Adam, test": 1.226, "Entropy-Adam, test": 1.217, "quoted for SGLD": 1.3375,
}  # fmt: skip


def tables(root: Path | None = None) -> pd.DataFrame:
    """Losses in nats a character of tables of the last characters, by length of the run.

    Raises:
        LandscapeError: The results are not there.
    """
    path = (root or find_root()) / TABLES
    if not path.is_file():
        raise LandscapeError(
            f"{TABLES} is missing: run `landscape run thesis-fig-3-7-text --profile laptop`."
        )
    return pd.read_csv(path)


@erratum("31", "test and validation value of char-LSTM", {"thesis": "section 3.3.6"})
def quoted_value() -> list[Row]:
    """Erratum 31: the test value that the comparison with SGLD quotes, beside table 3.1's.

    "Right" is the test value of section 3.3.5, the check the one of table 3.1.
    """
    quoted, text, table = (1.213, 0.007), (1.217, 0.005), (1.217, 0.005)
    how = "table 3.1, test"
    return [
        Row("test value of Entropy-Adam on char-LSTM", quoted[0], text[0], table[0], how),
        Row("its ±", quoted[1], text[1], table[1], how),
    ]


@erratum(
    "perplexity-in-nats",
    "a perplexity that is nats",
    {"thesis": "sections 3.3.5 and 3.3.6, table 3.1"},
)
def nats() -> list[Row]:
    """A perplexity p of characters would be a loss of log p; the printed values are the loss.

    The check is another predictor of the same text: the best table of up to nine characters before,
    made of the training part and tried on the test part. An LSTM may be somewhat better than such
    a table, not six times.
    """
    best = float(tables()["of_training"].min())
    return [
        Row(f"nats a character, {what} ({value:g})", math.log(value), value, best,
            "best table of preceding characters", 0.15)
        for what, value in PRINTED.items()
    ]  # fmt: skip
