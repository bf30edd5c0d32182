"""The error that everything about data raises."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from landscape.errors import LandscapeError


class DataError(LandscapeError, ValueError):
    """Missing, damaged or unobtainable data; the message names the file and the remedy."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> DataError:
    """Build the error for a name that does not exist, suggesting the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? Known" if near else "known"
    return DataError(f"Unknown {kind} {name!r}: {hint} are {', '.join(names)}.")
