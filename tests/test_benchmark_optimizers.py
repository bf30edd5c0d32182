"""The benchmark of the optimizers runs, covers them all, and counts memory right."""

import json
import re

import pytest
import torch
from toy_git import repository

from landscape import optim
from landscape.evidence import records

KEYS = {
    "network", "weights", "method", "label", "settings", "replicas", "gradients_per_update",
    "milliseconds", "ratio", "ratio_quartiles", "copies", "transient_copies", "target",
    "copies_target", "repeats",
}  # fmt: skip


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("optimizers")


def test_every_optimizer_has_a_row(benchmark):
    names = {m.name for m in benchmark.METHODS if not m.name.startswith("torch.")}
    assert names == set(optim.names())
    labels = [m.label for m in benchmark.METHODS]
    assert len(labels) == len(set(labels))
    limited = {m.name for m in benchmark.METHODS if m.targets}
    assert limited == {"entropy_sgd", "hamilton_jacobi"}


def test_the_quick_run_writes_what_the_file_s_first_lines_say(benchmark, tmp_path, capsys):
    path = tmp_path / "costs.json"
    assert benchmark.main(["--quick", "--json", str(path)]) == 0
    table = capsys.readouterr().out
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"machine", "date", "command", "commit", "rows"}
    assert set(content["machine"]) == {"device", "name", "threads", "torch", "python"}
    assert content["command"] == f"python benchmarks/optimizers.py --quick --json {path}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["date"])
    assert content["machine"]["threads"] == 1
    rows = {row["label"]: row for row in content["rows"]}
    assert len(rows) == len(benchmark.METHODS)
    documented = set(re.findall(r"\w+", benchmark.__doc__))
    for label, row in rows.items():
        assert set(row) == KEYS <= documented
        assert label in table
        assert row["milliseconds"] > 0 < row["ratio"]
    assert rows["Entropy-SGD, temperature 0"]["copies"] == 5
    assert rows["SGD, Nesterov"]["copies"] == 2
    assert rows["SGD, Nesterov"]["transient_copies"] == 0
    assert rows["Parle, 3 replicas"]["replicas"] == 3
    assert rows["Parle, 3 replicas"]["copies"] == 16
    assert rows["HEAT"]["gradients_per_update"] == 20


def test_the_peak_counts_what_lives_at_one_moment(benchmark):
    cpu, numbers = torch.device("cpu"), 1000
    w = torch.zeros(numbers)

    def one_after_the_other():
        for _ in range(3):
            w.add_(torch.ones(numbers))

    def together():
        w.add_(torch.ones(numbers) + torch.ones(numbers))

    def inside_an_operator():  # which returns one number, and sorts a copy
        w.median()

    assert benchmark.peak_bytes(lambda: w.mul_(2), cpu) < 64
    assert benchmark.peak_bytes(one_after_the_other, cpu) == 4 * numbers
    assert benchmark.peak_bytes(together, cpu) == 3 * 4 * numbers
    assert benchmark.peak_bytes(inside_an_operator, cpu) >= 4 * numbers


def test_no_step_needs_another_copy_of_the_weights(benchmark, monkeypatch):
    """One parameter after the other, noise and all: what is handed out is a piece."""
    monkeypatch.setattr("landscape.optim.tensors.CHUNK", 0)
    for method in benchmark.METHODS:
        if method.name in optim.names():
            runner = benchmark.Runner(method, "small_allcnn", torch.device("cpu"))
            runner.seconds()
            largest = max(p.numel() for p in runner.params) / runner.weights
            assert runner.transient_copies() < 2 * largest + 0.15, method.label


def test_a_missed_target_is_a_sentence_and_a_status(benchmark, monkeypatch, capsys):
    strict = benchmark.Method("entropy_sgd", "strict", {}, targets={"tiny_fc": 1e-6})
    wide = benchmark.Method("entropy_sgd", "wide", {"momentum": 0.9}, copies_target=4)
    fine = benchmark.Method("sgd", "fine", {}, targets={"tiny_fc": 1e6}, copies_target=1)
    monkeypatch.setattr(benchmark, "METHODS", (strict, wide, fine))
    assert benchmark.main(["--quick"]) == 0
    assert benchmark.main(["--quick", "--check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert re.fullmatch(r"missed: tiny_fc, strict: ratio \d+\.\d\d exceeds 1e-06", told[0])
    assert told[1] == "missed: tiny_fc, wide: copies 5.00 exceeds 4"


def test_a_record_lies_where_no_other_record_is_looked_for(benchmark, monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "ROOT", repository(tmp_path, {"src/x.py": ""}))
    monkeypatch.setattr(benchmark, "METHODS", benchmark.METHODS[:1])
    assert benchmark.main(["--quick", "--record"]) == 0
    (file,) = (tmp_path / "records" / "optimizer-costs").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.json", file.name)
    assert json.loads(file.read_text(encoding="utf-8"))["rows"][0]["method"] == "torch.optim.SGD"
    assert records.all_records(tmp_path) == []


def test_what_cannot_be_written_is_found_before_the_measuring(
    benchmark, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(benchmark, "measure", lambda *a, **k: pytest.fail("measured"))
    monkeypatch.setattr(benchmark, "ROOT", tmp_path)  # no git
    (tmp_path / "file").touch()
    for words, said in (
        (["--record"], "a record names a commit and there is none"),
        (["--json", str(tmp_path / "file" / "x.json")], "Cannot write to"),
    ):
        with pytest.raises(SystemExit):
            benchmark.main(["--quick", *words])
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--device", "cuda"], ["--repeats", "0"]])
def test_impossible_options_are_refused(benchmark, words, capsys):
    if words[1] == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(SystemExit):
        benchmark.main(words)
    assert "error" in capsys.readouterr().err
