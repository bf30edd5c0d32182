"""Words that sentences of several pages are put together from."""

from __future__ import annotations

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """``a, b and c``; empty where there are none."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last
