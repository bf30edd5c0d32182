"""How well tables of the last few characters predict the novel (thesis, section 3.3.5).

What a loss of so many nats, or a perplexity of so much, would mean for this text. Two tables:
``results`` has a row for each length of a run of characters, ``facts`` says which text it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from landscape import data
from landscape.analysis import ngrams
from landscape.experiments.settings_schema import mapping, optional, whole
from landscape.experiments.simulation import Outcome, csv_text

_SETTINGS = {
    "data": {"const": "text"}, "longest": whole(), "samples": optional(whole(10)),
    "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Losses in nats a character; takes seconds, so nothing is kept.

    ``of_itself`` is the loss of the best table made of the test part itself, ``of_training`` that
    of the same table made of the training part and tried on the test part.

    Args:
        settings: As SETTINGS says; ``samples`` takes so many characters of each part.
        case: ``characters``.
        checkpoints: Not used.
        workers: Not used.
    """
    text = data.load_text()
    train, test = (part[: settings["samples"]].numpy() for part in (text.train, text.test))
    longest, kinds = settings["longest"], len(text.vocabulary)
    held_out = ngrams.held_out_loss(train, test, longest, kinds)
    table = pd.DataFrame({
        "run": range(1, longest + 1),
        "of_itself": [ngrams.table_entropy(test, k, kinds) for k in range(1, longest + 1)],
        "of_training": held_out,
    })  # fmt: skip
    facts = pd.DataFrame([{
        "title": text.title, "stand_in": int(text.stand_in), "different": kinds,
        "characters": len(text.train) + len(text.validation) + len(text.test),
        "training": len(train), "test": len(test),
    }])  # fmt: skip
    return Outcome({"results": csv_text(table, "%.6g"), "facts": csv_text(facts)})
