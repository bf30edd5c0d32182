"""What pages need: results, settings, claims and verdicts, figure style, provenance.

Importing it does not import torch. A notebook writes::

    from landscape import report
    page = report.page("thesis-fig-2-3", profile=profile, live=live)
"""

from landscape.report import statistics
from landscape.report.measurement import Measurement, format_measurement, format_number, not_run
from landscape.report.page import Page, page
from landscape.report.style import (
    colors,
    curve_with_band,
    log_axis,
    look,
    overlay_record,
    panels,
    style,
)
from landscape.report.tables import Cell, Note, Table, show, verdict_cell

__all__ = [
    "Cell", "Measurement", "Note", "Page", "Table", "colors", "curve_with_band",
    "format_measurement", "format_number", "log_axis", "look", "not_run", "overlay_record", "page",
    "panels", "show",
    "statistics", "style", "verdict_cell",
]  # fmt: skip
