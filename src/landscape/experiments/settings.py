"""Settings of an experiment: the work's values, what a profile changes, and each value's source.

They stand in ``settings.yaml`` of the page that shows the experiment::

    thesis-fig-2-3-mnistfc:
      title: A thin network of 16 layers
      common:                          # the work's values, with the source behind each
        run:
          epochs: 50  # thesis 2.4.3
      methods:
        adam: {optimizer: {name: adam, lr: 1.0e-3}}  # thesis 2.4.3
        anneal_sgd: ...
        resampled_noise:
          like: anneal_sgd  # ours: control, as anneal_sgd
          optimizer: {name: resampled_noise}  # ours: control
      laptop: {common: ..., methods: ...}    # only what this profile changes
      smoke: {common: ..., methods: ...}
    thesis-fig-2-3-mnistfc-p16:
      title: The same with another field
      like: thesis-fig-2-3-mnistfc     # what is not said here is taken from there
      only: [anneal_sgd]               # of its methods (or cases) only these
      methods: {anneal_sgd: {optimizer: {layers: 16}}}  # thesis 2.4.2

A simulation has ``module``, ``cases`` and ``common``. ``gpu`` and ``pipeline``, true or false, say
who makes an experiment (``landscape.experiments.declarations``). The order of merging is the
work's common settings, the work's method, the profile's common settings, the profile's method; the
later wins.
``like`` takes over all profiles, of an experiment before its methods' own ``like`` is followed; a
comment behind a method's ``like`` is the source of all that it takes from the work's layer.
``grid`` in a method holds lists of values; what it varies has no value beside it, and who states
one states all of it in every profile: what ``like`` would add is refused. A method with
``sweep`` is thousands of small configurations: ``landscape.experiments.sweep_settings``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from landscape import schema
from landscape.experiments import settings_schema, sweep_settings
from landscape.experiments.declarations import Declared, Layer, all_declared, declared
from landscape.experiments.settings_file import (
    Leaf,
    SettingsError,
    Tree,
    entries,
    leaves,
    merge,
    place,
    plain,
    short,
    without,
)
from landscape.project import check_profile, find_root

__all__ = ["Declared", "Setting", "SettingsError", "all_declared", "check", "declared",
           "method_settings", "names", "resolve", "resolved"]  # fmt: skip

_LARGEST = 2**53  # up to here every whole number is a float64

#: Source of what the smoke profile changes, where the file does not say more.
SMOKE = "smoke: small, for tests"


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


def names(root: Path | None = None) -> list[str]:
    """All experiments, in the book's order."""
    return list(entries(root or find_root()))


def resolved(experiment: str, profile: str, root: Path | None = None) -> dict[str, Any]:
    """The settings in force that do not belong to a method: all, for a simulation."""
    layers = declared(experiment, root).layers
    return plain(merge(layers["paper"].common, layers[check_profile(profile)].common))


def method_settings(
    experiment: str, method: str, profile: str, root: Path | None = None
) -> dict[str, Any]:
    """The settings in force of one method, as ``RunSpec.from_settings`` takes them.

    Raises:
        SettingsError: The experiment has no such method, or a setting cannot be right.
    """
    root = root or find_root()
    found = declared(experiment, root)
    if method not in found.runs or found.module:
        runs = ", ".join(found.runs) if not found.module else "none"
        raise SettingsError(f"{experiment} has no method {method!r}; it has {runs}.")
    layers = [found.layers["paper"]]
    if check_profile(profile) != "paper":
        layers.append(found.layers[profile])
    merged: Tree = {}
    for layer in layers:
        merged = merge(merged, layer.common, layer.methods.get(method, {}))
    where = f"method {method}, profile {profile}"
    if found.sweeps:
        return plain(_swept(merged, found, where, root))
    grid = merged.get("grid", {})
    if isinstance(grid, Leaf):
        _check({"grid": grid}, settings_schema.GRID, found, where, root)
    _check(merge(merged, _first_point(grid)), settings_schema.TRAINING, found, where, root)
    for path, _ in leaves(grid):
        merged = without(merged, path)
    settled = plain(merged)
    if settled["run"].get("weights") == []:  # a profile that keeps none: as if never asked for
        del settled["run"]["weights"]
    return settled


def _swept(merged: Tree, found: Declared, where: str, root: Path) -> Tree:
    """The settings of a sweep, checked, with its ranges as lists and nothing beside its axes."""
    own = settings_schema.mapping({"sweep": sweep_settings.SWEEP["properties"]["sweep"]})
    _check({"sweep": merged["sweep"]}, own, found, where, root)
    place_of = f"{short(found.entry.path, root)}: {found.entry.id}, {where}"
    axes = sweep_settings.with_ranges(merged["sweep"]["axes"], place_of)
    for probe in sweep_settings.probes(axes, place_of):
        _check(merge(merged, probe), sweep_settings.SWEEP, found, where, root)
    for path, _ in leaves(axes):
        merged = without(merged, path)
    return {**merged, "sweep": {**merged["sweep"], "axes": axes}}


def _first_point(grid: Tree) -> Tree:
    """A grid's first combination, shaped like settings."""
    first: Tree = {}
    for key, part in grid.items():
        if not isinstance(part, Leaf):
            first[key] = _first_point(part)
        elif isinstance(part.value, list) and part.value:
            first[key] = replace(part, value=part.value[0])
    return first


def check(experiment: str, profile: str, allowed: dict, root: Path | None = None) -> None:
    """Refuse the settings of a simulation that are not as its module's schema says."""
    root = root or find_root()
    found = declared(experiment, root)
    merged = merge(found.layers["paper"].common, found.layers[check_profile(profile)].common)
    known = allowed.get("properties", {})
    if "seed" in known:
        allowed = allowed | {"properties": known | {"seed": settings_schema.SEED}}
    _check(merged, allowed, found, f"profile {profile}", root)


def _check(tree: Tree, allowed: dict, found: Declared, where: str, root: Path) -> None:
    for path, phrase in [*schema.findings(plain(tree), allowed), *_no_numbers(tree)]:
        at = place(tree, path)
        stands = short(found.entry.path, root)
        if at is not None and path:
            stands = f"{short(at.path, root)} line {at.line}"
        sentence = f"{stands}: {found.entry.id}, {where}: {phrase}."
        raise SettingsError(sentence.replace("?.", "?"))


def _no_numbers(tree: Tree) -> Iterator[tuple[tuple[str, ...], str]]:
    """Values that no computation can use: what is not finite, and whole numbers without end."""
    for path, leaf in leaves(tree):
        value, name = leaf.value, ".".join(path)
        if isinstance(value, float) and not math.isfinite(value):
            yield path, f"{name} is {value}; it must be a finite number"
        elif isinstance(value, int) and abs(value) > _LARGEST:
            yield path, f"{name} is {value}; it must be a number of at most 16 digits"


def resolve(experiment: str, profile: str, root: Path | None = None) -> list[Setting]:
    """Every setting with the work's value, the profile's value and its source, flat."""
    layers = declared(experiment, root).layers
    paper = _flat(layers["paper"])
    changes = {} if check_profile(profile) == "paper" else _flat(layers[profile])
    rows = []
    for key in [*paper, *(key for key in changes if key not in paper)]:
        work, now = paper.get(key), changes.get(key) or paper[key]
        value = now.value
        changed = key in changes and (work is None or value != work.value)
        source = now.source or (SMOKE if profile == "smoke" and key in changes else "")
        rows.append(Setting(key, work and work.value, value, source, changed))
    return rows


def _flat(layer: Layer) -> dict[str, Leaf]:
    """Dotted keys; what a method's grid varies has no value beside it."""
    found = {".".join(path): leaf for path, leaf in leaves(layer.common)}
    for method, tree in layer.methods.items():
        for path, _ in leaves(tree.get("grid", {})):
            tree = without(tree, path)
        found |= {".".join(("methods", method, *path)): leaf for path, leaf in leaves(tree)}
    return found
