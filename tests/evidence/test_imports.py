"""What judging loads: no notebook, no renderer, no plotting, no training."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "src" / "landscape" / "evidence"
HEAVY = ("IPython", "ipykernel", "sphinx", "nbformat", "matplotlib", "seaborn", "torch",
         "landscape.book")  # fmt: skip


def test_evidence_loads_no_notebook_renderer_plotting_or_training():
    names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    assert len(names) > 15
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(f'landscape.evidence.{{name}}')\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_module_mentions_them_inside_a_function_either(path):
    text = path.read_text(encoding="utf-8")
    for name in HEAVY:
        assert f"import {name}" not in text
        assert f"from {name}" not in text
