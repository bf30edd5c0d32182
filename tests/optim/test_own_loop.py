"""The programs of the page "In your own loop", run as they stand."""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from processes import PATIENCE
from reference.other_libraries import modules
from torch.nn.functional import cross_entropy

from landscape import optim
from landscape.optim import estimated_batch_norm

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "book" / "0-optimizers" / "in-your-own-loop" / "page.md"
TEXT = PAGE.read_text(encoding="utf-8")


def programs():
    """(section, program), in the page's order."""
    section, found = "The loop", []
    for heading, code in re.findall(r"^## ([^\n]+)$|^```python\n(.*?)^```$", TEXT, re.S | re.M):
        if heading:
            section = heading
        else:
            found.append((section, code))
    return found


HERE = [(s, code) for s, code in programs() if not code.startswith("# ")]
SCRIPTS = [code for _, code in programs() if code.startswith("# ")]


class Recorder:
    """`evaluate` of the page: keeps the weights that it was shown."""

    def __init__(self):
        self.seen = []

    def __call__(self, model):
        self.seen.append(torch.cat([p.detach().reshape(-1).clone() for p in model.parameters()]))


def network():
    return torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.2), torch.nn.Linear(4, 2)
    )


def loader(count=13):
    draws = torch.Generator().manual_seed(3)
    x = torch.randn(count, 8, 5, generator=draws)
    return [(one, (one[:, 0] > 0).long()) for one in x]


def run(code, folder, monkeypatch, name="entropy_sgd", **settings):
    """The names that a program leaves, after it ran in a folder of its own."""
    monkeypatch.chdir(folder)
    for key, module in modules().items():
        monkeypatch.setitem(sys.modules, key, module)
    torch.manual_seed(0)
    model = network()
    draws = torch.Generator().manual_seed(1)
    names = {
        "torch": torch, "copy": copy, "optim": optim, "cross_entropy": cross_entropy,
        "estimated_batch_norm": estimated_batch_norm, "model": model, "loader": loader(),
        "batches": loader(), "epochs": 3, "evaluate": Recorder(),
        "optimizer": optim.build(name, model.parameters(), generator=draws, **settings),
    }  # fmt: skip
    names["optimizer"].prepare()
    exec(compile(code, "the page", "exec"), names)
    return names


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
@pytest.mark.parametrize(
    ("section", "code"), HERE, ids=[f"{s}-{i}" for i, (s, _) in enumerate(HERE)]
)
def test_the_programs_of_the_page_run(section, code, tmp_path, monkeypatch):
    names = run(code, tmp_path, monkeypatch, L=4)
    optimizer, seen = names["optimizer"], names["evaluate"].seen
    answer = names["model"].state_dict()
    if section == "The loop":
        assert optimizer.iteration == 39
        assert optimizer.updates == 1, "L is 20"
        assert len(seen) == 3
        assert not torch.equal(seen[0], seen[1]), "the move is in the second epoch"
        assert torch.equal(seen[1], seen[2])
    if section == "Batch norm":
        stored = torch.load("answer.pt")
        with optimizer.solution():
            assert all(torch.equal(stored[k], answer[k]) for k in stored if "running" not in k
                       and "tracked" not in k)  # fmt: skip
    if section == "Checkpoints":
        assert Path("run.pt").exists() or Path("run", ".metadata").exists()
    if section == "Schedulers":
        assert names["moves"] == 9
        assert names["scheduler"].last_epoch == optimizer.updates == 3
    if section == "EMA and SWA":
        assert names["ema"].n_averaged == 3
        assert len(seen) == 1
    if section == "Lightning":
        wrapped = names["module"].optimizers()
        assert wrapped.iteration == 39
        assert len(seen) == 4 * 13, "a sanity check and three epochs"
        assert torch.equal(seen[-1], seen[-13])
    if section == "accelerate":
        assert optimizer.iteration == 13
        working = torch.cat([p.detach().reshape(-1) for p in names["model"].parameters()])
        assert not torch.equal(seen[0], working), "13 steps end in the middle of a cycle"
    if section == "Weights set by hand":
        assert all(torch.equal(answer[k], v) for k, v in names["best"].items())
        assert optimizer.iteration == 13


@pytest.mark.parametrize("section", ["EMA and SWA", "accelerate", "Weights set by hand"])
@pytest.mark.parametrize("name", optim.names())
def test_the_programs_fit_every_optimizer(section, name, tmp_path, monkeypatch):
    given = {
        "anneal_sgd": {"J": 1e-3, "tau0": 500, "layers": 3},
        "resampled_noise": {"J": 1e-3, "tau0": 500, "layers": 3},
        "heat_smoothing": {"gamma": 1e-4},
        "sgld": {"samples": 104},
        "matched_cgd": {"lambda_0": 1e-3},
        "cosine_cgd": {"lambda_0": 1e-3, "T": 10},
        "two_step_cgd": {"lambda_0": 1e-3},
    }
    (code,) = (code for s, code in HERE if s == section)
    if name == "matched_cgd":  # which the page says
        code = code.replace("    cross_entropy(model(x), y).backward()",
                            "    loss = cross_entropy(model(x), y); loss.backward()\n"
                            "    optimizer.observe(loss)")  # fmt: skip
    names = run(code, tmp_path, monkeypatch, name, **given.get(name, {}))
    # restart() gives up the first half of a two-step move, so that it no longer counts.
    given_up = (name, section) == ("two_step_cgd", "Weights set by hand")
    assert names["optimizer"].iteration == 13 - given_up


def test_the_answer_in_the_block_is_what_is_evaluated(tmp_path, monkeypatch):
    (code,) = (code for s, code in HERE if s == "Lightning")
    names = run(code, tmp_path, monkeypatch)
    wrapped = names["module"].optimizers()
    with wrapped.solution():
        answer = torch.cat([p.detach().reshape(-1).clone() for p in names["model"].parameters()])
    assert torch.equal(names["evaluate"].seen[-1], answer)
    again = optim.build("entropy_sgd", network().parameters(), L=20,
                        generator=torch.Generator())  # fmt: skip
    again.load_state_dict(wrapped.optimizer.state_dict())
    assert again.iteration == 39


@pytest.mark.parametrize("code", SCRIPTS, ids=[code.split(",")[0][2:] for code in SCRIPTS])
def test_the_programs_for_several_processes(code, tmp_path):
    if not torch.distributed.is_available():
        pytest.skip("this torch has no torch.distributed")
    script = re.match(r"# (\w+\.py), started by: torchrun --nproc-per-node 2 (\w+\.py)\n", code)
    assert script[1] == script[2]
    ending = "dist.destroy_process_group()"
    assert code.count(ending) == 1
    kept = (
        "torch.save([getattr(p, 'full_tensor', lambda: p)().detach() for p in model.parameters()], "
        "f'{dist.get_rank()}.pt')\n"
    )
    (tmp_path / script[1]).write_text(code.replace(ending, kept + ending), encoding="utf-8")
    own = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE", "MASTER_ADDR")}
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         script[1]],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
        env={**own, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    answer = torch.load(tmp_path / script[1].replace(".py", ".pt"))
    assert {k: tuple(v.shape) for k, v in answer.items()} == {"weight": (2, 8), "bias": (2,)}
    # 50 steps are ten whole cycles, after which the answer is the working point.
    assert torch.equal(answer["weight"], first[0])


def test_the_page_has_a_program_for_everything_in_its_table():
    labels = re.findall(r"^\| \{ref\}`.*? <(own-loop-[\w-]+)>`", TEXT, re.M)
    assert labels == re.findall(r"^\((own-loop-[\w-]+)\)=$", TEXT, re.M)
    assert len(labels) == 9
    assert len({section for section, _ in programs()}) == 10, "the loop itself, and one for each"
    for word in ("stand-ins", "ZeroRedundancyOptimizer", "loss_over", "cycle_momentum=False"):
        assert word in TEXT
