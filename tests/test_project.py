"""The project's own files agree with each other, and its parts import downwards only."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import working_tree
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "landscape"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What each part may import: parts of a smaller number. Mathematics (theory, models, optim) stands
# beside the rest and knows the project's one error at most, and what mends torchvision's import.
FLOORS = {
    "errors": 0, "torchvision_cpu": 0, "following": 0,
    "files": 1, "documents": 1, "schema": 1,
    "project": 2,
    "theory": 3, "models": 3, "optim": 3, "data": 3,
    "analysis": 4, "train": 4, "errata": 4,
    "experiments": 5,
    "evidence": 6,
    "book": 7,
    "pipeline": 8,
    "commands": 9,
    "cli": 10,
    "__main__": 11,
}  # fmt: skip


def requirements() -> list[str]:
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)]


def plain(requirement: str) -> tuple[str, str]:
    name, version = requirement.split("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def test_every_dependency_is_pinned_exactly():
    for line in requirements():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line), line


def test_constraints_hold_every_pin_but_the_torch_pair():
    """A machine may bring its own torch, as long as the two fit together."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    constraints = dict(map(plain, lines))
    assert len(constraints) == len(lines)
    assert lines == sorted(lines, key=plain)
    pins = dict(map(plain, requirements()))
    torch = {pins.pop("torch"), pins.pop("torchvision")}
    assert len(torch) == 2
    assert not {"torch", "torchvision"} & set(constraints)
    assert {name: constraints.get(name) for name in pins} == pins


def test_every_version_installs_on_the_first_release_of_every_python():
    """Debian 12 brings 3.11.2; pip's words for a version that needs 3.11.5 help nobody."""
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    pythons = [f"3.{minor}.0" for minor in range(int(low), int(high))]
    names = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() + requirements()
    installed = {plain(f"{d.name}==0")[0]: d for d in metadata.distributions()}
    for name in {plain(line)[0] for line in names} & set(installed):
        needed = SpecifierSet(installed[name].metadata["Requires-Python"] or "")
        assert [python for python in pythons if python in needed] == pythons, f"{name}: {needed}"


def test_conda_gets_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *without_pip, with_pip = environment["dependencies"]
    assert without_pip == ["python=3.11", "pip"]
    assert with_pip == {"pip": ["-c constraints.txt", "-e .[book,dev]"]}
    assert set(PROJECT["optional-dependencies"]) == {"book", "dev"}
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert int(low) <= 11 < int(high)


def imported(tree: ast.AST) -> set[str]:
    """The project's parts that a module imports, inside of functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "landscape":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("landscape."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            found |= {name[1] for name in names if name[0] == "landscape" and len(name) > 1}
    return found


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_imports_point_down(path):
    own = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in FLOORS, f"give {own} a floor"
    for part in imported(ast.parse(path.read_text(encoding="utf-8"))) - {own, "__version__"}:
        assert FLOORS[part] < FLOORS[own], f"{path.relative_to(SOURCE)} imports {part}"
        if own in ("theory", "models", "optim"):
            name = f"{path.relative_to(SOURCE)} imports {part}"
            assert part in ("errors", "torchvision_cpu"), name


def test_pages_that_only_plot_do_not_load_torch():
    code = (
        "import sys, landscape.book, landscape.evidence, landscape.theory.spin_glass,"
        " landscape.theory.l2_modes, landscape.theory.gaussian_field,"
        " landscape.theory.two_valleys, landscape.book.optimizer_tables;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_repository_speaks_of_the_project_alone():
    home = str(Path.home())
    for name in working_tree.files():
        content = (ROOT / name).read_bytes()
        if b"\0" in content[:8000]:
            continue
        text = content.decode("utf-8")
        assert str(ROOT) + "/" not in text, name
        assert home + "/" not in text or name == Path("tests/test_project.py"), name


def test_no_line_of_a_page_begins_with_a_percent_sign():
    """MyST takes it for a comment, and the words behind it, in a caption too, are gone."""
    pages = [name for name in working_tree.files("book") if name.suffix == ".md"]
    assert len(pages) > 10
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        lost = re.findall(r"^[ \t]*%.*", text, re.MULTILINE)
        assert not lost, f"{page}: {lost[0].strip()}"
