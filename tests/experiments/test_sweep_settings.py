"""A sweep in settings.yaml: what it trains, what is refused, and how it is run."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape.cli import main
from landscape.errors import LandscapeError
from landscape.evidence import publishing, records
from landscape.evidence.l2_times import mean_peak_time, peak_times
from landscape.evidence.runs import Runs
from landscape.experiments import catalogue, execute, live, seal, settings
from landscape.experiments.sweep_settings import configurations
from landscape.pipeline import inputs, lists
from landscape.train import sweeps

SWEEP = """\
    a-sweep:
      title: Peaks of the test accuracy
      common:
        data: {name: mnist, train_samples: 96}  # ours: small
        model: {name: fc_lewkowycz, width: 5}
        loss: {scale: 0.05}
        optimizer: {momentum: 0.0}
        run: {seeds: 2}
        sweep:
          axes:
            optimizer:
              lr: [0.5, 2.0]  # the work: both
              l2: {from: 1.0e-3, to: 0.1, points: 3}
          horizon: {steps_lr_l2: 0.02, at_least: 5, at_most: 30}
          rows_per_decade: 4
          looks: 2
      methods:
        softmax: {}
        squares: {loss: {name: mse}, optimizer: {momentum: 0.9}}
      laptop:
        common: {run: {seeds: 1}}
      smoke:
        common:
          sweep: {axes: {optimizer: {l2: [0.1]}}, horizon: {at_most: 6}}
    """
PAGE = "6-l2-dynamics/a-page"
RUN = "6-l2-dynamics/a-sweep/softmax"


@pytest.fixture
def swept(toy, small_data, monkeypatch):
    toy.page(PAGE, SWEEP)
    monkeypatch.setenv("LANDSCAPE_ROOT", str(toy.root))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    return toy.root


def made(root, method="softmax", profile="paper"):
    return configurations(settings.method_settings("a-sweep", method, profile, root), "here")


def test_every_combination_with_every_seed_and_its_own_horizon(swept):
    found = made(swept)
    assert [(c.lr, c.l2, c.seed) for c in found] == [
        (lr, l2, seed) for lr in (0.5, 2.0) for l2 in (0.001, 0.01, 0.1) for seed in (0, 1)
    ]
    assert [c.steps for c in found[::2]] == [30, 5, 5, 10, 5, 5]
    assert found[2].point == (("lr", 0.5), ("l2", 0.01))
    assert {(c.shared.loss, c.shared.loss_scale, c.momentum) for c in found} == {
        ("cross_entropy", 0.05, 0.0)
    }
    assert found[0].shared.model_options == {"width": 5}
    assert found[0].shared.data.train_samples == 96
    assert (found[0].shared.rows_per_decade, found[0].shared.looks) == (4, 2)


def test_methods_and_profiles_change_a_sweep_as_they_change_everything(swept):
    squares = made(swept, "squares")
    assert {(c.shared.loss, c.momentum) for c in squares} == {("mse", 0.9)}
    assert len(made(swept, profile="laptop")) == 6
    smoke = made(swept, profile="smoke")
    assert [(c.lr, c.l2) for c in smoke[::2]] == [(0.5, 0.1), (2.0, 0.1)]
    assert max(c.steps for c in smoke) == 5


def test_any_setting_can_be_an_axis_and_has_no_value_beside_it(toy):
    text = SWEEP.replace("optimizer:\n              lr: [0.5, 2.0]", "model: {width: [3, 4]}\n"
                         "            optimizer:\n              lr: [0.5]")  # fmt: skip
    toy.page(PAGE, text)
    given = settings.method_settings("a-sweep", "softmax", "paper", toy.root)
    assert "width" not in given["model"]
    assert given["sweep"]["axes"]["optimizer"]["l2"] == [0.001, 0.01, 0.1]
    found = configurations(given, "here")
    assert [c.shared.model_options["width"] for c in found] == [3] * 6 + [4] * 6
    assert [dict(c.point)["width"] for c in found] == [3] * 6 + [4] * 6


def test_values_of_a_range_are_those_of_the_table(toy):
    toy.page(PAGE, SWEEP.replace("points: 3", "points: 14"))
    found = sorted({c.l2 for c in made(toy.root)})
    np.testing.assert_allclose(found, np.logspace(-3, -1, 14), rtol=1e-4)
    assert all(float(f"{value:.5g}") == value for value in found)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("lr: [0.5, 2.0]", "lrr: [0.5, 2.0]", "unknown key 'lrr'; did you mean 'lr'"),
        ("lr: [0.5, 2.0]", "lr: [0.5, -2.0]", "line 12: a-sweep, method softmax, profile paper: "
                                              "optimizer.lr is -2.0; it must be a positive"),
        ("lr: [0.5, 2.0]", "lr: 0.5", "sweep.axes.optimizer.lr is 0.5; it must be a list of"),
        ("lr: [0.5, 2.0]", "lr: []", r"optimizer.lr is \[\]; it must be a list of values"),
        ("to: 0.1, ", "", "sweep.axes.optimizer.l2: it has no 'to'"),
        ("points: 3", "point: 3", "unknown key 'point'; did you mean 'points'"),
        ("from: 1.0e-3", "from: 0", "from is 0; it must be a positive number"),
        ("steps_lr_l2", "step_lr_l2", "did you mean 'steps_lr_l2'"),
        ("looks: 2", "look: 2", "unknown key 'look'; did you mean 'looks'"),
        ("at_most: 30", "at_most: 0", "sweep.horizon.at_most is 0; it must be a whole number"),
        ("axes:", "axis:", "unknown key 'axis'; did you mean 'axes'"),
        ("scale: 0.05", "name: msee", "loss.name is 'msee'; did you mean 'mse'"),
        ("{name: mnist, train_samples: 96}", "{train_samples: 96}", "data has no 'name'"),
        ("momentum: 0.0", "moment: 0.0", "unknown key 'moment'; did you mean 'momentum'"),
        ("run: {seeds: 2}", "run: {seeds: 2, epochs: 3}", "unknown key 'epochs'"),
        ("axes:\n", "axes:\n            run: {seeds: [1, 2]}\n", "run.seeds cannot be an axis"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_one_sentence(old, new, sentence, toy):
    assert old in SWEEP
    toy.page(PAGE, SWEEP.replace(old, new))
    with pytest.raises(LandscapeError, match=sentence) as caught:
        settings.method_settings("a-sweep", "softmax", "paper", toy.root)
    assert "\n" not in str(caught.value)
    assert "settings.yaml" in str(caught.value)


def test_without_an_end_it_is_refused(toy):
    toy.page(PAGE, SWEEP.replace("{from: 1.0e-3, to: 0.1, points: 3}", "[0.0, 0.1]")
             .replace(", at_most: 30", ""))  # fmt: skip
    with pytest.raises(LandscapeError, match=r"lr 0.5 and l2 0 a configuration would never end"):
        made(toy.root)


def test_a_sweep_and_a_training_run_are_two_experiments(toy):
    text = SWEEP.replace("common:\n        data", "common:\n        data", 1)
    one = text.replace("        sweep:\n          axes", "        swept:\n          axes", 1)
    one = one.replace("softmax: {}", "softmax: {sweep: {axes: {optimizer: {lr: [1.0]}}}}")
    toy.page(PAGE, one)
    with pytest.raises(LandscapeError, match="softmax is a sweep and squares is not; make them"):
        settings.declared("a-sweep", toy.root)


def test_unknown_options_of_the_network_are_refused_before_anything_is_trained(toy):
    toy.page(PAGE, SWEEP.replace("width: 5", "widht: 5"))
    with pytest.raises(LandscapeError, match="no option 'widht'.*'width'"):
        execute.job_of(catalogue.get("a-sweep", root=toy.root), "softmax", "smoke", toy.root)


def test_one_run_one_table_and_its_provenance(swept, capsys):
    folder = execute.run(RUN, "smoke", root=swept)
    assert folder == swept / "results/smoke/6-l2-dynamics/a-sweep/softmax"
    frame = pd.read_csv(folder / "results.csv")
    assert tuple(frame.columns) == ("lr", "l2", "seed", *sweeps.COLUMNS)
    assert frame.groupby(["lr", "l2", "seed"], sort=False)["step"].last().tolist() == [5] * 4
    assert "a-sweep softmax (smoke): 4 of 4 runs finished" in capsys.readouterr().out
    record = json.loads(folder.with_name("softmax.provenance.json").read_text())
    assert (record["seeds"], record["configurations"]) == ([0, 1], 4)
    assert record["diverged_configurations"] == 0
    assert record["parameters"]["sweep"]["axes"]["optimizer"]["l2"] == [0.1]
    assert not list((swept / "checkpoints").iterdir())
    first = (folder / "results.csv").read_bytes()
    execute.run(RUN, "smoke", root=swept, seeds=1)
    assert pd.read_csv(folder / "results.csv")["seed"].unique().tolist() == [0]
    execute.run(RUN, "smoke", root=swept)
    assert (folder / "results.csv").read_bytes() == first


def test_a_killed_run_continues_with_the_same_bytes(swept, monkeypatch):
    whole = (execute.run(RUN, "paper", root=swept, workers=1) / "results.csv").read_bytes()
    taken, plain = [], sweeps.Batch.update

    def killed(self, gradients):
        taken.append(1)
        if len(taken) == 20:
            raise KeyboardInterrupt
        plain(self, gradients)

    monkeypatch.setattr(sweeps.Batch, "update", killed)
    with pytest.raises(KeyboardInterrupt):
        execute.run(RUN, "paper", root=swept, workers=1, output=swept / "again")
    assert not (swept / "again/softmax").exists()
    again = execute.run(RUN, "paper", root=swept, workers=1, output=swept / "again")
    assert (again / "results.csv").read_bytes() == whole


def test_commands_and_lists_know_sweeps(swept, capsys):
    assert main(["list"]) == 0
    assert "sweep: softmax, squares" in capsys.readouterr().out
    assert main(["show", "a-sweep", "--profile", "smoke"]) == 0
    shown = capsys.readouterr().out
    assert "sweep.axes.optimizer.lr" in shown
    assert main(["run", "a-sweep", "--profile", "smoke"]) == 0
    assert capsys.readouterr().out.count("wrote") == 2
    assert catalogue.get("a-sweep", root=swept).kind == "sweep"
    assert catalogue.find_runs("a-page", swept) == [RUN, RUN.replace("softmax", "squares")]
    forced = lists.in_force(swept)["smoke"]["a-sweep"]["squares"]
    assert forced["loss"] == {"scale": 0.05, "name": "mse"}
    assert forced["sweep"]["axes"]["optimizer"] == {"lr": [0.5, 2.0], "l2": [0.1]}
    rows = live.run("a-sweep", "smoke", swept)
    stored = pd.read_csv(swept / "results/smoke/6-l2-dynamics/a-sweep/squares/results.csv")
    now = rows[rows["method"] == "squares"].drop(columns="method").reset_index(drop=True)
    pd.testing.assert_frame_equal(now, stored)
    with pytest.raises(LandscapeError, match="a-sweep is not trained but swept"):
        catalogue.grid_runs("a-sweep", "softmax", "smoke", swept)


@pytest.mark.parametrize("option", ["--most-steps", "--seeds"])
def test_as_many_steps_or_seeds_as_there_are_are_the_whole_sweep(swept, capsys, option):
    """Nothing is left out, so that a record of it judges and nothing is made a second time."""
    (swept / "src").symlink_to(Path(sweeps.__file__).parents[2])
    words = ["run", "a-sweep", "--profile", "smoke", option, "1000000"]
    assert main(words) == 0
    path = swept / "results/smoke/6-l2-dynamics/a-sweep/softmax.provenance.json"
    noted = json.loads(path.read_text(encoding="utf-8"))
    assert noted["command"] == f"landscape run {RUN} --profile smoke"
    assert "most_steps" not in noted["parameters"]["sweep"]
    capsys.readouterr()
    assert main(words[:-2]) == 0
    assert main(words) == 0
    assert capsys.readouterr().out.count("taken ") == 4


def test_its_inputs_are_its_settings_data_and_code(swept):
    (swept / "src").symlink_to(Path(sweeps.__file__).parents[2])
    lines = inputs.Inputs("smoke", swept).runs()[RUN]
    named = "\n".join(lines)
    for module in ("train/sweeps.py", "train/sweep_batch.py", "train/sweep_spec.py",
                   "models/lewkowycz_fc.py", "models/mlp.py"):  # fmt: skip
        assert f"file src/landscape/{module} " in named
    assert "train/loop.py" not in named
    assert "data mnist " in named
    assert "settings a-sweep " in named


def with_commit(root, profile):
    """As if it had been run in a clean clone."""
    folder = root / "results" / profile / "6-l2-dynamics/a-sweep"
    for path in folder.glob("*.provenance.json"):
        record = json.loads(path.read_text()) | {"commit": "0123456789ab"}
        path.write_text(json.dumps(seal.sealed(record)), encoding="utf-8")
    return folder


def test_a_sweep_of_the_works_own_settings_becomes_a_record(swept):
    for run in (RUN, RUN.replace("softmax", "squares")):
        stored = pd.read_csv(execute.run(run, "paper", root=swept, workers=1) / "results.csv")
    with_commit(swept, "paper")
    folder = publishing.publish("a-sweep", title="t", root=swept, date="2026-01-02")
    found = records.read(folder)
    assert (found.scale, found.info["differs"]) == ("paper", [])
    given = settings.method_settings("a-sweep", "softmax", "paper", swept)
    assert records.settings_of(found.info["methods"]["softmax"]) == given
    pd.testing.assert_frame_equal(found.table("squares"), stored)


def test_what_a_record_leaves_out_of_a_sweep_is_computed(swept):
    for run in (RUN, RUN.replace("softmax", "squares")):
        execute.run(run, "laptop", root=swept, workers=1)
    source = with_commit(swept, "laptop")
    found = records.read(publishing.publish("a-sweep", source, title="t", root=swept))
    assert found.scale == "reduced"
    assert "run.seeds is 1 instead of 2" in str(found.info["differs"])


def test_pages_read_the_table_and_find_the_peaks(swept):
    execute.run("6-l2-dynamics/a-sweep/squares", "paper", root=swept, workers=1)
    found = Runs.build("paper", swept).table("a-sweep", "squares")
    times = peak_times(found, ["lr", "l2"])
    assert len(times) == 12
    one = times[(times["lr"] == 0.5) & (times["l2"] == 0.01)]
    assert mean_peak_time(one, 0.5 * 0.01).n <= 2
