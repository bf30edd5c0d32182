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

A simulation has ``module``, ``cases`` and ``common``. The order of merging is the work's common
settings, the work's method, the profile's common settings, the profile's method; the later wins.
``like`` takes over all profiles, of an experiment before its methods' own ``like`` is followed; a
comment behind a method's ``like`` is the source of all that it takes from the work's layer.
``grid`` in a method holds lists of values; what it varies has no value beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from landscape import schema
from landscape.experiments import settings_schema
from landscape.experiments.settings_file import (
    Entry,
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

__all__ = ["Declared", "Setting", "SettingsError", "check", "declared", "method_settings", "names",
           "resolve", "resolved"]  # fmt: skip

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


@dataclass(frozen=True)
class Layer:
    """What one profile says: settings of all runs, and of each method."""

    common: Tree
    methods: dict[str, Tree]


@dataclass(frozen=True)
class Declared:
    """An experiment with everything that ``like`` brings.

    Attributes:
        entry: It as written.
        title: One line.
        module: The module of a simulation, "" for an experiment that trains.
        runs: Its methods or cases.
        layers: By profile; ``paper`` holds the work's values.
    """

    entry: Entry
    title: str
    module: str
    runs: tuple[str, ...]
    layers: dict[str, Layer]


def names(root: Path | None = None) -> list[str]:
    """All experiments, in the book's order."""
    return list(entries(root or find_root()))


def declared(experiment: str, root: Path | None = None) -> Declared:
    """An experiment with everything that ``like`` brings.

    Raises:
        SettingsError: There is none of that name (with the nearest), or its ``like`` or ``only``
            name what does not exist or lead back to it.
    """
    root = root or find_root()
    known = entries(root)
    if experiment not in known:
        raise SettingsError(
            f"There is no experiment {experiment!r}; {schema.nearest(experiment, list(known))}"
        )
    return _declared(experiment, known, root)


def all_declared(root: Path) -> list[Declared]:
    """All experiments in the book's order; raises what ``declared`` raises."""
    known = entries(root)
    return [_declared(name, known, root) for name in known]


def _declared(experiment: str, known: dict[str, Entry], root: Path) -> Declared:
    entry = known[experiment]
    where = f"{short(entry.path, root)}: {experiment}"
    written = _written(experiment, known, root, ())
    top = plain({k: v for k, v in written.items() if isinstance(v, Leaf)})
    layers = {"paper": written} | {name: written.get(name, {}) for name in ("laptop", "smoke")}
    common = {name: layer.get("common", {}) for name, layer in layers.items()}
    methods = {name: layer.get("methods", {}) for name, layer in layers.items()}
    simulated = "module" in top
    for key in ("cases", "common") if simulated else ("common", "methods"):
        if not written.get(key):
            raise SettingsError(f"{where} has no {key}; add it, or `like` an experiment with it.")
    for key in ("methods",) if simulated else ("cases",):
        if key in written:
            kind = "a simulation has cases" if simulated else "cases need a module"
            raise SettingsError(f"{where}: {key} does not fit here; {kind}.")
    runs = top["cases"] if simulated else list(methods["paper"])
    for name in ("laptop", "smoke"):
        for method in methods[name]:
            _refuse_unknown(method, list(methods["paper"]), f"{where}, {name}: there is no method")
    for chosen in top.get("only", ()):
        _refuse_unknown(chosen, runs, f"{where}, only: there is no run")
    runs = [run for run in runs if run in top.get("only", runs)]
    if not simulated:
        methods = _followed(methods, where)
        methods = {name: {m: t for m, t in of.items() if m in runs} for name, of in methods.items()}
    return Declared(
        entry, top["title"], top.get("module", ""), tuple(runs),
        {name: Layer(common[name], methods[name]) for name in layers},
    )  # fmt: skip


def _written(name: str, known: dict[str, Entry], root: Path, chain: tuple[str, ...]) -> Tree:
    """An experiment's mapping laid over that of the experiment it is like."""
    entry = known[name]
    where = f"{short(entry.path, root)}: {name}"
    if name in chain:
        raise SettingsError(f"{where} is like itself ({' -> '.join([*chain, name])}); break it.")
    if "like" not in entry.tree:
        return entry.tree
    other = plain(entry.tree["like"])
    _refuse_unknown(other, list(known), f"{where} is like an experiment that is not there,")
    base = _written(other, known, root, (*chain, name))
    return merge(without(base, ("like",)), entry.tree)


def _followed(methods: dict[str, dict[str, Tree]], where: str) -> dict[str, dict[str, Tree]]:
    """The methods of every profile, with what ``like`` brings to each."""
    followed: dict[str, dict[str, Tree]] = {name: {} for name in methods}

    def follow(method: str, chain: tuple[str, ...]) -> None:
        if method in chain:
            raise SettingsError(
                f"{where}: the method {method} is like itself ({' -> '.join([*chain, method])}); "
                "break it."
            )
        own = methods["paper"][method]
        like = own.get("like")
        other = plain(like) if like is not None else None
        if other is not None:
            unknown = f"{where}: {method} is like a method that is not there,"
            _refuse_unknown(other, list(methods["paper"]), unknown)
            follow(other, (*chain, method))
        for profile, of in methods.items():
            base = {} if other is None else followed[profile].get(other, {})
            if profile == "paper" and like is not None and like.source:
                base = _sourced(base, like.source)
            followed[profile][method] = merge(base, without(of.get(method, {}), ("like",)))

    for method in methods["paper"]:
        follow(method, ())
    # In the order in which they are written.
    return {name: {m: of[m] for m in methods["paper"] if of[m] or name == "paper"}
            for name, of in followed.items()}  # fmt: skip


def _sourced(tree: Tree, source: str) -> Tree:
    return {
        key: replace(part, source=source) if isinstance(part, Leaf) else _sourced(part, source)
        for key, part in tree.items()
    }


def _refuse_unknown(name: Any, known: list[str], where: str) -> None:
    if name not in known:
        raise SettingsError(f"{where} {name!r}; {schema.nearest(name, known)}")


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
    grid = merged.get("grid", {})
    _check(
        merge(merged, _first_point(grid)), settings_schema.TRAINING, found,
        f"method {method}, profile {profile}", root,
    )  # fmt: skip
    for path, _ in leaves(grid):
        merged = without(merged, path)
    return plain(merged)


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
    _check(merged, allowed, found, f"profile {profile}", root)


def _check(tree: Tree, allowed: dict, found: Declared, where: str, root: Path) -> None:
    for path, phrase in schema.findings(plain(tree), allowed):
        at = place(tree, path)
        stands = short(found.entry.path, root)
        if at is not None and path:
            stands = f"{short(at.path, root)} line {at.line}"
        sentence = f"{stands}: {found.entry.id}, {where}: {phrase}."
        raise SettingsError(sentence.replace("?.", "?"))


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
