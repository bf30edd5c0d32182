"""What the parts of a run's specification share: the error and three checks."""

from __future__ import annotations

import math
from typing import Any

from landscape.errors import LandscapeError


class SpecificationError(LandscapeError):
    """A run specification that cannot be run."""


def require_whole(least: int, **values: Any) -> None:
    """Refuse anything but whole numbers of at least ``least``."""
    for name, value in values.items():
        require(
            isinstance(value, int) and not isinstance(value, bool) and value >= least,
            f"{name} is {value!r}; it must be a whole number of at least {least}",
        )


def is_number(value: Any) -> bool:
    """Whether the value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def require(condition: bool, sentence: str) -> None:
    """Raise SpecificationError with the sentence unless the condition holds."""
    if not condition:
        raise SpecificationError(sentence + ".")
