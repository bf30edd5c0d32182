"""Checks of options that all network families share, each failing with one clear sentence."""

from collections.abc import Sequence

from landscape.errors import LandscapeError


class ModelError(LandscapeError, ValueError):
    """A network was asked for by a wrong name, with a wrong option or with a wrong input."""


def positive(**values: int) -> None:
    """Refuse sizes that are not whole numbers of at least 1.

    Raises:
        ModelError: names the first offending option.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ModelError(f"Option {name}={value!r} must be a whole number of at least 1.")


def probability(**values: float) -> None:
    """Refuse dropout probabilities outside [0, 1).

    Raises:
        ModelError: names the first offending option.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise ModelError(f"Option {name}={value!r} must be a probability in [0, 1).")


def pair(name: str, values: Sequence[int]) -> tuple[int, int]:
    """Two sizes from a sequence (a list in the parameter file).

    Raises:
        ModelError: the sequence does not hold two positive whole numbers.
    """
    items = [values] if isinstance(values, (int, str)) else list(values)
    if len(items) != 2:
        raise ModelError(f"Option {name}={values!r} must hold two numbers, e.g. [20, 50].")
    positive(**{f"{name}[0]": items[0], f"{name}[1]": items[1]})
    return items[0], items[1]


def permutation(order: str, words: set[str]) -> list[str]:
    """Split an order such as ``"relu_bn_pool"`` and check that it names every operation once.

    Raises:
        ModelError: a word is missing, repeated or unknown.
    """
    found = order.split("_") if isinstance(order, str) else []
    if sorted(found) != sorted(words):
        raise ModelError(
            f"Option order={order!r} must name each of {', '.join(sorted(words))} once, "
            f"joined by underscores."
        )
    return found
