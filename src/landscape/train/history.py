"""What a run leaves behind: one row per evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from landscape.files import replacing

#: Columns of every training CSV. Errors are in percent, losses in nats.
COLUMNS = (
    "seed",
    "step",
    "effective_epoch",
    "training_loss",
    "training_error",
    "validation_loss",
    "validation_error",
    "test_loss",
    "test_error",
    "learning_rate",
    "gradient_min",
    "gradient_min_raw",
    "gradient_layer_min",
    "gradient_layer_min_raw",
    "diverged",
)

#: Columns that a CSV has only where the method fills them.
OPTIONAL_COLUMNS = (
    "strength",
    "alignment",
    "alignment_after",
    "alignment_sphere",
    "alignment_unit",
    "alignment_cosine",
)

#: Columns of sequences only.
SEQUENCE_COLUMNS = ("training_perplexity", "validation_perplexity", "test_perplexity")


@dataclass
class History:
    """Rows of one run, in time order.

    ``gradient_min`` is the smallest absolute entry, over all weights, of the gradient that the
    optimizer uses (mini-batch gradient plus its additive field, if it has one), and
    ``gradient_min_raw`` that of the mini-batch gradient alone; the ``layer`` columns hold the
    smallest mean absolute entry of a weight matrix (thesis figure 2.3b).

    ``strength`` is the coefficient lambda of the L2 or complexity term, for methods that move it;
    for all others there is no such column.

    Of sequences, losses are nats a token, errors wrong predictions in percent, and ``perplexity``
    is the exponential of the loss.

    The ``alignment`` columns exist for methods that add a field h to the gradient (thesis figure
    2.4); they are signed, over all weights that feel the field, with h as added in the step that
    leads to the row and the weights w at which that step's gradient was taken: ``alignment`` is the
    inner product h . w, ``_sphere`` the same with w scaled to the length sqrt(N), as the thesis has
    it for spins, ``_unit`` with h scaled to length 1, ``_cosine`` with both scaled to length 1.
    ``alignment_after`` is h . w with the weights after the step, which have moved along -h. At
    step 0, before any field was added, all of them are empty.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    #: The table of steps, where the run was asked for one.
    steps: pd.DataFrame | None = None

    def append(self, **row: float) -> None:
        """Add a row; a key that is not a column is refused."""
        unknown = set(row) - {*COLUMNS, *OPTIONAL_COLUMNS, *SEQUENCE_COLUMNS}
        if unknown:
            raise KeyError(f"unknown history columns {sorted(unknown)}")
        self.rows.append(row)

    def frame(self) -> pd.DataFrame:
        """All rows with every column, absent values empty."""
        optional = (*OPTIONAL_COLUMNS, *SEQUENCE_COLUMNS)
        filled = [name for name in optional if any(name in row for row in self.rows)]
        return pd.DataFrame(self.rows, columns=[*COLUMNS, *filled]).astype(
            {"seed": int, "step": int, "diverged": int}
        )


def write_csv(frame: pd.DataFrame, path: Path | str) -> None:
    """Write with 9 significant digits (float32 exactly), all or nothing."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.9g", lineterminator="\n")
