"""Digests that change when the meaning of a file changes, and only then.

A Python file counts as its syntax tree without docstrings: comments, docstrings, blank lines and
line breaks make nothing out of date. The tree is written down by a walk of our own that leaves out
positions and empty fields, so that Python 3.11, 3.12 and 3.13 agree.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

_LENGTH = 16
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_bytes(content: bytes) -> str:
    """Digest of bytes as they are."""
    return hashlib.sha256(content).hexdigest()[:_LENGTH]


def of_value(value: Any) -> str:
    """Digest of settings: nested dictionaries, lists, numbers, texts."""
    return of_bytes(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode())


def of_file(path: Path) -> str:
    """Digest of a file: of its syntax tree for Python, of its bytes for everything else.

    Line ends count as line feeds, whatever the checkout made of them.
    """
    content = path.read_bytes().replace(b"\r\n", b"\n")
    return of_code(content.decode("utf-8")) if path.suffix == ".py" else of_bytes(content)


@functools.cache
def of_code(source: str) -> str:
    """Digest of Python source without its comments and docstrings."""
    return _of_tree(ast.parse(source))


@functools.cache
def of_package(source: str) -> str:
    """Digest of what an ``__init__.py`` computes itself: without its imports and tables of names.

    One optimizer more in the table changes nothing for the others; those that are used count as
    modules.
    """
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not _only_names(node)]
    return _of_tree(tree)


def of_documentation(source: str) -> str:
    """Digest of what an API page shows of a module: public docstrings and their signatures."""
    remarks = [line.strip() for line in source.splitlines() if line.lstrip().startswith("#:")]
    return of_value([*_documented(ast.parse(source)), *remarks])


def _documented(node: ast.AST) -> list[str]:
    found = [ast.get_docstring(node) or ""]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [node.args, node.returns, node.decorator_list]
        return [node.name, *found, *map(_written, parts)]
    if isinstance(node, ast.ClassDef):
        found += [node.name, *map(_written, node.bases)]
    for inner in node.body:
        if isinstance(inner, _DOCUMENTED) and not inner.name.startswith("_"):
            found += _documented(inner)
        elif isinstance(inner, ast.Assign) and _is_all(inner):
            found.append(_written(inner.value))
        elif isinstance(inner, ast.AnnAssign) and isinstance(node, ast.ClassDef):
            found.append(_written(inner))  # a field of a dataclass is in its signature
    return found


def _of_tree(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, _DOCUMENTED) and body and _is_text(body[0]):
            node.body = body[1:]
    return of_bytes(_written(tree).encode())


def _is_text(statement: ast.stmt) -> bool:
    value = getattr(statement, "value", None)
    return (
        isinstance(statement, ast.Expr)
        and isinstance(value, ast.Constant)
        and isinstance(value.value, str)
    )


def _only_names(statement: ast.stmt) -> bool:
    """An import, or a collection of nothing but names and texts."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    if _is_all(statement):
        return True
    table = isinstance(statement.value, ast.Dict | ast.List | ast.Tuple | ast.Set)
    return table and not any(
        isinstance(node, ast.Call)
        or (isinstance(node, ast.Constant) and not isinstance(node.value, str))
        for node in ast.walk(statement.value)
    )


def _is_all(statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _written(node: Any) -> str:
    if isinstance(node, ast.Constant):
        return f"Constant({type(node.value).__name__} {node.value!r})"
    if isinstance(node, ast.JoinedStr):  # Python 3.12 puts empty texts between its values
        return f"JoinedStr({_written([v for v in node.values if not _is_empty(v)])})"
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_written(value)}"
            for name, value in ast.iter_fields(node)
            if value is not None and value != []
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(_written(item) for item in node)}]"
    return repr(node)


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""
