"""YAML files read with care: UTF-8 in every locale, and no key given twice.

Every fault is one sentence that names the file, and the line where there is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError

# The C parser is ten times as fast; not every build of PyYAML has it.
_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """Safe YAML in which a key given twice is an error instead of a silent last word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    keys = [key.value for key, _ in node.value]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise yaml.constructor.ConstructorError(
            None, None, f"it holds {twice!r} twice; keep one of them", node.start_mark
        )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, kind: type[LandscapeError] = LandscapeError) -> Any:
    """The content of a YAML file, None where it is empty.

    Args:
        path: The file.
        kind: The error that is raised.

    Raises:
        LandscapeError: The file is missing, no text file, no UTF-8 or no valid YAML.
    """
    return parse(text(path, kind), path, kind)


def text(path: Path, kind: type[LandscapeError] = LandscapeError) -> str:
    """The text of a file in UTF-8; raises what ``read`` raises."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise kind(f"{path} is missing; restore it from git.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise kind(f"{path} is not a text file in UTF-8; restore it from git.") from error


def parse(content: str, path: Path, kind: type[LandscapeError] = LandscapeError) -> Any:
    """What YAML text says; ``path`` names it in errors. Raises ``kind``."""
    return _guarded(path, kind, lambda: yaml.load(content, Loader=_Loader))


def nodes(content: str, path: Path, kind: type[LandscapeError] = LandscapeError) -> yaml.Node:
    """The same as nodes, which know where they stand; None for an empty text."""
    return _guarded(path, kind, lambda: yaml.compose(content, Loader=_Base))


def _guarded(path: Path, kind: type[LandscapeError], action: Any) -> Any:
    try:
        return action()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", "") or "")
        said = problem if problem.startswith("it holds") else "it is not valid YAML; mend it"
        raise kind(f"{path}{line}: {said}.") from error
    except ValueError as error:  # a date such as 2026-13-45
        raise kind(f"{path}: it is not valid YAML ({error}); mend it.") from error
