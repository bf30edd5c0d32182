"""Differences of two methods in words, and how much of one may be the baseline's.

A method that ends below a baseline which is worse than the work's own has not shown as much as one
that ends below the work's.
"""

from __future__ import annotations

from landscape.evidence.claims import PaperValue
from landscape.evidence.measurement import Measurement, format_brief


def side(gap: Measurement, above: str, below: str, between: str) -> str:
    """The words for an interval above zero, below zero, or around it (or none)."""
    if not gap.has_interval or gap.low <= 0 <= gap.high:
        return between
    return above if gap.low > 0 else below


def apart(gap: Measurement, between: str = "not measurably apart from") -> str:
    """``0.15 [0.10, 0.20] nats below``: how large a difference is and on which side."""
    if side(gap, "y", "y", ""):
        low, high = sorted(map(abs, (gap.low, gap.high)))
        size = format_brief(gap.with_(value=abs(gap.value), low=low, high=high))
        return f"{size} {side(gap, 'above', 'below', '')}"
    return between


def less(measured: Measurement, value: float) -> Measurement:
    """A measurement minus a number that is known."""
    ends = {name: getattr(measured, name) for name in ("value", "low", "high")}
    return measured.with_(**{k: None if end is None else end - value for k, end in ends.items()})


def beyond(measured: Measurement | None, printed: PaperValue) -> float | None:
    """How far above a printed value the mean lies, negative below it.

    None where the interval reaches into the printed error, or there is no interval.
    """
    if measured is None or not measured.has_interval:
        return None
    off, error = less(measured, printed.value), printed.err or 0.0
    return off.value if off.low > error or off.high < -error else None


def share(gap: Measurement | None, off: float | None) -> str:
    """How much of a gap may be a baseline's that ends too high: ``part`` or ``some or all``.

    Args:
        gap: A method's final value minus the baseline's.
        off: What ``beyond`` says of the baseline.

    Returns:
        "" where the method is not measurably below, or the baseline not above its printed value.
    """
    if gap is None or not gap.has_interval or gap.high >= 0 or off is None or off <= 0:
        return ""
    return "part" if off < abs(gap.value) else "some or all"
