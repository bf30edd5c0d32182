"""Settings of an experiment: the work's values, what a profile changes, and each value's source.

``params/paper.yaml`` holds every setting with the section it comes from in a trailing comment;
``params/laptop.yaml`` and ``params/smoke.yaml`` hold only what they change. The merge order is
paper common, paper method, profile common, profile method; the later wins.
"""

from __future__ import annotations

import copy
import difflib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError

PROFILES = ("smoke", "laptop", "paper")


class SettingsError(LandscapeError):
    """Parameter files that cannot be used, or a name they do not hold."""


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error instead of a silent last word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    keys = [key.value for key, _ in node.value]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"{node.start_mark.name} line {node.start_mark.line + 1} holds {twice!r} twice; "
            "keep one of them."
        )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass(frozen=True)
class Setting:
    """One resolved setting.

    ``key`` is dotted, with ``methods.<method>.`` in front where a method differs; ``paper`` is the
    work's value (None where only a profile sets it), ``value`` the profile's, ``source`` the
    comment behind the value in force, ``changed`` whether the profile changed it.
    """

    key: str
    paper: Any
    value: Any
    source: str
    changed: bool


def find_root(start: Path | str | None = None) -> Path:
    """The project's folder: LANDSCAPE_ROOT, else the nearest folder upwards that has dvc.yaml.

    Raises SettingsError when there is none.
    """
    if (given := os.environ.get("LANDSCAPE_ROOT")) is not None:
        return Path(given)
    here = Path(start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file() and (folder / "params").is_dir():
            return folder
    raise SettingsError(
        f"{here} is not inside the project; change to its folder or set LANDSCAPE_ROOT to it."
    )


def current_profile(root: Path) -> str:
    """The profile that params.yaml names."""
    return check_profile(_read(root / "params.yaml").get("profile", "laptop"))


def check_profile(profile: str) -> str:
    """The profile itself when it exists, else SettingsError with the nearest name."""
    if profile not in PROFILES:
        near = difflib.get_close_matches(str(profile), PROFILES, 1)
        hint = f"did you mean {near[0]!r}" if near else f"known are {', '.join(PROFILES)}"
        raise SettingsError(f"There is no profile {profile!r}; {hint}.")
    return profile


def names(root: Path | None = None) -> list[str]:
    """All experiments that have settings, in the file's order."""
    return list(_read((root or find_root()) / "params" / "paper.yaml"))


def raw(experiment: str, profile: str, root: Path | None = None) -> tuple[dict, dict]:
    """The experiment's entries in params/paper.yaml and in the profile's file (maybe empty).

    Raises SettingsError with the nearest name when the experiment is unknown.
    """
    root = root or find_root()
    check_profile(profile)
    paper = _read(root / "params" / "paper.yaml")
    if experiment not in paper:
        near = difflib.get_close_matches(experiment, paper, 1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else "`landscape list` names them all."
        raise SettingsError(f"There is no experiment {experiment!r}; {hint}")
    changes: dict = {}
    if profile != "paper":
        changes = _read(root / "params" / f"{profile}.yaml").get(experiment) or {}
    return paper[experiment], changes


def resolved(experiment: str, profile: str, root: Path | None = None) -> dict[str, Any]:
    """Settings with the profile's changes merged in, for experiments without methods."""
    paper, changes = raw(experiment, profile, root)
    return merge(paper, changes)


def method_settings(
    experiment: str, method: str, profile: str, root: Path | None = None
) -> dict[str, Any]:
    """Settings of one method of a training experiment, as ``RunSpec.from_settings`` takes them.

    Raises SettingsError when the experiment has no such method.
    """
    paper, changes = raw(experiment, profile, root)
    methods = paper.get("methods", {})
    if method not in methods:
        known = ", ".join(methods) or "none"
        raise SettingsError(f"{experiment} has no method {method!r}; it has {known}.")
    _only_known(changes, paper, f"params/{profile}.yaml: {experiment}")
    merged = merge(paper["common"], methods[method] or {})
    merged = merge(merged, changes.get("common") or {})
    return merge(merged, (changes.get("methods") or {}).get(method) or {})


def resolve(experiment: str, profile: str, root: Path | None = None) -> list[Setting]:
    """Every setting with the work's value, the profile's value and its source, flat."""
    root = root or find_root()
    raw(experiment, profile, root)
    paper = _flat_with_sources(root / "params" / "paper.yaml", experiment)
    changes: dict[str, tuple[Any, str]] = {}
    if profile != "paper":
        changes = _flat_with_sources(root / "params" / f"{profile}.yaml", experiment)
    rows = []
    for key in [*paper, *(key for key in changes if key not in paper)]:
        work, source = paper.get(key, (None, ""))
        value, why = changes.get(key, (work, source))
        shown = key.removeprefix("common.")
        rows.append(Setting(shown, work, value, why, key in changes and value != work))
    return rows


def merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of ``base`` with ``change`` laid over it, mappings merged key by key."""
    merged = copy.deepcopy(base)
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def grid_changes(grid: dict[str, Any], where: str) -> list[dict[tuple[str, ...], Any]]:
    """Every combination of a grid's values, each as ``{path of a setting: value}``.

    The first setting changes slowest. An empty grid has one combination, which changes nothing.
    Raises SettingsError where an end of the grid is no list of values, or where two settings have
    the same last name.
    """
    paths: dict[tuple[str, ...], list] = {}

    def walk(part: Any, path: tuple[str, ...]) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                walk(value, (*path, key))
        elif isinstance(part, list) and part:
            paths[path] = part
        else:
            raise SettingsError(
                f"{where}: grid.{'.'.join(path)} is {part!r}; it must be a list of values."
            )

    walk(grid, ())
    names = [path[-1] for path in paths]
    if len(set(names)) < len(names):
        raise SettingsError(f"{where}: two settings of the grid have the same last name.")
    combinations = itertools.product(*paths.values())
    return [dict(zip(paths, values, strict=True)) for values in combinations]


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """``{"a": {"b": value}}`` for the path ``("a", "b")``."""
    for key in reversed(path):
        value = {key: value}
    return value


def _only_known(changes: dict, paper: dict, where: str) -> None:
    for key in changes:
        if key not in paper:
            raise SettingsError(f"{where} changes {key!r}, which params/paper.yaml does not hold.")
    for method in changes.get("methods") or {}:
        if method not in paper["methods"]:
            raise SettingsError(
                f"{where} changes method {method!r}, which params/paper.yaml does not hold."
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is missing; restore it from git.") from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise SettingsError(f"{path} line {line} is not valid YAML; mend or restore it.") from error
    return content or {}


def _flat_with_sources(path: Path, experiment: str) -> dict[str, tuple[Any, str]]:
    """Dotted key -> (value, trailing comment) of one top-level entry of a YAML file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    values = _read(path).get(experiment) or {}
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found: dict[str, tuple[Any, str]] = {}

    def walk(node: yaml.Node, value: Any, prefix: str) -> None:
        if isinstance(node, yaml.MappingNode) and isinstance(value, dict) and value:
            for key, child in node.value:
                walk(child, value[key.value], f"{prefix}.{key.value}" if prefix else key.value)
        elif prefix:
            # The comment stands on the line where the value ends.
            end = node.end_mark.line - (node.end_mark.column == 0)
            _, mark, comment = lines[max(end, node.start_mark.line)].partition("  # ")
            found[prefix] = (value, comment.strip() if mark else "")

    for key, child in root.value:
        if key.value == experiment:
            walk(child, values, "")
    return found
