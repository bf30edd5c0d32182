"""What the works' own scale would cost, as measured."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import paper_costs
from landscape.evidence.paper_costs import FOLDER, newest


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


def test_the_cost_is_one_sentence_and_the_newest_file_counts(tmp_path):
    write(tmp_path, "2026-01-01.json", rows=[row(hours=1e9)], date="2026-01-01")
    others = [row(), row(method="anneal_sgd", hours=70), row("f", hours=1e6)]
    write(tmp_path, "2026-01-02.json", rows=others)
    # 200 evaluations of 10 thousand samples, 9 s a thousand: 5 of the 64 and 70 hours of a run
    assert paper_costs.sentence(tmp_path, ["e"]) == (
        "At the work's own scale its 4 runs would take 270 core hours (X, torch 2.13.0, "
        "2026-01-02; 7.5 % of it evaluations), from a few measured steps."
    )
    alone = paper_costs.sentence(tmp_path, ["e"], ["sgd"])
    assert "its 2 runs would take 130 core hours" in alone


def test_a_newer_file_counts_for_what_it_has_and_the_older_one_for_the_rest(tmp_path):
    write(tmp_path, "2026-01-01.json", rows=[row(), row("f", hours=10)], date="2026-01-01")
    write(tmp_path, "2026-01-02.json", rows=[row(hours=20)])
    old, both = (paper_costs.of(tmp_path, names)[0] for names in (["f"], ["e", "f"]))
    assert (old.hours, old.machine) == (20, "X, torch 2.13.0, 2026-01-01")
    assert both.hours == 2 * 20 + 2 * 10
    assert both.machine == "X, torch 2.13.0, 2026-01-02 and X, torch 2.13.0, 2026-01-01"
    assert "60 core hours (X, torch 2.13.0, 2026-01-02 and X" in paper_costs.sentence(
        tmp_path, ["e", "f"]
    )


def test_steps_and_evaluations_add_up_to_the_hours(tmp_path):
    steps = 78000 * 2.9551 / 3600
    write(tmp_path, "2026-01-02.json", rows=[row(hours=steps + 5, runs=1)])
    (costs,) = paper_costs.of(tmp_path, ["e"])
    assert costs.evaluating == pytest.approx(5)
    assert costs.hours - costs.evaluating == pytest.approx(steps)


def test_a_gpu_stands_beside_the_processor(tmp_path):
    write(tmp_path, "2026-01-01-cuda.json", "cuda", [row(hours=1, evaluation_seconds=0.001)])
    write(tmp_path, "2026-01-01.json", "cpu", [row()])
    assert [content["machine"]["device"] for content in newest(tmp_path)] == ["cpu", "cuda"]
    text = paper_costs.sentence(tmp_path, ["e"])
    assert "130 core hours (X, torch 2.13.0, 2026-01-02; 7.8 % of it evaluations) or 2 GPU" in text
    assert "less than 1 % of it evaluations" in text


def test_what_was_not_measured_says_how_to(tmp_path):
    assert "`python benchmarks/paper_scale.py --record`" in paper_costs.sentence(tmp_path, ["e"])
    write(tmp_path, "2026-01-01.json", rows=[row("f")])
    assert "has not been measured" in paper_costs.sentence(tmp_path, ["e"])


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


def test_a_text_is_measured_without_the_text(benchmark, tmp_path):
    given = ["--profile", "smoke", "--repeats", "2", "--json", str(tmp_path / "x.json")]
    assert benchmark.main([*given, "--experiments", "thesis-fig-3-7-ptb"]) == 0
    rows = json.loads((tmp_path / "x.json").read_text())["rows"]
    assert [row["method"] for row in rows] == ["sgd", "entropy_sgd"]
    assert [row["evaluated"] for row in rows] == [3 * 100] * 2
    assert all(row["evaluation_seconds"] > 0 for row in rows)
    assert rows[0]["steps"] == 400 // 4 // 5


def test_made_up_texts_have_the_size_that_the_works_state(benchmark):
    splits, vocabulary = benchmark.made_up_sequence("ptb", test_samples=50)
    assert (len(splits.train.x), len(splits.test.y), vocabulary) == (929_588, 50, 10_000)
    assert splits.train.y[0] == splits.train.x[1]


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_made_up_data_have_the_shape_of_the_real_ones(benchmark, name):
    splits = benchmark.made_up(name, holdout=0.12, train_samples=None, downsample=2)
    channels, side, count = {"mnist": (1, 14, 60_000), "cifar10": (3, 16, 50_000)}[name]
    assert splits.train.x.shape == (count - round(0.12 * count), channels, side, side)
    assert splits.validation.x.shape[0] == len(splits.validation.y) == round(0.12 * count)
    assert splits.test.x.shape[0] == 10_000
    assert set(splits.train.y.tolist()) == set(range(10))
