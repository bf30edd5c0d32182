"""What pages need: results, settings, claims and verdicts, figure style, provenance.

Importing it does not import torch. A notebook writes::

    from landscape import book as report
    page = report.page("thesis-fig-2-3", profile=profile, live=live)
"""

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number, not_run
from landscape.book.page import Page, page
from landscape.book.style import (
    colors,
    curve_with_band,
    log_axis,
    look,
    overlay_record,
    panels,
    style,
)
from landscape.book.tables import Cell, Note, Table, show, verdict_cell

__all__ = [
    "Cell", "Measurement", "Note", "Page", "Table", "colors", "curve_with_band",
    "format_measurement", "format_number", "log_axis", "look", "not_run", "overlay_record", "page",
    "panels", "show",
    "statistics", "style", "verdict_cell",
]  # fmt: skip
