"""The benchmark of augmentation: what it writes, no time."""

import json

import pytest


@pytest.fixture(scope="module")
def benchmark_script(load_benchmark):
    return load_benchmark("augmentation")


def test_the_rows_are_written_with_the_machine(benchmark_script, tmp_path, capsys):
    path = tmp_path / "rows.json"
    assert benchmark_script.main(["--repeats", "1", "--json", str(path)]) == 0
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"machine", "date", "command", "commit", "rows"}
    rows = {row["name"]: row for row in content["rows"]}
    assert [row["target"] for row in rows.values()] == [10.0, None, None, None]
    assert [row["faster"] is None for row in rows.values()] == [False, False, True, True]
    assert "times faster" in capsys.readouterr().out


def test_a_missed_target_is_a_status(benchmark_script, monkeypatch):
    row = {"name": "slow", "milliseconds": 1.0, "faster": 2.0, "target": 10.0}
    monkeypatch.setattr(benchmark_script, "measure", lambda device, repeats: [row])
    assert benchmark_script.main(["--check"]) == 1
    assert benchmark_script.main([]) == 0
