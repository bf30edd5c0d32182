"""What settings may be: rules `(test, what is allowed)`, and the sentence that refuses the rest.

>>> require("SGD", {"lr": 0.1, "momentum": 0.9}, lr=RATE, momentum=BELOW_ONE)
>>> SCOPE[0](float("inf")), POSITIVE[0](float("inf"))
(True, False)
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from torch import Tensor

Rule = tuple[Callable[[Any], bool], str]


class HyperparameterError(ValueError):
    """A setting that the algorithm cannot run with; the message says what is allowed."""


def require(owner: object, settings: dict[str, Any], **rules: Rule) -> None:
    """Raise `HyperparameterError` if a setting breaks its rule."""
    for name, (test, allowed) in rules.items():
        if not test(settings[name]):
            raise HyperparameterError(
                f"{type(owner).__name__}: {name} must be {allowed}, not {_shown(settings[name])}."
            )


def suggestion(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for a misspelt name, nothing where no known one is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def plain(value: Any) -> Any:
    """The Python number of a numpy scalar or a tensor of one element; the rest as it is.

    >>> plain(np.float32(0.5)), plain((Tensor([0.25]), None)), plain("sgd")
    (0.5, (0.25, None), 'sgd')
    """
    if isinstance(value, (tuple, list)):
        return type(value)(map(plain, value)) if type(value) in (tuple, list) else value
    if isinstance(value, Tensor):
        return value.item() if value.numel() == 1 else value
    if isinstance(value, (np.generic, np.ndarray)) and value.size == 1:
        value = value.item()
        return float(value) if isinstance(value, np.floating) else value  # a long double
    return value


def plain_fields(record: Any) -> None:
    """The same for all fields of a (frozen) dataclass."""
    for field in fields(record):
        object.__setattr__(record, field.name, plain(getattr(record, field.name)))


def _shown(value: Any) -> str:
    """A value in a sentence, on one line."""
    if isinstance(value, (Tensor, np.ndarray)) and plain(value) is value:
        return f"{len(value.shape)}-dimensional values of shape {tuple(value.shape)}"
    return " ".join(repr(value).split())


def one_of(*allowed: str) -> Rule:
    """The rule of a setting that names a choice."""
    return (lambda v: isinstance(v, str) and v in allowed, " or ".join(map(repr, allowed)))


def count(low: int) -> Rule:
    """The rule of an integer setting."""
    return (
        lambda v: isinstance(v := plain(v), int) and not isinstance(v, bool) and v >= low,
        f"an integer of at least {low}",
    )


def finite(where: str = "") -> Rule:
    """The rule of a number that may be infinite elsewhere; `where` it must not be."""
    return (lambda v: v < math.inf, f"finite {where}".strip())


def _is_real(value: Any) -> bool:
    value = plain(value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_real(value) and math.isfinite(value)


AT_LEAST_ZERO: Rule = (lambda v: _is_number(v) and v >= 0, "a number of at least 0")
RATE = AT_LEAST_ZERO
POSITIVE: Rule = (lambda v: _is_number(v) and v > 0, "a positive number")
SCOPE: Rule = (lambda v: _is_real(v) and v > 0, "a positive number or infinity")
BELOW_ONE: Rule = (lambda v: _is_number(v) and 0 <= v < 1, "in [0, 1)")
SWITCH: Rule = (lambda v: isinstance(plain(v), bool), "True or False")
BETAS: Rule = (
    lambda v: isinstance(v, (tuple, list)) and len(v) == 2 and all(map(BELOW_ONE[0], v)),
    "two numbers in [0, 1)",
)
