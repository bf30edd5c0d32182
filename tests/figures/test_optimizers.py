"""The chapter on the optimizers: what its pages say and draw, and that its programs run."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jupytext
import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from landscape import optim
from landscape.book.optimizer_pictures import PAIRS, Chapter
from landscape.evidence import figures
from landscape.evidence.runs import Runs

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "book" / "0-optimizers").glob("*/page.md"))


@pytest.fixture(scope="module")
def chapter():
    return Chapter(SimpleNamespace(runs=Runs.build("laptop", ROOT), root=ROOT))


def with_share(chapter, **wide):
    """The chapter with endings in which so many of ten starts end in the wide valley."""
    changed = Chapter(chapter.page)
    rows = [(key, "wide" if i < wide.get(key, 4) else "narrow")
            for key in chapter.methods for i in range(10)]  # fmt: skip
    changed.endings = chapter.endings.iloc[:0].reindex(range(len(rows)))
    changed.endings[["method", "valley"]] = rows
    return changed


def test_the_answer_counts_those_that_differ_from_sgd_with_certainty(chapter):
    text = with_share(chapter, heat_smoothing=10, parle=0, adam=5).sentence()
    others = len(chapter.methods) - 1
    assert f"1 of the {others} others end in the wide valley from more of 10 starts" in text
    assert text.endswith("than SGD (40 %), 1 from fewer.")
    assert f"0 of the {others} others" in with_share(chapter).sentence()
    assert with_share(chapter).sentence().endswith("0 from fewer.")


def test_a_family_is_compared_with_sgd(chapter):
    text = with_share(chapter, heat_smoothing=10, adam=5).family_sentence("adam", "heat_smoothing")
    assert "SGD ends in the wide valley from 40 % of 10 random starts" in text
    assert text.endswith("Adam from 50 % (not measurably different) and HEAT from 100 % (more).")


def test_differences_are_paired(chapter):
    gap = chapter.gap("heat_smoothing", "heat_still")
    inside = chapter.endings.assign(wide=chapter.endings["valley"] == "wide")
    wide = inside.pivot_table(index=["start_x", "start_y"], columns="method", values="wide")
    steps = wide["heat_smoothing"] - wide["heat_still"]
    assert gap.value == pytest.approx(100 * steps.mean())
    half = 1.97196 * 100 * steps.std() / len(steps) ** 0.5  # Student's t, 199 degrees of freedom
    assert gap.high - gap.value == pytest.approx(half, rel=1e-4)
    assert len(chapter.pairs()) == len(PAIRS)


def test_heat_leaves_no_minimum_in_the_narrow_valley(chapter):
    rows = {(row[0].split(",")[0], row[1]): row for row in chapter.valleys()}
    assert rows["the same", "narrow"][2] == "no minimum left"
    assert rows["mean over mini-batches", "narrow"][5] == "0.13", "2 over 14.98"


def test_maps_have_titles_with_shares_and_the_losses_names(chapter):
    shown = chapter.maps("loss", "smoothed", "sgd", "parle", "matched_cgd")
    panels, titles = shown["panels"], shown["titles"]
    assert list(panels) == list("abcde")
    assert (titles["a"], titles["b"]) == ("the loss", "smoothed, variance 0.4")
    m = chapter.share("parle", "wide")
    assert titles["d"] == f"Parle: {m.value:.0f} % wide [{m.low:.0f}, {m.high:.0f}]"
    (ax,) = panels["c"].axes
    x, y = ax.lines[-1].get_xdata(), ax.lines[-1].get_ydata()
    last = chapter.paths.query("method == 'sgd' and role == 'answer'").iloc[-1]
    assert (x[0], y[0]) == (last["x"], last["y"]), "the star is where the run ends"
    replicas = panels["d"].axes[0].collections
    clouds = [c for c in replicas if type(c).__name__ == "PathCollection"]
    assert [len(c.get_offsets()) for c in clouds] == [601] * 3
    circle = panels["e"].axes[0].lines[0]
    np.testing.assert_allclose(np.hypot(*circle.get_data()), 2**0.5, rtol=1e-4)


def test_endings_show_every_method_and_their_data_are_offered(chapter):
    (ax,) = chapter.draw_endings().axes
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        method["label"] for method in chapter.methods.values()
    ]
    data = chapter.data("sgd", "adam")
    assert set(data["ends"]["method"]) == set(data["answers"]["method"]) == {"sgd", "adam"}


def test_a_default_of_none_is_not_taken_for_a_missing_one(chapter):
    rows = {row[0].text: row[1].text for row in chapter.tables.settings("parle").rows}
    assert rows["`rho`"] == "None"
    assert "must be given" not in rows.values()


def test_every_method_that_the_overview_lists_has_a_section():
    labels = re.findall(r"^\((optimizers-[\w-]+)\)=$", "".join(map(text, PAGES)), re.MULTILINE)
    chapter = Chapter(SimpleNamespace(runs=Runs.build("laptop", ROOT), root=ROOT))
    cells = [row[0].text for row in chapter.tables.overview("x").rows]
    assert len(cells) == len(optim.names())
    assert {re.search(r"#(.*)\)", cell)[1] for cell in cells} <= set(labels)
    assert len(labels) == len(set(labels))


def test_the_chapter_does_not_load_torch():
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace\n"
        "from landscape.book.optimizer_pictures import Chapter\n"
        "from landscape.evidence.runs import Runs\n"
        "root = Path.cwd()\n"
        "chapter = Chapter(SimpleNamespace(runs=Runs.build('laptop', root), root=root))\n"
        "chapter.sentence(); chapter.draw_path('sgd'); chapter.tables.overview()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_auto_l2_lets_go_of_what_a_constant_strength_holds():
    figure = figures.load("beside-the-optimizers", ROOT)
    auto, constant = figure.auto_l2(), figure.constant_l2()
    # Where u = v the L2 term balances the gradient at u v = 1 - strength.
    assert constant["loss"].iloc[-1] == pytest.approx(0.5 * figure.FIRST**2, rel=0.02)
    assert auto["loss"].iloc[-1] < 1e-6
    assert set(auto["strength"].round(9)) >= {0.1, 0.01, 0.001}
    assert "AutoL2 begins with the same one" in figure.answer(auto, constant)
    assert len(figure.draw_scopes().axes[0].lines) == 4


# The programs of the pages


def text(path):
    return path.read_text(encoding="utf-8")


def blocks():
    """The Python programs of the pages' text, in order.

    Those of "In your own loop" have a test of their own, tests/optim/test_own_loop.py.
    """
    pages = [page for page in PAGES if page.parent.name != "in-your-own-loop"]
    cells = [c.source for page in pages for c in jupytext.read(page).cells
             if c.cell_type == "markdown"]  # fmt: skip
    return [code for cell in cells for code in re.findall(r"```python\n(.*?)```", cell, re.S)]


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
