"""Sweeps: against the slow way, in batches of any size, killed at any moment, diverging."""

import inspect
import multiprocessing
import os
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from processes import wait_for
from reference import sweep_reference

from landscape import data
from landscape.data import preparing
from landscape.files import unsealed
from landscape.train import sweeps
from landscape.train.loop import fit
from landscape.train.spec import DataSpec, RunSpec, SpecificationError
from landscape.train.streams import ORDER_STREAM
from landscape.train.sweep_batch import network
from landscape.train.sweep_spec import Configuration, Shared

SAMPLES, TEST, SIDE, CLASSES = 24, 40, 4, 3


@pytest.fixture(autouse=True)
def blobs(monkeypatch):
    """`data.prepare` gives 24 training and 40 test images of 4x4 pixels in three classes."""
    generator = torch.Generator().manual_seed(5)

    def part(samples):
        y = torch.arange(samples) % CLASSES
        x = torch.randn(samples, 1, SIDE, SIDE, generator=generator)
        x[torch.arange(samples), 0, y, y] += 1.5
        return SimpleNamespace(x=x, y=y)

    splits = SimpleNamespace(train=part(SAMPLES), validation=None, test=part(TEST))
    monkeypatch.setattr(data, "prepare", lambda *a, **k: splits)
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    torch.set_num_threads(1)
    return splits


def test_data_are_asked_for_with_arguments_that_the_real_function_takes(blobs, monkeypatch):
    asked = []

    def prepare(*given, **named):
        asked.append(inspect.signature(preparing.prepare).bind(*given, **named).arguments)
        return blobs

    monkeypatch.setattr(data, "prepare", prepare)
    sweeps.fit_sweep(some(steps=(2, 2, 2)), workers=1)
    assert asked[0]["scaling"] == "unit"


def shared(**changes):
    options = {"width": 7, "depth": 2, "classes": CLASSES, "size": SIDE}
    return Shared(DataSpec(), "fc_lewkowycz", **{"model_options": options, **changes})


def some(steps=(40, 25, 31), of=None, momentum=(0.0, 0.9, 0.5), lr=(0.3, 0.1, 0.05)):
    of = of or shared()
    return [
        Configuration(of, lr[i], 10.0 ** -(i + 1), i, steps[i], momentum[i], (("lr", lr[i]),))
        for i in range(len(steps))
    ]


def every_step(**changes):
    """Every step becomes a row."""
    return shared(rows_per_decade=500, looks=1, **changes)


def slowly(one, splits, batches):
    layers = [m for m in network(one.shared, one.seed).modules() if hasattr(m, "weight")]
    numbers = [[getattr(m, key).detach().double().numpy() for m in layers]
               for key in ("weight", "bias")]  # fmt: skip
    parts = [(p.x.flatten(1).double().numpy(), p.y.numpy()) for p in (splits.train, splits.test)]
    return sweep_reference.train(
        *numbers, *parts, lr=one.lr, l2=one.l2, momentum=one.momentum, steps=one.steps,
        loss=one.shared.loss, scale=one.shared.loss_scale, batches=batches,
    )  # fmt: skip


def orders(one, batch_size):
    """The positions of every step's samples, as the streams of a run draw them."""
    generator = torch.Generator().manual_seed(one.seed + ORDER_STREAM)
    drawn = []

    def positions(step):
        while len(drawn) <= step:
            order = torch.randperm(SAMPLES, generator=generator).numpy()
            drawn.extend(np.split(order[: SAMPLES // batch_size * batch_size],
                                  SAMPLES // batch_size))  # fmt: skip
        return drawn[step]

    return positions


MEASURED = ["step", "training_loss", "training_error", "test_loss", "test_error", "norm2"]


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize(("loss", "scale"), [("cross_entropy", 1 / 6), ("mse", 0.5)])
def test_a_batch_agrees_with_one_network_at_a_time(loss, scale, batch_size, blobs, monkeypatch):
    monkeypatch.setattr(sweeps, "_DIGITS", 17)
    made = some(of=every_step(loss=loss, loss_scale=scale, batch_size=batch_size))
    rows, ended = sweeps.fit_chunk(made, [0, 1, 2], dtype=torch.float64)
    assert ended == 3
    for number, one in enumerate(made):
        batches = orders(one, batch_size) if batch_size else lambda step: slice(None)
        expected = slowly(one, blobs, batches)
        found = pd.DataFrame([row for row in rows if row["number"] == number])
        np.testing.assert_allclose(found[MEASURED], expected, rtol=1e-9, atol=1e-12)
        least = np.minimum.accumulate(expected[:, 4])
        np.testing.assert_allclose(found["least_test_error"], least, rtol=1e-12)
        assert not found["diverged"].any()


def test_single_precision_is_near_the_slow_way(blobs):
    made = some(of=every_step())
    rows, _ = sweeps.fit_chunk(made, [0, 1, 2])
    for number, one in enumerate(made):
        found = pd.DataFrame([row for row in rows if row["number"] == number])
        expected = slowly(one, blobs, lambda step: slice(None))
        np.testing.assert_allclose(found["training_loss"], expected[:, 1], rtol=1e-3)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_size_of_a_batch_changes_rounding_only(size):
    together = sweeps.fit_sweep(some(), size=3, workers=1)
    apart = sweeps.fit_sweep(some(), size=size, workers=1)
    pd.testing.assert_frame_equal(together, apart, rtol=1e-3)


def test_the_least_error_is_that_of_all_looks():
    fine = sweeps.fit_sweep(some(of=every_step()), size=3, workers=1)
    rows = sweeps.fit_sweep(some(of=shared(rows_per_decade=2, looks=250)), size=3, workers=1)
    assert len(rows) < len(fine) / 5
    both = fine.merge(rows, on=["lr", "seed", "step"], suffixes=("", "_of_rows"))
    assert len(both) == len(rows)
    assert (both["least_test_error"] == both["least_test_error_of_rows"]).all()
    seen = rows.groupby("lr")["test_error"].cummin()
    assert (rows["least_test_error"] < seen).any()  # the least lay between two rows


def test_test_sets_are_measured_in_parts(monkeypatch):
    whole = sweeps.fit_sweep(some(), size=3, workers=1)
    monkeypatch.setattr("landscape.train.sweep_batch._CHUNK", 7)
    pd.testing.assert_frame_equal(whole, sweeps.fit_sweep(some(), size=3, workers=1), rtol=1e-4)


def test_it_is_the_training_loop_with_weight_decay(monkeypatch, blobs):
    one = some(of=shared(batch_size=8), steps=(12,), momentum=(0.9,))[0]
    frame = sweeps.fit_sweep([one], workers=1)
    options = {"lr": one.lr, "momentum": 0.9, "nesterov": False, "weight_decay": one.l2}
    spec = RunSpec(
        "sweep", "sgd", one.seed, one.shared.model, "sgd", model_options=one.shared.model_options,
        optimizer_options=options, batch_size=8, epochs=4,
    )  # fmt: skip
    last = fit(spec)[0].frame().iloc[-1]
    assert last["step"] == frame["step"].iloc[-1] == 12
    for column in ("training_loss", "training_error", "test_loss", "test_error"):
        assert frame[column].iloc[-1] == pytest.approx(last[column], rel=1e-4)


def test_batch_norm_uses_the_statistics_of_the_batch_at_hand(blobs):
    options = {"width": 5, "classes": CLASSES, "size": SIDE}
    made = some(of=Shared(DataSpec(), "tiny_fc", options))
    apart = sweeps.fit_sweep(made, size=1, workers=1)
    pd.testing.assert_frame_equal(sweeps.fit_sweep(made, size=3, workers=1), apart, rtol=1e-3)
    net = network(made[0].shared, 0)
    weight, bias = (getattr(net.layers[0], key) for key in ("weight", "bias"))
    z = blobs.test.x.flatten(1) @ weight.T + bias
    z = (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
    logits = z.relu() @ net.layers[-1].weight.T + net.layers[-1].bias
    expected = torch.nn.functional.cross_entropy(logits, blobs.test.y).item()
    assert apart["test_loss"].iloc[0] == pytest.approx(expected, rel=1e-4)


def test_convolutions_agree_alone_and_in_a_batch(monkeypatch):
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(6, 3, 32, 32, generator=generator)
    part = SimpleNamespace(x=x, y=torch.arange(6) % CLASSES)
    splits = SimpleNamespace(train=part, validation=None, test=part)
    monkeypatch.setattr(data, "prepare", lambda *a, **k: splits)
    of = Shared(DataSpec(), "cnn_lewkowycz", {"channels": 3})
    made = some(steps=(6, 5, 4), of=of, momentum=(0.0, 0.0, 0.5), lr=(0.003, 0.002, 0.001))
    apart = sweeps.fit_sweep(made, workers=1)
    first, last = (apart.groupby("lr")["training_loss"].nth(at) for at in (0, -1))
    assert (last.to_numpy() < first.to_numpy()).all()
    pd.testing.assert_frame_equal(sweeps.fit_sweep(made, size=3, workers=1), apart, rtol=1e-3)


def test_divergence_is_a_row_and_the_others_go_on():
    made = some(lr=(0.3, 1e30, 0.05))
    frame = sweeps.fit_sweep(made, size=3, workers=1)
    bad = frame[frame["lr"] == 1e30]
    assert bad["diverged"].tolist() == [0] * (len(bad) - 1) + [1]
    assert bad["step"].iloc[-1] < 5
    assert bad.iloc[-1][["training_loss", "test_error", "least_test_error"]].isna().all()
    well = sweeps.fit_sweep([made[0], made[2]], size=2, workers=1)
    rest = frame[frame["lr"] != 1e30].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, well, rtol=1e-3)


def test_what_cannot_be_measured_at_the_horizon_has_diverged():
    frame = sweeps.fit_sweep(some(steps=(1,), lr=(1e38,)), workers=1)
    assert frame["step"].tolist() == [0, 1]
    assert frame["diverged"].tolist() == [0, 1]


class Killed(Exception):
    """What stands for a kill."""


def killed(monkeypatch, folder, made, after, **options):
    """The sweep until some steps have been taken; how many were."""
    taken, plain = [], sweeps.Batch.update

    def update(self, gradients):
        if len(taken) == after:
            raise Killed
        taken.append(len(self))
        plain(self, gradients)

    monkeypatch.setattr(sweeps.Batch, "update", update)
    try:
        return sweeps.fit_sweep(made, checkpoints=folder, workers=1, **options), taken
    except Killed:
        return None, taken
    finally:
        monkeypatch.setattr(sweeps.Batch, "update", plain)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("seconds", ["0", "1e9"])
def test_a_killed_sweep_goes_on_and_gives_the_same_bytes(seconds, size, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", seconds)
    made = some(of=shared(batch_size=7), lr=(0.3, 1e30, 0.05))
    whole = sweeps.fit_sweep(made, size=size, workers=1).to_csv()
    for after in (0, 1, 12, 30, 55):
        folder = tmp_path / f"{after}"
        first, _ = killed(monkeypatch, folder, made, after, size=size)
        frame, _ = killed(monkeypatch, folder, made, 10_000, size=size)
        assert frame.to_csv() == whole, after
        if first is None and seconds == "0":  # not a step is repeated
            again, taken = killed(monkeypatch, folder, made, 10_000, size=size)
            assert again.to_csv() == whole
            assert not taken


def test_what_has_ended_is_never_repeated(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "1e9")
    made = some(momentum=(0.0, 0.0, 0.0))  # horizons 40, 25 and 31
    killed(monkeypatch, tmp_path, made, 27, size=3)
    _, taken = killed(monkeypatch, tmp_path, made, 10_000, size=3)
    assert taken == [2] * 6 + [1] * 9  # from step 25 on, without the one that ended there


def test_a_damaged_checkpoint_counts_as_none(tmp_path):
    whole = sweeps.fit_sweep(some(), checkpoints=tmp_path, size=3, workers=1)
    (path,) = tmp_path.rglob("*.pt")
    assert unsealed(path) is not None
    path.write_bytes(path.read_bytes()[:-3])
    again = sweeps.fit_sweep(some(), checkpoints=tmp_path, size=3, workers=1)
    pd.testing.assert_frame_equal(whole, again)
    sweeps.forget(some(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_settings_do_not_meet_the_checkpoints(tmp_path):
    sweeps.fit_sweep(some(), checkpoints=tmp_path, workers=1)
    other = some(of=shared(loss_scale=0.5))
    frame = sweeps.fit_sweep(other, checkpoints=tmp_path, workers=1)
    pd.testing.assert_frame_equal(frame, sweeps.fit_sweep(other, workers=1))


def test_dropout_and_too_large_batches_are_refused():
    options = {"width": 5, "classes": CLASSES, "size": SIDE, "dropout": 0.5}
    with pytest.raises(SpecificationError, match="tiny_fc has dropout"):
        sweeps.check(some(of=Shared(DataSpec(), "tiny_fc", options)))
    with pytest.raises(SpecificationError, match="25 is larger than the 24 training samples"):
        sweeps.fit_sweep(some(of=shared(batch_size=25)), workers=1)


@pytest.mark.parametrize(
    ("model", "options", "batch", "samples", "size"),
    [
        ("fc_lewkowycz", {"width": 256}, None, 512, 1),
        ("fc_lewkowycz", {"width": 64}, 512, 512, 16),
        ("tiny_fc", {}, None, 1280, 16),
        ("tiny_fc", {}, 128, 1280, 32),
        ("tiny_fc", {}, None, None, 1),
        ("cnn_lewkowycz", {"channels": 2}, 2, 4, 1),
    ],
)
def test_batches_have_the_measured_size(model, options, batch, samples, size):
    found = Shared(DataSpec(train_samples=samples), model, options, batch_size=batch)
    assert sweeps.together(found, 1000) == size
    assert sweeps.together(found, 16) == min(size, 2)
    assert sweeps.together(found, 1) == 1


def test_any_number_of_workers_gives_the_same_bytes(blobs, tmp_path, monkeypatch):
    whole = sweeps.fit_sweep(some(), size=1, workers=1).to_csv()

    def with_blobs(*call):  # the worker process does not see what this test has replaced
        from landscape import data as there
        from landscape.train.sweeps import fit_chunk

        prepare, there.prepare = there.prepare, lambda *a, **k: blobs
        try:
            return fit_chunk(*call)
        finally:
            there.prepare = prepare

    monkeypatch.setattr(sweeps, "fit_chunk", with_blobs)
    found = sweeps.fit_sweep(some(), size=1, workers=2, checkpoints=tmp_path)
    assert found.to_csv() == whole


def saved(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.pt")}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed process is a fork of this one")
def test_a_process_that_was_killed_leaves_what_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0.05")
    made = some(steps=(300, 200, 250), of=shared(batch_size=7))
    whole = sweeps.fit_sweep(made, size=2, workers=1)
    plain = sweeps.Batch.update

    def slowly(self, gradients):  # so that the kill comes before the end
        time.sleep(0.005)
        plain(self, gradients)

    monkeypatch.setattr(sweeps.Batch, "update", slowly)
    for _ in range(2):
        child = multiprocessing.get_context("fork").Process(
            target=sweeps.fit_sweep, args=(made,),
            kwargs={"checkpoints": tmp_path, "size": 2, "workers": 1},
        )  # fmt: skip
        before = saved(tmp_path)
        child.start()
        assert wait_for(lambda before=before: saved(tmp_path) != before)
        child.kill()
        child.join()
        assert child.exitcode == -9
    monkeypatch.setattr(sweeps.Batch, "update", plain)
    found, taken = killed(monkeypatch, tmp_path, made, 10**6, size=2)
    assert found.to_csv() == whole.to_csv()
    assert sum(taken) < 750
