"""A grid of settings: every combination of some values is one run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.experiments.settings_file import Leaf, SettingsError, Tree, leaves, merge, short

#: Where settings hold what is varied: the grid of a method, the axes of a sweep.
_VARIED = (("grid",), ("sweep", "axes"))


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


def refuse_mixed(
    method: str, written: Tree, layers: Mapping[str, tuple[Tree, Tree]], where: str, root: Path
) -> None:
    """Refuse a grid that is not the declaration's own throughout, or that hides one of its values.

    ``like`` takes over all profiles. The base's laptop grid would therefore replace the grid of a
    variant at laptop scale, or multiply with it where it varies another setting; and a value that
    the variant states for what the base's grid varies would never be used.

    Args:
        method: One method.
        written: The experiment as written, without what ``like`` brings.
        layers: Profile -> its common settings and those of the method, with what ``like`` brings.
        where: The experiment, for the error.
        root: The project's folder, for the error.

    Raises:
        SettingsError: The method states a grid and a part of the grid in force comes by ``like``,
            or it states a value for what its grid varies.
    """
    own = {name: written if name == "paper" else written.get(name, {}) for name in layers}
    for at in _VARIED:
        stated = {name: [_below(layer, *path, *at) for path in (("common",), ("methods", method))]
                  for name, layer in own.items()}  # fmt: skip
        mine = {id(leaf) for pair in stated.values() for tree in pair for _, leaf in leaves(tree)}
        for profile, layer in layers.items():
            in_force = merge(*(_below(part, *at) for part in (*layers["paper"], *layer)))
            for path, leaf in leaves(in_force):
                name, line = ".".join((*at, *path)), f"{short(leaf.path, root)} line {leaf.line}"
                here = f"{_place(profile, method)}.{name}"
                if any(stated["paper"]) and id(leaf) not in mine:
                    raise SettingsError(
                        f"{where}: {method} states a grid of its own, but in the profile {profile} "
                        f"{name} would come from {line} by `like`; state {here} too."
                    )
                for beside in ("paper", profile):
                    for value, _ in leaves(_below(own[beside], "methods", method)):
                        if value == path[: len(value)]:
                            raise SettingsError(
                                f"{where}: {_place(beside, method)}.{'.'.join(value)} would never "
                                f"be used in the profile {profile}, because {name} ({line}) varies "
                                f"it; state {here} with the values that are meant."
                            )


def _place(profile: str, method: str) -> str:
    return f"methods.{method}" if profile == "paper" else f"{profile}.methods.{method}"


def _below(tree: Tree | Leaf, *path: str) -> Tree:
    for key in path:
        tree = tree.get(key, {}) if isinstance(tree, dict) else {}
    return tree if isinstance(tree, dict) else {}
