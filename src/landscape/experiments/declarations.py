"""Experiments with everything that ``like`` brings: what a page's settings.yaml amounts to.

The form of the file: ``landscape.experiments.settings``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from landscape import schema
from landscape.experiments.grid import refuse_mixed
from landscape.experiments.settings_file import (
    Entry,
    Leaf,
    SettingsError,
    Tree,
    entries,
    merge,
    plain,
    short,
    without,
)
from landscape.project import find_root


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
        sweeps: Whether each method is a sweep (``landscape.experiments.sweep_settings``).
        gpu: Whether the GPU queue takes it: what is trained or swept, unless ``gpu: false`` says
            otherwise, and a simulation with ``gpu: true``, whose module then has ``costs``.
    """

    entry: Entry
    title: str
    module: str
    runs: tuple[str, ...]
    layers: dict[str, Layer]
    sweeps: bool = False
    gpu: bool = False


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
        for run in runs:
            merged = {name: (common[name], methods[name].get(run, {})) for name in layers}
            refuse_mixed(run, entry.tree, merged, where, root)
    of_work = {} if simulated else methods["paper"]
    swept = [run for run, own in of_work.items() if "sweep" in merge(common["paper"], own)]
    if swept and len(swept) < len(runs):
        other = next(run for run in runs if run not in swept)
        raise SettingsError(
            f"{where}: {swept[0]} is a sweep and {other} is not; make them two experiments."
        )
    return Declared(
        entry, top["title"], top.get("module", ""), tuple(runs),
        {name: Layer(common[name], methods[name]) for name in layers}, bool(swept),
        top.get("gpu", not simulated),
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
