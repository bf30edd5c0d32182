"""``settings.yaml`` of the book's pages, as written: every value with its comment and its line.

What the keys mean: ``landscape.experiments.settings``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from landscape import documents, project, schema
from landscape.errors import LandscapeError
from landscape.experiments import settings_schema

NAME = "settings.yaml"
_ID = re.compile("[a-z0-9][a-z0-9-]*")


class SettingsError(LandscapeError):
    """Settings that cannot be used, or a name that they do not hold."""


@dataclass(frozen=True)
class Leaf:
    """A value that is no mapping, the comment behind it, and where it stands."""

    value: Any
    source: str
    path: Path
    line: int


#: A mapping as written; its ends are leaves.
Tree = dict[str, "Tree | Leaf"]


@dataclass(frozen=True)
class Entry:
    """One experiment as written: its id, its page's item and part, its file and its mapping."""

    id: str
    page: str
    part: str
    path: Path
    tree: Tree


def entries(root: Path) -> dict[str, Entry]:
    """All experiments by id, in the order of the pages and of each page's file.

    Raises:
        SettingsError: A file is malformed, an experiment has impossible keys, or an id is used
            twice.
    """
    found: dict[str, Entry] = {}
    for page in project.pages(root):
        path = page.path.parent / NAME
        if not page.part or page.name == "part" or not path.is_file():
            continue
        for name, tree in _checked(documents.text(path, SettingsError), path, root).items():
            if name in found:
                raise SettingsError(
                    f"{short(path, root)}: the experiment {name!r} is also in "
                    f"{short(found[name].path, root)}; rename one."
                )
            found[name] = Entry(name, page.item, page.part, path, tree)
    return found


def short(path: Path, root: Path) -> str:
    """The path as seen from the project's folder."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


# Whoever asks for one experiment asks for all files, a thousand times in a look at the inputs.
@lru_cache(maxsize=256)
def _checked(text: str, path: Path, root: Path) -> dict[str, Tree]:
    """The experiments of one file; a text that was right before is not looked through again."""
    found = _read(text, path)
    for name, tree in found.items():
        if not _ID.fullmatch(name):  # it becomes a folder
            raise SettingsError(
                f"{short(path, root)}: {name!r} is no name of an experiment; use small "
                "letters, digits and -."
            )
        for problem in schema.problems(plain(tree), settings_schema.EXPERIMENT):
            raise SettingsError(f"{short(path, root)}: {name}: {problem}.".replace("?.", "?"))
    return found


def _read(text: str, path: Path) -> dict[str, Tree]:
    values = documents.parse(text, path, SettingsError)
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
        raise SettingsError(f"{path} must hold a mapping from experiments to their settings.")
    node = documents.nodes(text, path, SettingsError)
    return _tree(node, values, path, text.splitlines())


def _tree(node: yaml.Node, value: Any, path: Path, lines: list[str]) -> Any:
    if isinstance(node, yaml.MappingNode):
        if list(value) != [key.value for key, _ in node.value]:
            raise SettingsError(
                f"{path} line {node.start_mark.line + 1}: every key must be a plain word (to take "
                "values over from elsewhere there is `like`)."
            )
        return {key.value: _tree(n, value[key.value], path, lines) for key, n in node.value}
    # The comment stands on the line where the value ends.
    end = node.end_mark.line - (node.end_mark.column == 0)
    _, mark, comment = lines[max(end, node.start_mark.line)].partition("  # ")
    return Leaf(value, comment.strip() if mark else "", path, node.start_mark.line + 1)


def plain(tree: Tree | Leaf) -> Any:
    """The values alone."""
    if isinstance(tree, Leaf):
        return tree.value
    return {key: plain(part) for key, part in tree.items()}


def merge(base: Tree, *changes: Tree) -> Tree:
    """A new tree with the changes laid over ``base`` one after the other, key by key."""
    merged = dict(base)
    for change in changes:
        for key, value in change.items():
            below = merged.get(key)
            both = isinstance(value, dict) and isinstance(below, dict)
            merged[key] = merge(below, value) if both else value
    return merged


def leaves(tree: Tree, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """Every leaf with its path, in order."""
    for key, part in tree.items():
        if isinstance(part, Leaf):
            yield (*prefix, key), part
        else:
            yield from leaves(part, (*prefix, key))


def without(tree: Tree, path: tuple[str, ...]) -> Tree:
    """The tree without what stands at a path, if anything does."""
    first, *rest = path
    if first not in tree:
        return tree
    if rest and isinstance(tree[first], dict):
        return {**tree, first: without(tree[first], tuple(rest))}
    return {key: part for key, part in tree.items() if key != first}


def place(tree: Tree, path: tuple[Any, ...]) -> Leaf | None:
    """The leaf at a path, or the first one below; None where there is none."""
    part: Tree | Leaf = tree
    for key in path:
        if isinstance(part, Leaf) or key not in part:
            break
        part = part[key]
    while not isinstance(part, Leaf):
        if not part:
            return None
        part = next(iter(part.values()))
    return part
