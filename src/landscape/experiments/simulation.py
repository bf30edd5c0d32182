"""What the module of a simulation has, and what its tables are made of.

``settings.yaml`` names the module, which has::

    SETTINGS    a JSON schema of its settings, made with landscape.experiments.settings_schema
    simulate    ``simulate(settings, case, checkpoints=..., workers=...) -> Outcome``; with
                ``kept=...`` where the settings have ``reads`` (``landscape.experiments.reading``)
    costs       where the experiment has ``gpu: true`` and waits in the GPU queue:
                ``costs(settings, case, device, repeats) -> row`` of ``benchmarks/paper_scale.py``

``simulate`` writes nothing but what lets a killed run continue, in a folder of its own below
``checkpoints``; the same settings give the same bytes with any number of workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd


class Outcome(NamedTuple):
    """What a case gives.

    Attributes:
        tables: CSV by name; one of them is called ``results``.
        kept: Intermediate files, to be deleted once the tables are stored.
    """

    tables: Mapping[str, str]
    kept: Sequence[Path] = ()


def csv_text(table: pd.DataFrame, float_format: str | None = None) -> str:
    """The table as CSV without its index, on every system with the same bytes."""
    return table.to_csv(index=False, float_format=float_format, lineterminator="\n")
