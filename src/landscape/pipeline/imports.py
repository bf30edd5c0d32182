"""Which modules of the package a piece of code runs through, found from its imports.

``from landscape.optim import estimated_batch_norm`` leads to the module that defines the name, not
to everything that the package imports; ``from landscape import data`` followed by ``data.load``
leads to the module of ``load``. Packages that only register names (optim, models, book) therefore
do not drag in what is not used; what a package's own functions do counts as its ``__init__``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from landscape import documents
from landscape.errors import LandscapeError

PACKAGE = "landscape"


class Code:
    """The package's source below a folder ``src``, read once.

    Args:
        source: The folder that holds ``landscape``.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self._trees: dict[Path, ast.Module] = {}
        self._uses: dict[str, set[str]] = {}
        self._passed_on: dict[str, dict[str, set[str]]] = {}

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

    def tree(self, path: Path) -> ast.Module:
        """The syntax tree of a file."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(documents.text(path))
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None)
                where = f"{path} line {line}" if line else path
                raise LandscapeError(f"{where}: it is not valid Python; mend it.") from error
        return self._trees[path]

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
            waiting += self.uses(module)
        return found

    def uses(self, module: str) -> set[str]:
        """The modules that one module imports, anywhere in it; of a package what its code uses."""
        if module not in self._uses:
            path = self.file(module)
            if path is None:
                found = set()
            elif self.is_package(module):
                found = self._used_in_functions(module)
            else:
                found = self.used_by(self.tree(path), module)
            self._uses[module] = found
        return self._uses[module]

    def used_by(self, tree: ast.AST, module: str = "") -> set[str]:
        """The modules that a syntax tree imports; ``module`` is where relative imports start."""
        found: set[str] = set()
        packages: dict[str, str] = {}  # local name -> package
        for name, base, inner in self._imported(tree, module):
            whole = f"{base}.{inner}" if inner else base
            if not self.is_package(whole):
                found |= self._named(base, inner) if inner else {whole}
            elif name:
                packages[name] = whole  # what is used of it follows
            else:
                found |= self._everything(whole)
        owners = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owners.add(id(node.value))
                if node.value.id in packages:
                    found |= self._named(packages[node.value.id], node.attr)
        for node in ast.walk(tree):  # handed on as a whole, as in getattr(optim, name)
            if isinstance(node, ast.Name) and id(node) not in owners and node.id in packages:
                found |= self._everything(packages[node.id])
        return found

    def passed_on(self, package: str) -> dict[str, set[str]]:
        """Names that a package passes on from its modules: by import, or from a table of names.

        A table is a dictionary of texts at the top of the ``__init__`` whose values are modules of
        the package or below ``landscape``.
        """
        if package not in self._passed_on:
            names: dict[str, set[str]] = {}
            for node in self.tree(self.file(package)).body:
                for name, base, inner in self._imported(node, package, deep=False):
                    if inner:
                        names[name] = self._named(base, inner)
                value = getattr(node, "value", None)
                if isinstance(value, ast.Dict):
                    for key, text in zip(value.keys, value.values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(text, ast.Constant):
                            for module in (f"{package}.{text.value}", f"{PACKAGE}.{text.value}"):
                                if self.file(module):
                                    names[key.value] = {module}
            self._passed_on[package] = names
        return self._passed_on[package]

    def _imported(
        self, tree: ast.AST, module: str, deep: bool = True
    ) -> Iterator[tuple[str, str, str]]:
        """Every import of the package's code: (local name or "", module, name in it or "")."""
        for node in ast.walk(tree) if deep else [tree]:
            if isinstance(node, ast.ImportFrom):
                base = self._base(node, module)
                if base == PACKAGE or base.startswith(f"{PACKAGE}."):
                    yield from ((a.asname or a.name, base, a.name) for a in node.names)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith(f"{PACKAGE}."):
                        yield alias.asname or "", alias.name, ""

    def _base(self, node: ast.ImportFrom, module: str) -> str:
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        up = node.level - 1 if self.is_package(module) else node.level
        parts = parts[: len(parts) - up]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def _named(self, base: str, name: str) -> set[str]:
        """The modules behind ``name`` of ``base``."""
        inner = f"{base}.{name}"
        if self.file(inner) is not None:
            return {inner}
        if self.is_package(base):  # passed on, or made in its own code
            return self.passed_on(base).get(name) or {base}
        return {base}

    def _everything(self, package: str) -> set[str]:
        folder = self.source.joinpath(*package.split("."))
        inside = {f"{package}.{path.stem}" for path in folder.glob("*.py")} - {
            f"{package}.__init__"
        }
        return {package} | inside | set().union(*self.passed_on(package).values())

    def _used_in_functions(self, package: str) -> set[str]:
        """What the functions and classes of an ``__init__`` use, not what its tables name."""
        tree, names = self.tree(self.file(package)), self.passed_on(package)
        defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        found: set[str] = set()
        for node in (n for n in tree.body if isinstance(n, defining)):
            found |= self.used_by(node, package)
            used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            found |= set().union(*(names[name] for name in used & set(names)))
        return found - {package}


def texts(tree: ast.AST) -> set[str]:
    """All string constants of a syntax tree."""
    return {n.value for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
