"""Which modules of the package a piece of code runs through, found from its imports.

``from landscape.optim import estimated_batch_norm`` leads to the module that defines the name, not
to everything that the package imports; ``from landscape import data`` followed by ``data.load``
leads to the module of ``load``. Packages that only register names (optim, models, book) therefore
do not drag in what is not used.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "landscape"


class Code:
    """The package's source below a folder ``src``.

    Args:
        source: The folder that holds ``landscape``.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self._uses: dict[str, set[str]] = {}

    def file(self, module: str) -> Path | None:
        """The file of a dotted module, a package's ``__init__.py``; None if there is none."""
        path = self.source.joinpath(*module.split("."))
        for found in (path / "__init__.py", path.with_suffix(".py")):
            if found.is_file():
                return found
        return None

    def is_package(self, module: str) -> bool:
        """Whether the module is a package."""
        return (self.source.joinpath(*module.split(".")) / "__init__.py").is_file()

    def closure(self, modules: Iterable[str], without: Iterable[str] = ()) -> set[str]:
        """All modules that the given ones run through, themselves included.

        Args:
            modules: Dotted names.
            without: Modules, or packages with all that is in them, at which the walk stops.
        """
        stops = tuple(without)
        found: set[str] = set()
        waiting = list(modules)
        while waiting:
            module = waiting.pop()
            if module in found or any(module == s or module.startswith(f"{s}.") for s in stops):
                continue
            found.add(module)
            if not self.is_package(module):
                waiting += self.uses(module)
        return {m for m in found if not self.is_package(m)}

    def uses(self, module: str) -> set[str]:
        """The modules that one module imports, anywhere in it."""
        if module not in self._uses:
            path = self.file(module)
            tree = _tree(path) if path else ast.Module([], [])
            self._uses[module] = self.used_by(tree, module)
        return self._uses[module]

    def used_by(self, tree: ast.AST, module: str = "") -> set[str]:
        """The modules that a syntax tree imports; ``module`` is where relative imports start."""
        found: set[str] = set()
        packages: dict[str, str] = {}  # local name -> package
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                base = self._base(node, module)
                if base == PACKAGE or base.startswith(f"{PACKAGE}."):
                    for alias in node.names:
                        inner = f"{base}.{alias.name}"
                        if self.is_package(inner):  # what is used of it follows below
                            packages[alias.asname or alias.name] = inner
                        else:
                            found |= self._named(base, alias.name)
            elif isinstance(node, ast.Import):
                found |= {a.name for a in node.names if a.name.startswith(f"{PACKAGE}.")}
        for node in ast.walk(tree):
            owner = node.value if isinstance(node, ast.Attribute) else None
            if isinstance(owner, ast.Name) and owner.id in packages:
                found |= self._named(packages[owner.id], node.attr)
        return found

    def _base(self, node: ast.ImportFrom, module: str) -> str:
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        parts = parts if self.is_package(module) and node.level == 1 else parts[: -node.level]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def _named(self, base: str, name: str) -> set[str]:
        """The modules behind ``name`` of ``base``."""
        inner = f"{base}.{name}"
        if self.file(inner) is not None:
            return {inner}
        if self.is_package(base):
            return self.passed_on(base).get(name, set())
        return {base}

    @functools.cache  # noqa: B019 - one Code lives as long as the command
    def passed_on(self, package: str) -> dict[str, set[str]]:
        """Names that a package passes on from its modules: by import, or from a table of names.

        A table is a dictionary of texts at the top of the ``__init__`` whose values are modules of
        the package or below ``landscape``.
        """
        tree = _tree(self.file(package))
        names: dict[str, set[str]] = {}
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                base = self._base(node, package)
                if base.startswith(PACKAGE):
                    for alias in node.names:
                        names[alias.asname or alias.name] = self._named(base, alias.name)
            value = getattr(node, "value", None)
            if isinstance(value, ast.Dict):
                for key, text in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(text, ast.Constant):
                        for module in (f"{package}.{text.value}", f"{PACKAGE}.{text.value}"):
                            if self.file(module):
                                names[key.value] = {module}
        return names


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts(tree: ast.AST) -> set[str]:
    """All string constants of a syntax tree."""
    return {n.value for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
