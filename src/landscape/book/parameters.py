"""The values that a page takes: those of its cell tagged ``parameters`` and those of a run."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from typing import Any

from landscape.errors import LandscapeError


class NotebookError(LandscapeError):
    """A page that cannot be found, was given a wrong parameter, or failed while running."""


def declared_parameters(notebook: Any) -> dict[str, Any]:
    """Names and default values of the assignments in the cell tagged ``parameters``.

    Args:
        notebook: An nbformat node.

    Raises:
        NotebookError: The cell is missing, or a default is not a plain literal.
    """
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise NotebookError(
            f"a notebook needs exactly one cell tagged 'parameters' and this one has {len(cells)}."
        )
    values: dict[str, Any] = {}
    for statement in ast.parse(cells[0].source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        target = statement.target if isinstance(statement, ast.AnnAssign) else target
        if not isinstance(target, ast.Name):
            raise NotebookError(
                "the cell tagged 'parameters' may hold only lines of the form name = value; "
                f"it holds {ast.unparse(statement)!r}."
            )
        try:
            values[target.id] = ast.literal_eval(statement.value)
        except (ValueError, TypeError) as error:
            raise NotebookError(
                f"the default of parameter {target.id} must be a plain value, "
                f"not {ast.unparse(statement.value)!r}."
            ) from error
    return values


def checked_parameters(
    declared: Mapping[str, Any], given: Mapping[str, Any], profile: str
) -> dict[str, Any]:
    """The given values, converted to the type of their default, plus the profile.

    Args:
        declared: Names and defaults.
        given: Values by name, maybe as text.
        profile: smoke, laptop or paper.

    Returns:
        Only what differs from the defaults, so that an ordinary run injects no cell.

    Raises:
        NotebookError: A name that the page does not declare (papermill would only warn and run
            with the default), or a value of another type.
    """
    if "profile" in given:
        raise NotebookError("the profile is chosen with --profile, not as a notebook parameter.")
    unknown = sorted(set(given) - set(declared))
    if unknown:
        allowed = ", ".join(sorted(set(declared) - {"profile"})) or "none"
        raise NotebookError(
            f"the notebook has no parameter {', '.join(unknown)}; it has: {allowed}."
        )
    if "profile" not in declared:
        raise NotebookError("the cell tagged 'parameters' must set profile, e.g. \"laptop\".")
    values = {name: _converted(name, value, declared[name]) for name, value in given.items()}
    values["profile"] = profile
    return {name: value for name, value in values.items() if value != declared[name]}


def _converted(name: str, value: Any, default: Any) -> Any:
    if isinstance(value, str) and not isinstance(default, str):
        with contextlib.suppress(ValueError, SyntaxError):
            value = ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    wanted = type(default)
    if wanted is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not wanted:
        raise NotebookError(
            f"parameter {name} must be a {wanted.__name__} like {default!r}, not {value!r}."
        )
    return value
