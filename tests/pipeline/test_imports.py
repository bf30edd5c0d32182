"""Which modules a piece of code runs through."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from landscape.pipeline import inputs
from landscape.pipeline.imports import Code

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def code():
    return Code(ROOT / "src")


def of(code, text):
    return code.used_by(ast.parse(text))


def test_a_name_leads_to_the_module_that_defines_it_not_to_its_package(code):
    assert of(code, "from landscape.optim import estimated_batch_norm") == {
        "landscape.optim.batch_norm"
    }
    assert of(code, "from landscape import optim\noptim.EntropySGD") == {
        "landscape.optim.entropy_sgd"
    }


def test_a_table_of_lazy_names_is_followed(code):
    assert "landscape.book.calls" in of(code, "from landscape import book\nbook.page('x')")
    assert "landscape.data.preparing" in of(code, "from landscape import data\ndata.prepare")


def test_imports_inside_functions_count(code):
    assert of(code, "def f():\n    from landscape.theory import spin_glass") == {
        "landscape.theory.spin_glass"
    }


@pytest.mark.parametrize("name", ["batch_norm", "base"])
def test_what_training_runs_through_is_found(code, name):
    assert f"landscape.optim.{name}" in code.closure(["landscape.train.many"])
    assert "landscape.train.split" in code.closure(["landscape.train.many"])


def test_the_walk_stops_where_it_is_told(code):
    found = code.closure(["landscape.evidence.judge"], inputs.MAKING)
    assert not any(name.startswith(("landscape.optim", "landscape.train.loop")) for name in found)


@pytest.mark.parametrize("name", ["landscape.experiments.spin_glass_landscape",
                                  "landscape.experiments.critical_point_counts"])  # fmt: skip
def test_nothing_that_a_simulation_imports_is_missed(code, name):
    script = f"import sys, {name}; print(*(m for m in sys.modules if m.startswith('landscape.')))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {module for module in done.stdout.split() if not code.is_package(module)}
    assert loaded
    # A package may load more than is used of it: optim and data import what they pass on.
    used = {m for m in loaded if not m.startswith(("landscape.optim.", "landscape.data."))}
    assert used <= code.closure([name])
