"""What settings may be: rules `(test, what is allowed)`, and the sentence that refuses the rest.

>>> require("SGD", {"lr": 0.1, "momentum": 0.9}, lr=RATE, momentum=BELOW_ONE)
>>> SCOPE[0](float("inf")), POSITIVE[0](float("inf"))
(True, False)
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

Rule = tuple[Callable[[Any], bool], str]


class HyperparameterError(ValueError):
    """A setting that the algorithm cannot run with; the message says what is allowed."""


def require(owner: object, settings: dict[str, Any], **rules: Rule) -> None:
    """Raise `HyperparameterError` if a setting breaks its rule."""
    for name, (test, allowed) in rules.items():
        if not test(settings[name]):
            raise HyperparameterError(
                f"{type(owner).__name__}: {name} must be {allowed}, not {settings[name]!r}."
            )


def suggestion(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for a misspelt name, nothing where no known one is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_of(*allowed: str) -> Rule:
    """The rule of a setting that names a choice."""
    return (lambda v: isinstance(v, str) and v in allowed, " or ".join(map(repr, allowed)))


def count(low: int) -> Rule:
    """The rule of an integer setting."""
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low,
        f"an integer of at least {low}",
    )


def finite(where: str = "") -> Rule:
    """The rule of a number that may be infinite elsewhere; `where` it must not be."""
    return (lambda v: v < math.inf, f"finite {where}".strip())


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_real(value) and math.isfinite(value)


def _is_rate(value: Any) -> bool:
    # torch allows a learning rate to be a tensor of one element.
    return (isinstance(value, Tensor) and value.numel() == 1) or (_is_number(value) and value >= 0)


RATE: Rule = (_is_rate, "a number of at least 0")
AT_LEAST_ZERO: Rule = (lambda v: _is_number(v) and v >= 0, "a number of at least 0")
POSITIVE: Rule = (lambda v: _is_number(v) and v > 0, "a positive number")
SCOPE: Rule = (lambda v: _is_real(v) and v > 0, "a positive number or infinity")
BELOW_ONE: Rule = (lambda v: _is_number(v) and 0 <= v < 1, "in [0, 1)")
SWITCH: Rule = (lambda v: isinstance(v, bool), "True or False")
BETAS: Rule = (
    lambda v: isinstance(v, (tuple, list)) and len(v) == 2 and all(map(BELOW_ONE[0], v)),
    "two numbers in [0, 1)",
)
