"""The GPU queue's order: most verdicts per second first, nothing that has a record."""

import json
import shutil
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import gpu_plan

ROOT = Path(__file__).resolve().parents[2]
TABLE_3_1 = [
    f"2-local-entropy/thesis-tab-3-1-{task}/{method}"
    for task in ("lenet", "mnistfc")
    for method in ("adam", "entropy_sgd")
]


@pytest.fixture
def project(tmp_path):
    """The project's pages, verdicts and records but table 3.1's, to be changed."""
    for name in ("book", "records", "references"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("_build", "executed")
        )
    for experiment in {run.split("/")[1] for run in TABLE_3_1}:
        shutil.rmtree(tmp_path / "records" / experiment, ignore_errors=True)
    shutil.copytree(ROOT / "verdicts" / "laptop", tmp_path / "verdicts" / "laptop")
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_what_has_a_record_at_the_works_scale_does_not_wait(project):
    names = {experiment.id for experiment in gpu_plan.waiting(project)}
    assert "thesis-tab-3-1-lenet" in names
    assert "thesis-fig-2-3-lenet" not in names  # a record
    assert "thesis-fig-2-2" not in names  # simulated
    shutil.rmtree(project / "records" / "thesis-fig-2-3-lenet")
    assert "thesis-fig-2-3-lenet" in {one.id for one in gpu_plan.waiting(project)}


def test_a_reduced_record_still_waits_for_the_works_scale(project):
    path = next((project / "records" / "thesis-fig-2-3-lenet").glob("*/record.json"))
    info = json.loads(path.read_text(encoding="utf-8")) | {"scale": "reduced"}
    path.write_text(json.dumps(info), encoding="utf-8")
    assert "thesis-fig-2-3-lenet" in {one.id for one in gpu_plan.waiting(project)}


def test_claims_that_are_small_and_vote_are_counted_on_every_page_that_reads(project):
    path = project / "verdicts" / "laptop" / "2-local-entropy" / "thesis-tab-3-1.json"
    for other in path.parent.glob("*.json"):  # figure 3.5 reads the same runs
        if other != path:
            other.unlink()
    verdict = json.loads(path.read_text(encoding="utf-8"))
    for number, (role, scale) in enumerate(
        [("main", "small"), ("control", "small"), ("main", "work")]
    ):
        verdict["claims"][number] |= {"role": role}
        verdict["claims"][number]["verdict"]["scale"] = scale
    path.write_text(json.dumps(verdict), encoding="utf-8")
    assert gpu_plan.undecided("thesis-tab-3-1-lenet", project) == 1
    # Table 2.1's runs are read by figure 2.4 as well.
    parts = [json.loads((project / f"verdicts/laptop/1-spin-glass/{name}.json").read_text("utf-8"))
             for name in ("thesis-fig-2-4", "thesis-tab-2-1")]  # fmt: skip
    expected = [c for one in parts for c in one["claims"]
                if c["role"] == "main" and c["verdict"]["scale"] == "small"]  # fmt: skip
    assert gpu_plan.undecided("thesis-tab-2-1-allcnn", project) == len(expected) > 0


@pytest.mark.parametrize("content", ["null", "[]", "{}", "{"])
def test_a_damaged_verdict_is_named_with_the_command(project, content):
    path = project / "verdicts" / "laptop" / "2-local-entropy" / "thesis-tab-3-1.json"
    path.write_text(content)
    with pytest.raises(LandscapeError) as error:
        gpu_plan.undecided("thesis-tab-3-1-lenet", project)
    said = str(error.value)
    assert said.startswith("verdicts/laptop/2-local-entropy/thesis-tab-3-1.json cannot be read (")
    assert said.endswith("run `landscape judge thesis-tab-3-1 --profile laptop`.")


def test_cheap_decisions_come_first_and_unknown_costs_last(project):
    seconds = dict.fromkeys(TABLE_3_1[:2], 10.0) | dict.fromkeys(TABLE_3_1[2:], 1000.0)
    queue = gpu_plan.plan(project, seconds)
    assert [one.run for one in queue[:4]] == TABLE_3_1
    assert queue[0].value == pytest.approx(queue[0].decides / 20.0)
    assert all(one.seconds is None for one in queue[4:])
    seconds |= dict.fromkeys(TABLE_3_1[2:], 1.0)
    assert [one.run for one in gpu_plan.plan(project, seconds)[:4]] == [*TABLE_3_1[2:],
                                                                       *TABLE_3_1[:2]]  # fmt: skip


SWEEP = "6-l2-dynamics/predict-your-l2/softmax"


def test_a_sweep_waits_in_portions_cheap_ones_first(project):
    names = {experiment.id for experiment in gpu_plan.waiting(project)}
    assert "predict-your-l2" in names
    assert all(one.seconds is None for one in gpu_plan.plan(project) if one.run == SWEEP)
    queue = gpu_plan.plan(project, steps={SWEEP: (1e-3, 1e-3)})
    (whole,) = [one for one in queue if one.run == SWEEP]  # every network takes as many steps
    assert whole.most_steps is None
    assert whole.seconds == pytest.approx(60 * (3000 * 1e-3), rel=0.6)
    path = project / "book" / "6-l2-dynamics" / "predict-your-l2" / "settings.yaml"
    text = path.read_text(encoding="utf-8")
    steps = "at_most: 3000  # ours: the longest budget; full batch, so steps are epochs"
    path.write_text(text.replace(steps, "steps_lr_l2: 2.0  # work"), encoding="utf-8")
    queue = [one for one in gpu_plan.plan(project, steps={SWEEP: (0.1, 0.1)}) if one.run == SWEEP]
    assert [one.most_steps for one in queue] == [100, 1000, None]
    assert [one.share for one in queue] == pytest.approx([2 / 12, 7 / 12, 1])
    assert queue[0].seconds < queue[1].seconds < queue[2].seconds
    assert "networks of up to 100 steps (17 %)" in gpu_plan.table(queue)
    fast = [one for one in gpu_plan.plan(project, steps={SWEEP: (1e-3, 0.0)}) if one.run == SWEEP]
    assert [one.most_steps for one in fast] == [None]  # the others take no 20 seconds


def test_settings_keep_an_experiment_out_of_the_queue(project):
    path = project / "book" / "6-l2-dynamics" / "predict-your-l2" / "settings.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  common:", "  gpu: false\n  common:", 1), encoding="utf-8")
    assert "predict-your-l2" not in {one.id for one in gpu_plan.waiting(project)}


def test_the_plan_adds_up_what_is_known(project):
    lines = gpu_plan.table(gpu_plan.plan(project, dict.fromkeys(TABLE_3_1, 30.0))).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["0", "30", "60", "90"]
    assert lines[5].split()[:3] == ["120", "s", "?"]


def test_guesses_order_what_no_card_has_timed(project):
    folder = project / "records" / "paper-scale-costs"
    shutil.rmtree(folder)
    folder.mkdir()
    row = {"runs": 2, "steps": 1000, "rows": 10, "evaluated": 2000, "evaluation_seconds": 5.0,
           "step_seconds": 3.0, "step_quartiles": [3.0, 3.0], "hours": 1.0}  # fmt: skip
    rows = [row | {"experiment": "thesis-tab-3-1-lenet", "method": method}
            for method in ("adam", "entropy_sgd")]  # fmt: skip
    rows.append(row | {"experiment": "predict-your-l2", "method": "softmax", "step_seconds": 1e-3,
                       "faster": 10.0})  # fmt: skip
    content = {"machine": {"device": "cpu", "name": "X", "torch": "2", "python": "3"},
               "date": "2026-01-02", "rows": rows}  # fmt: skip
    (folder / "2026-01-02.json").write_text(json.dumps(content), encoding="utf-8")
    known = gpu_plan.guessed(project)
    # 3 ms a step, and ten evaluations of two thousand samples at 5 ms a thousand, twice
    assert known["thesis-tab-3-1-lenet/adam"]["seconds"] == pytest.approx(2 * (3.0 + 10 * 2 * 5e-3))
    assert known["predict-your-l2/softmax"]["step"] == gpu_plan.LEAST
    assert known["predict-your-l2/softmax"]["evaluation"] == pytest.approx(0.5)
    queue = gpu_plan.plan(project, guess=True)
    first = queue[0]
    assert first.run == TABLE_3_1[0]
    assert first.guessed
    assert first.seconds == known["thesis-tab-3-1-lenet/adam"]["seconds"]
    assert [one.guessed for one in queue if one.run == SWEEP] == [True]
    assert "~6 s" in gpu_plan.table(queue)
    assert not any(one.guessed for one in gpu_plan.plan(project))
    timed = gpu_plan.plan(project, {TABLE_3_1[0]: 100.0}, guess=True)
    (given,) = [one for one in timed if one.run == TABLE_3_1[0]]
    assert (given.seconds, given.guessed) == (100.0, False)


def test_some_are_taken_alone_and_what_does_not_wait_is_named(project):
    queue = gpu_plan.plan(project, only=["predict-your-l2"])
    assert {one.experiment for one in queue} == {"predict-your-l2"}
    with pytest.raises(LandscapeError, match="thesis-fig-2-2 does not wait for a GPU"):
        gpu_plan.plan(project, only=["predict-your-l2", "thesis-fig-2-2"])


def test_what_is_made_by_name_decides_where_a_figure_reads_it(project):
    assert gpu_plan.undecided("thesis-fig-3-1-exact", project) == gpu_plan.undecided(
        "thesis-fig-3-1-lenet", project
    )
    assert gpu_plan.undecided("lewkowycz-fig-4-short", project) == 0
    assert gpu_plan.undecided("lewkowycz-fig-4-probe", project) > 0


def test_a_time_is_filled_with_what_fits_and_the_first_that_does_not():
    queue = [gpu_plan.Planned(name, 1, seconds, 1.0)
             for name, seconds in (("a", 50.0), ("b", None), ("c", 60.0), ("d", 30.0))]  # fmt: skip
    begins, rest = gpu_plan.within(queue, 100.0, 1.2)
    assert [(start, one.run) for start, one in begins] == [(0.0, "a"), (50.0, "d")]
    assert rest.run == "b"
    assert gpu_plan.within(queue[:1], 100.0, 1.2)[1] is None
