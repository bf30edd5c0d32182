"""A grid of settings: every combination of some values is one run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from landscape.experiments.settings_file import SettingsError


def grid_changes(
    grid: Mapping[str, Any], where: str, name: str = "grid"
) -> list[dict[tuple[str, ...], Any]]:
    """Every combination of a grid's values.

    Args:
        grid: Shaped like the settings themselves, with a list of values at each end.
        where: What the grid belongs to, for the error.
        name: What it is called there.

    Returns:
        ``{path of a setting: value}`` for each combination; the first setting changes slowest. An
        empty grid has one combination, which changes nothing.

    Raises:
        SettingsError: An end is no list of different values, or two settings have the same last
            name.
    """
    paths: dict[tuple[str, ...], list] = {}

    def walk(part: Any, path: tuple[str, ...]) -> None:
        if isinstance(part, Mapping):
            for key, value in part.items():
                walk(value, (*path, key))
        elif isinstance(part, list) and part:
            if twice := [value for i, value in enumerate(part) if value in part[:i]]:
                raise SettingsError(
                    f"{where}: {name}.{'.'.join(path)} holds {twice[0]!r} twice; keep one of them."
                )
            paths[path] = part
        else:
            raise SettingsError(
                f"{where}: {name}.{'.'.join(path)} is {part!r}; it must be a list of values."
            )

    walk(grid, ())
    names = [path[-1] for path in paths]
    if len(set(names)) < len(names):
        raise SettingsError(f"{where}: two settings of the {name} have the same last name.")
    combinations = itertools.product(*paths.values())
    return [dict(zip(paths, values, strict=True)) for values in combinations]


def with_values(settings: Mapping[str, Any], values: Mapping[tuple[str, ...], Any]) -> dict:
    """A copy of nested settings with the value at each path replaced or added."""
    changed = dict(settings)
    for (first, *rest), value in values.items():
        below = changed.get(first, {})
        changed[first] = with_values(below, {tuple(rest): value}) if rest else value
    return changed
