"""The benchmark of sweeps trains what it says and writes what it found, no time."""

import json

import pytest

from landscape.train import sweeps


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("sweeps")


def test_every_network_takes_steps_in_batches_of_every_size(benchmark):
    for name in ("tiny-fc, batch 128", "tiny-fc, 1,280 samples"):
        found = benchmark.milliseconds(name, 1, (1, 2))
        assert sorted(found) == [1, 2]
        assert all(value > 0 for value in found.values())


def test_what_sweeps_choose_are_sizes_that_were_measured(benchmark):
    chosen = {
        name: sweeps.together(benchmark.made(name, 1).shared, 1000) for name in benchmark.NETWORKS
    }
    assert set(chosen.values()) <= set(benchmark.SIZES)
    assert chosen == {
        "fc 3x256, 512 samples": 1,
        "fc 3x64, 512 samples": 16,
        "fc 3x512, 512 samples": 1,
        "tiny-fc, 1,280 samples": 16,
        "tiny-fc, batch 128": 32,
    }


def test_the_rows_are_written_with_the_machine(benchmark, tmp_path, capsys):
    path, name = tmp_path / "rows.json", "tiny-fc, batch 128"
    given = ["--repeats", "1", "--networks", name, "--json", str(path)]
    assert benchmark.main(given) == 0
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"machine", "date", "command", "commit", "rows"}
    assert [row["together"] for row in content["rows"]] == list(benchmark.SIZES)
    assert {row["network"] for row in content["rows"]} == {name}
    assert all(row["milliseconds"] > 0 < row["weights"] for row in content["rows"])
    assert name in capsys.readouterr().out
