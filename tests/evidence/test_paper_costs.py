"""What the works' own scale would cost, as measured."""

import json
from pathlib import Path

import pytest
from toy_project import Toy

from landscape.errors import LandscapeError
from landscape.evidence import paper_costs
from landscape.evidence.paper_costs import FOLDER, newest
from landscape.experiments import settings
from landscape.experiments.sweep_settings import configurations

ROOT = Path(__file__).parents[2]
SWEEP = """
    a-sweep:
      title: Twenty widths, three coefficients, two seeds
      common:
        data: {name: mnist, train_samples: 96}
        model: {name: fc_lewkowycz}
        optimizer: {lr: 0.5}
        run: {seeds: 2, evaluation_samples: 32}
        sweep:
          axes: {model: {width: [%s]}, optimizer: {l2: [0.001, 0.01, 0.1]}}
          horizon: {steps_lr_l2: 0.02, at_least: 5, at_most: 30}
          rows_per_decade: 4
          looks: 2
      methods: {softmax: {}}
""" % ", ".join(str(width) for width in range(2, 22))  # noqa: UP031


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
        "At the work's own scale its 4 runs cost 270 core hours (X, torch 2.13.0, "
        "2026-01-02; 7.5 % of it evaluations), from a few measured steps."
    )
    alone = paper_costs.sentence(tmp_path, ["e"], ["sgd"])
    assert "its 2 runs cost 130 core hours" in alone


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
    assert "thesis-fig-2-2 is neither trained nor swept" in capsys.readouterr().err


@pytest.fixture
def swept(benchmark, tmp_path, monkeypatch):
    """A project with one sweep of 20 x 3 x 2 configurations."""
    made = Toy(tmp_path / "toy")
    made.page("6-l2-dynamics/a-page", SWEEP)
    monkeypatch.setattr(benchmark, "ROOT", made.root)
    return made.root


def test_the_cost_of_a_sweep_is_that_of_its_configurations(benchmark, swept, monkeypatch):
    """Slowly: every configuration costs what the middle one of its eighth does."""
    timed = []

    def seconds(batch, device, repeats):
        width = batch[0].shared.model_options["width"]
        timed.append((width, len(batch)))
        return [width - 1.0, width, width + 2.0], 100.0 * width, (32, 10_000)

    monkeypatch.setattr(benchmark.sweep_scale, "_timed_batch", seconds)
    row = benchmark.sweep_scale.measure("a-sweep", "softmax", "cpu", 3, "paper", swept)
    middles = [width for width, _ in timed]
    # Positions 0-1, 2-4, 5-6, 7-9, 10-11, 12-14, 15-16, 17-19 of the widths from 2 to 21.
    assert middles == [3, 5, 8, 10, 13, 15, 18, 20]
    assert {size for _, size in timed} == {1}  # six configurations make batches of one
    stands = dict(zip(range(2, 22), [3] * 2 + [5] * 3 + [8] * 2 + [10] * 3 + [13] * 2 + [15] * 3
                      + [18] * 2 + [20] * 3, strict=True))  # fmt: skip
    given = settings.method_settings("a-sweep", "softmax", "paper", swept)
    total = steps = evaluating = 0.0
    for one in configurations(given, "here"):
        # A grid of eight looks a decade, every second one a row, and the start and the end.
        looks = {0, one.steps, *(round(10 ** (i / 8)) for i in range(20))}
        rows = {0, one.steps, *(round(10 ** (i / 8)) for i in range(0, 20, 2))}
        looks, rows = ({k for k in at if k <= one.steps} for at in (looks, rows))
        samples = 10_000 * len(looks) + 32 * len(rows)
        width = stands[one.shared.model_options["width"]]
        steps += one.steps
        evaluating += samples / 1000 * 100 * width
        total += one.steps * width
    assert row["runs"] == 120
    assert row["steps"] == round(steps / 120)
    assert row["step_seconds"] == pytest.approx(total / steps)
    assert 120 * paper_costs.evaluating(row) == pytest.approx(evaluating / 3600)
    assert 120 * row["hours"] == pytest.approx((total + evaluating) / 3600)


def test_a_sweep_is_measured_like_the_others_and_read_by_pages(benchmark, swept):
    path = swept / FOLDER / "2026-01-01.json"
    given = ["--profile", "smoke", "--repeats", "1", "--json", str(path)]
    assert benchmark.main([*given, "--experiments", "a-sweep"]) == 0
    (measured,) = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert set(measured) == set(row())
    assert measured["hours"] > 0 < measured["step_seconds"]
    low, high = measured["step_quartiles"]
    assert 0 < low <= high
    assert "its 120 runs cost" in paper_costs.sentence(swept, ["a-sweep"])


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


def test_few_images_stand_for_a_large_networks_batch(benchmark):
    import torch

    few = benchmark.few_images
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 10, 3), torch.nn.Linear(10, 1000))
    weights = sum(p.numel() for p in network.parameters())
    images = int(few.LARGE / weights) + 1
    assert few.timed_images(network, images, torch.device("cpu")) == few.FEW
    assert few.timed_images(network, images - 2, torch.device("cpu")) == images - 2
    assert few.timed_images(network, images, torch.device("cuda")) == images
    assert few.timed_images(network[1], 10**9, torch.device("cpu")) == 10**9


def test_a_step_of_few_images_counts_for_the_batch_and_runs_alike_share_it(
    benchmark, monkeypatch
):
    import torch

    cpu = torch.device("cpu")
    seconds = iter(i * (i + 1) / 2 for i in range(1000))  # each interval a second longer
    monkeypatch.setattr(benchmark, "timer", lambda _: lambda: next(seconds))
    monkeypatch.setattr(benchmark.few_images, "LARGE", 1)
    known = {}
    given = "lewkowycz-fig-4-constants", "constant_l2", cpu, 1, "smoke", known
    row = benchmark.measure(*given)
    # The step that warms up looks at the clock twice. The gradient that counts takes 3 s and is of
    # 8 images for 16; the optimizer's step takes 4 s and is done once.
    assert row["timed_images"] == 8
    assert row["step_seconds"] == 2 * 3 + 4
    # Two evaluations of eight samples, 6 s and 8 s.
    assert row["evaluation_seconds"] == 7 * 1000 / 8
    evaluating = row["rows"] * row["evaluated"] / 1000 * row["evaluation_seconds"]
    assert row["hours"] * 3600 == pytest.approx(10 * row["steps"] + evaluating)
    (kept,) = known.values()
    again = benchmark.measure("lewkowycz-fig-4-probe", *given[1:])
    assert list(known.values()) == [kept]
    assert again["step_seconds"] == row["step_seconds"]
    benchmark.measure("lewkowycz-fig-s2-rates", "constant_l2_plain", *given[2:])
    assert len(known) == 2  # without momentum


def test_a_sweep_of_large_networks_is_timed_on_few_images(benchmark, monkeypatch):
    import torch

    monkeypatch.setattr(benchmark.few_images, "LARGE", 1)
    cpu, known = torch.device("cpu"), {}
    rows = [benchmark.sweep_scale.measure("lewkowycz-fig-2-wrn", method, cpu, 1, "smoke", ROOT,
                                          known) for method in ("slow", "fast")]  # fmt: skip
    assert [row["timed_images"] for row in rows] == [8, 8]
    assert len(known) == 1
    assert rows[0]["step_seconds"] == rows[1]["step_seconds"] > 0
