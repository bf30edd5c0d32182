"""The benchmark of the training loop runs, and its three loops do the same work."""

import json

import pytest


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("training_loops")


def test_the_loops_take_as_many_gradients(benchmark):
    splits = benchmark.images(256)
    assert benchmark.user_loop("smallfc", splits, 20) == 40
    assert benchmark.landscape_loop("smallfc", "landscape", splits, 20) == 40
    assert benchmark.landscape_loop("smallfc", "entropy", splits, 20) == 40


def test_the_quick_run_prints_and_writes_every_loop(benchmark, tmp_path, capsys):
    path = tmp_path / "loops.json"
    assert benchmark.main(["--quick", "--networks", "smallfc", "--json", str(path)]) == 0
    table = capsys.readouterr().out
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert [row["loop"] for row in rows] == ["user", "landscape", "entropy"]
    assert all(row["loop"] in table and row["milliseconds"] > 0 < row["ratio"] for row in rows)
    with pytest.raises(SystemExit):
        benchmark.main(["--repeats", "0"])
