"""What the works' own scale costs: options that cannot be right end in one sentence."""

import pytest


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("paper_scale")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--profile", "papr"], "There is no profile 'papr'; did you mean 'paper'?"),
        (["--experiments", "thesis-fig-2-2-x"], "thesis-fig-2-2-x is neither trained nor swept;"),
        (["--repeats", "0"], "--repeats must be at least 1"),
    ],
)
def test_a_slip_ends_it_before_anything_is_timed(benchmark, monkeypatch, capsys, given, said):
    for name in ("measure", "sweep_scale"):  # timing anything would fail otherwise
        monkeypatch.setattr(benchmark, name, None)
    with pytest.raises(SystemExit) as ended:
        benchmark.main(given)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("error:") == 1
    assert printed.out == ""
