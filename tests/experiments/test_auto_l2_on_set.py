"""AutoL2 that measures on the training set: the same run but for its measurements."""

import io

import pandas as pd
import pytest

from landscape.experiments import auto_l2_on_set as on_set
from landscape.train import distributed
from landscape.train import run as plain
from landscape.train.evaluate import loss_and_error
from landscape.train.loop import fit

SETTINGS = {
    "data": {"name": "mnist", "scaling": "standard", "train_samples": 96, "test_samples": 32,
             "downsample": 2},
    "model": {"name": "wrn_lewkowycz", "depth": 10, "widen": 1, "in_channels": 1},
    "optimizer": {"name": "sgd", "lr": 0.2, "momentum": 0.9},
    "augmentation": {"flip": 0.5, "crop": 1, "mixup": 1.0},
    "loss": {"scaling": "half_over_classes"},
    "run": {"batch_size": 32, "epochs": 4, "evaluations_per_epoch": 3,
            "evaluation_samples": 64},
    "measured_samples": 64, "seeds": 2, "seed": 0,
    "methods": {"auto_l2": {"auto_l2": {"every": 2}},
                "auto_l2_never": {"auto_l2": {"every": 1000}}},
}  # fmt: skip


def table(case, **changes):
    found = on_set.simulate(SETTINGS | changes, case).tables["results"]
    return pd.read_csv(io.StringIO(found))


def test_without_a_measurement_it_is_the_run_of_the_training_loop(small_data):
    rows = table("auto_l2_never")
    own = fit(on_set.specification(SETTINGS, "auto_l2_never", 1))[0].frame()
    rows = rows[rows["seed"] == 1].reset_index(drop=True)
    assert list(rows["step"]) == list(own["step"]) == list(range(13))
    assert set(rows["strength"]) == {0.1}
    for column in ("test_loss", "training_loss", "test_error"):
        assert list(rows[column]) == pytest.approx(list(own[column]), rel=1e-4)


def test_measurements_are_those_of_the_images_as_they_are(small_data, monkeypatch):
    spec = on_set.specification(SETTINGS, "auto_l2", 0)
    run = on_set.OnSet(spec, on_set.devices.pick(), 64)
    seen = []
    monkeypatch.setattr(run.auto_l2.inner, "step", lambda measure: seen.append(measure()))
    run.optimizer.prepare()
    for _ in range(3):
        run.gradients()
        run.optimizer.step()
        run.step += 1
    x, y = run.splits.train.x[:64], run.splits.train.y[:64]
    run.gradients()
    assert seen[-1] == loss_and_error(run.model, x, y, run.convolutional)
    assert len(seen) == 3  # before the first update there is nothing to measure


def test_a_loss_that_rises_lowers_lambda(small_data):
    """At 0.1 the weights shrink away; the clean loss rises to log 10 and lambda is divided."""
    rows = table("auto_l2", run=SETTINGS["run"] | {"epochs": 12, "evaluations_per_epoch": 1})
    assert rows["strength"].min() <= 0.0101
    assert (rows.groupby("seed")["strength"].diff().dropna() <= 0).all()


def test_its_state_is_that_of_auto_l2(small_data):
    spec = on_set.specification(SETTINGS, "auto_l2", 0)
    first, second = (on_set.OnSet(spec, on_set.devices.pick(), 64) for _ in range(2))
    first.optimizer.prepare()
    for _ in range(5):
        first.gradients()
        first.optimizer.step()
        first.step += 1
    second.restore(first.state())
    assert second.auto_l2.state_dict() == first.auto_l2.state_dict()
    assert isinstance(first, plain.Run)
    assert first.world == distributed.World()


def test_the_same_bytes_again(small_data):
    once, again = (on_set.simulate(SETTINGS, "auto_l2").tables["results"] for _ in range(2))
    assert once == again
