"""Make the API pages from the modules that exist, so that a new module documents itself."""

from __future__ import annotations

import ast
from pathlib import Path

from landscape.errors import LandscapeError


def modules(package: str, source: Path) -> list[str]:
    """Public modules of ``package`` under the folder ``source``, the package itself first."""
    folder = source.joinpath(*package.split("."))
    if folder.with_suffix(".py").exists():
        return [package]
    if not (folder / "__init__.py").exists():
        raise LandscapeError(f"the API pages name {package}, but there is no such module.")
    paths = [path.relative_to(source).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    public = [path for path in paths if not any(part.startswith("_") for part in path.parts)]
    return [package, *(".".join(path.parts) for path in public)]


def api_blocks(package: str, source: Path) -> str:
    """MyST text: a table of the modules of ``package``, then a section each, filled by autodoc."""
    names = modules(package, source)
    rows = "".join(
        f"| [`{name}`](#{_anchor(name)}) | {_summary(name, source)} |\n" for name in names
    )
    table = f"| Module | What it holds |\n|---|---|\n{rows}\n" if len(names) > 1 else ""
    return table + "\n".join(
        f"({_anchor(name)})=\n## `{name}`\n\n{_public(name, source)}```{{eval-rst}}\n"
        # Without __all__: what a package passes on is described where it is defined.
        f".. automodule:: {name}\n   :members:\n   :ignore-module-all:\n"
        "   :show-inheritance:\n```\n"
        for name in names
    )


def _anchor(name: str) -> str:
    return "api-" + name.replace(".", "-").replace("_", "-")


def _tree(name: str, source: Path) -> ast.Module:
    path = source.joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def _summary(name: str, source: Path) -> str:
    text = (ast.get_docstring(_tree(name, source)) or "").split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*").replace("$", "\\$")


def _public(name: str, source: Path) -> str:
    """What a package passes on from its modules, as a line of text."""
    for statement in _tree(name, source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            nodes = ast.walk(statement.value)  # names taken from elsewhere (*NAMES) are left out
            listed = [node.value for node in nodes if isinstance(node, ast.Constant)]
            words = ", ".join(f"`{word}`" for word in sorted(listed))
            return f"Importable from `{name}`: {words}.\n\n"
    return ""


def page(package: str, source: Path) -> str:
    """The page of one package of the library."""
    name = f"landscape.{package}"
    return f"# `{name}`\n\n{_summary(name, source)}\n\n{api_blocks(name, source)}"


def overview(packages: list[str], source: Path) -> str:
    """The first page of the library: a line for each package."""
    rows = "".join(
        f"| [`landscape.{name}`]({name}.md) | {_summary(f'landscape.{name}', source)} |\n"
        for name in packages
    )
    return (
        "# The library\n\n`landscape` is an ordinary Python package. Imports point down only: "
        "pages show what was judged, judging reads what experiments wrote, experiments train, "
        "training uses optimizers, networks and data.\n\n"
        f"| Package | What it holds |\n|---|---|\n{rows}\n"
        "Every error a user is meant to read derives from one class:\n\n"
        "```{eval-rst}\n.. autoexception:: landscape.errors.LandscapeError\n```\n"
    )
