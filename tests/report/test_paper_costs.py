"""What the works' own scale would cost, as measured."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.evidence.paper_costs import FOLDER, cost_at_paper_scale, newest


def row(experiment="e", method="sgd", **changes):
    return {
        "experiment": experiment, "method": method, "runs": 2, "steps": 78000, "rows": 200,
        "evaluated": 10000, "step_seconds": 2.9551, "step_quartiles": [2.9, 3.0123],
        "evaluation_seconds": 9.0, "hours": 64.06,
    } | changes  # fmt: skip


def write(root, name, device="cpu", rows=(), date="2026-01-02"):
    path = root / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"device": device, "name": "X", "torch": "2.13.0", "python": "3.11", "threads": 1}
    path.write_text(json.dumps({"machine": machine, "date": date, "rows": list(rows)}))


def test_hours_are_those_of_all_runs_and_the_newest_file_counts(tmp_path):
    write(tmp_path, "2026-01-01.json", rows=[row(hours=1e9)], date="2026-01-01")
    others = [row(), row(method="anneal_sgd", hours=70), row("f", hours=1e6)]
    write(tmp_path, "2026-01-02.json", rows=others)
    table = cost_at_paper_scale(tmp_path, ["e"])
    texts = [[cell.text for cell in cells] for cells in table.rows]
    assert texts[0] == ["e / sgd", "2", "78,000", "2.96 [2.9, 3.01]", "64", "130 core hours"]
    assert texts[2][0] == "all"
    assert texts[2][-1] == "270 core hours"
    assert table.caption.endswith("; X, torch 2.13.0, 2026-01-02")
    assert len(cost_at_paper_scale(tmp_path, ["e"], ["sgd"]).rows) == 1


def test_a_gpu_stands_beside_the_processor(tmp_path):
    write(tmp_path, "2026-01-01-cuda.json", "cuda", [row(hours=1)])
    write(tmp_path, "2026-01-01.json", "cpu", [row()])
    assert [content["machine"]["device"] for content in newest(tmp_path)] == ["cpu", "cuda"]
    together = [cells[-1].text for cells in cost_at_paper_scale(tmp_path, ["e"]).rows]
    assert together == ["130 core hours", "2 GPU hours"]


def test_what_was_not_measured_says_how_to(tmp_path):
    assert "paper_scale.py --record" in cost_at_paper_scale(tmp_path, ["e"]).code
    write(tmp_path, "2026-01-01.json", rows=[row("f")])
    assert "paper_scale.py --record" in cost_at_paper_scale(tmp_path, ["e"]).code


def test_a_broken_file_is_named(tmp_path):
    write(tmp_path, "2026-01-01.json")
    (tmp_path / FOLDER / "2026-01-01.json").write_text("[]")
    with pytest.raises(LandscapeError, match=r"2026-01-01\.json cannot be read"):
        newest(tmp_path)


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("paper_scale")


def test_a_measured_row_adds_up(benchmark, tmp_path):
    given = ["--profile", "smoke", "--repeats", "3", "--json", str(tmp_path / "x.json")]
    assert benchmark.main([*given, "--experiments", "thesis-fig-2-3-sensitivity"]) == 0
    content = json.loads((tmp_path / "x.json").read_text())
    (measured,) = content["rows"]
    assert measured["runs"] == 2 * 4  # seeds and points of the grid
    assert measured["steps"] == 4 * (512 // 64)
    assert measured["rows"] == 5
    assert measured["evaluated"] == 256 + 1000 + 7200
    low, high = measured["step_quartiles"]
    assert 0 < low <= measured["step_seconds"] <= high
    training = measured["steps"] * measured["step_seconds"]
    evaluating = 5 * (256 + 1000 + 7200) / 1000 * measured["evaluation_seconds"]
    assert measured["hours"] * 3600 == pytest.approx(training + evaluating)
    assert content["machine"]["device"] == "cpu"


def test_every_trained_experiment_is_measured_unless_chosen(benchmark, capsys):
    with pytest.raises(SystemExit):
        benchmark.main(["--experiments", "thesis-fig-2-2"])
    assert "thesis-fig-2-2 is not trained" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_made_up_data_have_the_shape_of_the_real_ones(benchmark, name):
    splits = benchmark.made_up(name, holdout=0.12, train_samples=None, downsample=2)
    channels, side, count = {"mnist": (1, 14, 60_000), "cifar10": (3, 16, 50_000)}[name]
    assert splits.train.x.shape == (count - round(0.12 * count), channels, side, side)
    assert splits.validation.x.shape[0] == len(splits.validation.y) == round(0.12 * count)
    assert splits.test.x.shape[0] == 10_000
    assert set(splits.train.y.tolist()) == set(range(10))
