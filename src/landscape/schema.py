"""Refuse a document that cannot be right, in one sentence: where, which key, what is allowed.

A schema is JSON Schema. ``description`` of a subschema completes the sentence "it must be ...".
"""

from __future__ import annotations

import difflib
import sys
from typing import Any

_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def problems(document: object, schema: dict[str, Any]) -> list[str]:
    """What is wrong with a document, one phrase each, in the document's order.

    Args:
        document: Decoded YAML or JSON.
        schema: The JSON schema that it has to follow.

    Returns:
        Phrases without a full stop, e.g. ``claims.0 has no 'text'``. An empty list when all is
        well, and on a machine without ``jsonschema``, which training does not need.
    """
    return [phrase for _, phrase in findings(document, schema)]


def findings(document: object, schema: dict[str, Any]) -> list[tuple[tuple[Any, ...], str]]:
    """The same as ``problems``, each phrase with the path of what it speaks of."""
    validator = _validator()
    if validator is None:
        return []
    errors = validator(schema).iter_errors(document)
    errors = sorted(errors, key=_order)
    return [(_path(error), _phrase(error)) for error in errors]


def nearest(name: object, known: list[str]) -> str:
    """``did you mean 'x'?`` when a known name is near, else the list of them."""
    near = difflib.get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}"


def _validator() -> Any:
    """The class that checks; None where ``jsonschema`` is not installed."""
    formats = "rfc3987_syntax"
    spared = formats not in sys.modules
    if spared:
        # No schema here uses formats, and this one compiles a grammar for most of a second.
        sys.modules[formats] = None
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return None
    finally:
        if spared:
            del sys.modules[formats]
    return Draft202012Validator


def _order(error: Any) -> tuple[list[str], bool]:
    """By place; a stray key first, because it may be the one that is missing, misspelt."""
    return [str(part) for part in error.absolute_path], error.validator == "required"


def _stray(error: Any) -> Any:
    """The first key that the schema does not know."""
    return next(key for key in error.instance if key not in error.schema.get("properties", {}))


def _path(error: Any) -> tuple[Any, ...]:
    path = tuple(error.absolute_path)
    return (*path, _stray(error)) if error.validator == "additionalProperties" else path


def _phrase(error: Any) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    value, rule = error.instance, error.validator
    if rule == "additionalProperties":
        known, stray = sorted(error.schema.get("properties", {})), _stray(error)
        return f"{place + ': ' if place else ''}unknown key {stray!r}; {nearest(stray, known)}"
    if rule == "required":
        missing = next(key for key in error.validator_value if key not in value)
        return f"{place or 'it'} has no {missing!r}"
    shown = f"{place} is {value!r}" if place else f"it is {value!r}"
    if rule == "enum":
        known = [str(name) for name in error.validator_value]
        near = difflib.get_close_matches(str(value), known, 1)
        return f"{shown}; " + (f"did you mean {near[0]!r}?" if near
                               else f"choose one of {', '.join(known)}")  # fmt: skip
    wanted = error.schema.get("description") or _wanted(error.schema.get("type"), error.message)
    return f"{shown}; it must be {wanted}"


def _wanted(kinds: str | list[str] | None, message: str) -> str:
    if kinds is None:
        return f"otherwise ({message})"
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_TYPES[kind] for kind in kinds)
