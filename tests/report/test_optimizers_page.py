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
OPTIONS = pd.DataFrame(
    [
        ("sgd", "", "setting", "lr", "0.1"),
        ("sgd", "", "setting", "momentum", "1e-05"),
        ("sgd", "", "property", "gradients_per_update", "1"),
        ("sgd", "", "property", "own_answer", "False"),
        ("sgd", "", "property", "trains_replicas", "False"),
        ("parle", "", "setting", "L", "25"),
        ("parle", "", "setting", "rho", "None"),
        ("parle", "", "setting", "gamma", ""),
        ("parle", "other", "setting", "L", "20"),
        ("parle", "other", "setting", "rho", "None"),
        ("parle", "other", "setting", "gamma", ""),
        ("parle", "", "property", "gradients_per_update", "25"),
        ("parle", "", "property", "own_answer", "True"),
        ("parle", "", "property", "trains_replicas", "True"),
        ("AutoL2", "", "setting", "factor", "10.0"),
    ],
    columns=["optimizer", "variant", "kind", "name", "value"],
)


def record(root, date="2026-01-01", device="cpu", **rows):
    """Write a measurement; `rows` maps labels to (method, ratio, copies)."""
    folder = root / "records" / "optimizer-costs"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": {"device": device, "name": "Example", "threads": 1, "torch": "2", "python": "3"},
        "date": date, "commit": "abc", "command": "python benchmarks/optimizers.py",
        "rows": [
            {"network": network, "weights": 1000, "method": method, "label": label,
             "ratio": ratio, "ratio_quartiles": [ratio - 0.1, ratio + 0.1], "copies": copies,
             "transient_copies": 1.0, "repeats": 7}
            for label, (method, ratio, copies) in rows.items()
            for network in ("lenet", "allcnn")
        ],
    }  # fmt: skip
    path = folder / f"{date}{'' if device == 'cpu' else '-' + device}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def tables(project):
    record(project, fast=("sgd", 0.5, 2.0), slow=("sgd", 1.5, 2.0), three=("parle", 1.2, 16.0))
    return OptimizerTables(project, OPTIONS)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_the_overview_has_a_line_for_each_with_ranges_over_its_variants(tables):
    assert texts(tables.overview()) == [
        ["SGD", "1", "the same", "2", "0.5 to 1.5", "0.5 to 1.5"],
        ["Parle", "L, 25 by default, of each replica", "another", "16", "1.2", "1.2"],
    ]


def test_settings_show_defaults_as_a_reader_writes_them(tables):
    rows = texts(tables.settings("sgd"))
    assert [row[:2] for row in rows] == [["lr", "0.1"], ["momentum", "1e-5"]]
    assert tables.settings("sgd").rows[0][0].details == "η"
    assert [row[1] for row in texts(tables.settings("parle"))] == ["25", "None", "must be given"]
    variants = tables.variants("parle", {"": "as it is", "other": "another"})
    assert texts(variants) == [["L", "25", "20"]], "only what differs"


def test_costs_are_those_of_the_newest_measurement_on_a_processor(project, tables):
    assert [row[0] for row in texts(tables.costs())] == ["fast", "slow", "three"]
    assert texts(tables.costs())[0][1] == "0.50 (0.40 to 0.60)"
    assert "Copies of the weights kept: 2. " in tables.cost("sgd").text
    assert "7 paired repeats on LeNet (1,000 weights)" in tables.conditions().text
    record(project, "2026-02-01", new=("sgd", 9.0, 2.0))
    record(project, "2026-03-01", "cuda", gpu=("sgd", 1.0, 2.0))
    assert newest_costs(project)["date"] == "2026-02-01"


def test_without_a_measurement_the_page_says_how_to_make_one(project):
    tables = OptimizerTables(project, OPTIONS)
    for note in (tables.costs(), tables.cost("sgd"), tables.conditions()):
        assert note.code == "python benchmarks/optimizers.py --record"
    assert texts(tables.overview())[0][3:] == ["–", "–", "–"]


def test_a_broken_measurement_is_named(project):
    record(project).write_text("{", encoding="utf-8")
    with pytest.raises(LandscapeError, match=r"2026-01-01\.json cannot be read"):
        OptimizerTables(project, OPTIONS)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (("new", "", "setting", "lr", "1"), "nothing of the optimizer 'new'"),
        (("sgd", "", "setting", "speed", "1"), "'speed' of sgd means"),
    ],
)
def test_an_optimizer_or_a_setting_without_words_is_refused(project, row, word):
    more = pd.concat([OPTIONS, pd.DataFrame([row], columns=OPTIONS.columns)])
    with pytest.raises(LandscapeError, match=word):
        OptimizerTables(project, more)


def test_missing_words_are_named(tmp_path):
    with pytest.raises(LandscapeError, match=r"references/optimizers\.yaml is missing"):
        OptimizerTables(tmp_path, OPTIONS)


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
