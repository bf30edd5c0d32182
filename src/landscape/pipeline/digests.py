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
    """Digest of a file: of its syntax tree for Python, of its bytes for everything else."""
    content = path.read_bytes().replace(b"\r\n", b"\n")
    return of_code(content.decode("utf-8")) if path.suffix == ".py" else of_bytes(content)


@functools.cache
def of_code(source: str) -> str:
    """Digest of Python source without its comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, _DOCUMENTED) and body and _is_text(body[0]):
            node.body = body[1:]
    return of_bytes(_written(tree).encode())


def docstrings(source: str) -> list[str]:
    """All docstrings of a module, in order: what its API page shows."""
    nodes = ast.walk(ast.parse(source))
    found = (ast.get_docstring(node) for node in nodes if isinstance(node, _DOCUMENTED))
    return [text for text in found if text]


def _is_text(statement: ast.stmt) -> bool:
    value = getattr(statement, "value", None)
    return (
        isinstance(statement, ast.Expr)
        and isinstance(value, ast.Constant)
        and isinstance(value.value, str)
    )


def _written(node: Any) -> str:
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_written(value)}"
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name != "kind" or isinstance(node, ast.Constant)
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(_written(item) for item in node)}]"
    return repr(node)
