"""The chapter on the optimizers: its tables, its page at smoke scale, its programs."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import matplotlib as mpl
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from landscape.errors import LandscapeError
from landscape.book.optimizer_tables import OptimizerTables, newest_costs

mpl.use("Agg")
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "book" / "notebooks" / "0-optimizers" / "optimizers.md"
# The page


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """A project with the smoke tables of the simulation."""
    from landscape.experiments import execute

    root = tmp_path_factory.mktemp("project")
    for name in ("params", "references"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copytree(ROOT / "records" / "optimizer-costs", root / "records" / "optimizer-costs")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    for case in ("paths", "endings", "options"):
        execute.simulate("optimizer-paths", case, "smoke", root=root)
    return root


def test_the_page_runs_on_smoke_tables_without_torch(smoke):
    code = "\n\n".join(
        cell.source for cell in jupytext.read(SOURCE).cells if cell.cell_type == "code"
    )
    program = (
        "import matplotlib; matplotlib.use('Agg')\n"
        "from matplotlib.figure import Figure; Figure.show = lambda self: self.canvas.draw()\n"
        + code.replace('profile = "laptop"', 'profile = "smoke"')
        + "\nimport sys\nassert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=smoke, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for printed in ("Settings of Parle", "no minimum left", "landscape notebook optimizers",
                    "optimizer-paths / endings", "HEAT minus HEAT, γ = 0"):  # fmt: skip
        assert printed in done.stdout, printed


def blocks():
    """The Python programs of the page's text, in order."""
    cells = [c.source for c in jupytext.read(SOURCE).cells if c.cell_type == "markdown"]
    return [code for text in cells for code in re.findall(r"```python\n(.*?)```", text, re.S)]


def batches(count=6, samples=8):
    draws = torch.Generator().manual_seed(3)
    x = torch.randn(count, samples, 5, generator=draws)
    return [(one, (one[:, 0] > 0).long()) for one in x]


@pytest.mark.parametrize("number", [i for i, b in enumerate(blocks()) if "parle.py" not in b])
def test_the_programs_of_the_page_run(number, capsys):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)
    )
    before = [p.detach().clone() for p in model.parameters()]
    from landscape import optim

    names = {
        "torch": torch, "optim": optim, "cross_entropy": cross_entropy, "model": model,
        "batches": batches(), "loader": batches(), "loaders": [batches(), batches(), batches()],
        "epochs": 2, "x_test": torch.zeros(3, 5), "burn_in": 0, "evaluate": lambda model: None,
        "loss_and_error": lambda model: (1.0, 50.0),
        "optimizer": optim.build("entropy_sgd", model.parameters(), L=2),
    }  # fmt: skip
    code = blocks()[number]
    if "peak_time" in code:
        names |= {"epochs": [0.5, 1.0, 2.0], "accuracies": [40.0, 60.0, 50.0]}
    exec(compile(code, f"block {number}", "exec"), names)
    optimizer = names["optimizer"]
    if "step()" in code and "scheduler" not in code and "replicas" not in code:
        moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
        assert any(moved)
    if "replicas" in names:
        assert optimizer.updates == 0, "12 gradients a replica are less than L"
        assert optimizer.iteration == 12
    if "mean" in names:
        assert names["mean"].value.shape == (3, 2)
    if "peak_time" in code:
        assert names["weight_decay"] == pytest.approx(1.0 * 0.01 / (0.3 * 200))


def test_the_programs_are_all_there():
    text = "\n".join(blocks())
    for needed in ("optimizer.prepare()", "optimizer.observe(loss)", "optimizer.solution()",
                   "estimated_batch_norm", "Parle(", "dist.init_process_group", "AutoL2(",
                   "PosteriorMean()", "predicted_l2(", "learning_rates.named("):  # fmt: skip
        assert needed in text, needed


def test_the_program_for_torchrun_gives_every_process_the_same_weights(tmp_path):
    (program,) = [b for b in blocks() if "# parle.py" in b]
    program = program.replace(
        "dist.destroy_process_group()",
        "with optimizer.solution():\n"
        "    torch.save(model.state_dict(), f'{dist.get_rank()}.pt')\n"
        "dist.destroy_process_group()",
    )
    (tmp_path / "parle.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         "parle.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    stored = [torch.load(tmp_path / name) for name in ("0.pt", "1.pt", "parle.pt")]
    for other in stored[1:]:
        assert all(torch.equal(stored[0][key], other[key]) for key in stored[0])
