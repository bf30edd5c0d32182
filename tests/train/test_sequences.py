"""Recurrent networks in the same loop, on a text of a few hundred characters."""

import dataclasses
import math

import pytest
import torch
from reference.train_objective import walk

from landscape import data, models
from landscape.data import sequences
from landscape.data.errors import DataError
from landscape.train import loop, run
from landscape.train.distributed import World
from landscape.train.evaluate import sequence_loss_and_error
from landscape.train.options import AugmentationSpec, LossSpec
from landscape.train.spec import DataSpec, ReplicaSpec, RunSpec, SpecificationError

OPTIMIZERS = {
    "sgd": {"lr": 0.5},
    "adam": {"lr": 1e-2},
    "entropy_sgd": {"lr": 1.0, "lr_inner": 0.5, "L": 5, "gamma": 1e3, "momentum": 0.5},
    "entropy_adam": {"lr": 1e-2, "lr_inner": 0.1, "L": 5, "gamma": 100.0},
}
WORDS = "the valley is wide and the hill is steep; "


@pytest.fixture
def tiny_text(monkeypatch):
    """`data.load_text` gives 640, 160 and 160 characters of a made-up text."""
    codes, vocabulary = data.sequences.encode_characters(WORDS * 30)
    tokens = torch.from_numpy(codes[:960].copy())
    made = sequences.SequenceData(*tokens.split([640, 160, 160]), vocabulary, "A made-up text")
    monkeypatch.setattr(sequences, "load_text", lambda root, device: made)
    torch.set_num_threads(1)
    return made


def specification(optimizer="adam", **changes):
    values = {
        "experiment": "a-text",
        "method": optimizer,
        "seed": 1,
        "model": "char_lstm",
        "model_options": {"width": 12},
        "optimizer": optimizer,
        "optimizer_options": OPTIMIZERS[optimizer],
        "data": DataSpec("text", unroll=5),
        "batch_size": 4,
        "epochs": 1.0,
        "evaluation_samples": 200,
        "clip_norm": 10.0,
    }
    return RunSpec(**{**values, **changes})


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_killed_run_ends_with_the_same_bytes(optimizer, tiny_text, tmp_path, monkeypatch):
    spec = specification(optimizer)
    whole, model = loop.fit(spec)
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    compute = loop.Run.gradients

    def gradients(self):
        if self.step == 13:  # in the middle of an epoch and of an inner loop
            raise Killed
        return compute(self)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "gradients", gradients)
        with pytest.raises(Killed):
            loop.fit(spec, checkpoints=tmp_path)
    resumed, again = loop.fit(spec, checkpoints=tmp_path)
    assert whole.frame().to_csv() == resumed.frame().to_csv()
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_method_learns_the_text(optimizer, tiny_text):
    history, _ = loop.fit(specification(optimizer, epochs=4.0))
    frame = history.frame()
    assert frame["test_loss"].iloc[0] == pytest.approx(math.log(len(tiny_text.vocabulary)), 0.1)
    assert frame["test_loss"].iloc[-1] < 0.97 * frame["test_loss"].iloc[0]
    for part in ("training", "validation", "test"):
        expected = frame[f"{part}_loss"].map(math.exp)
        assert frame[f"{part}_perplexity"].sub(expected).abs().max() < 1e-9


def test_an_epoch_meets_every_stream_in_order_with_the_next_tokens(tiny_text):
    here = run.Run(specification(), torch.device("cpu"), None, World())
    x, y, replica = here.splits.train.x, here.splits.train.y, here.replicas[0]
    # 639 tokens have a successor: 4 streams of 159, of which 31 times 5 are met.
    assert here.steps_per_epoch == here.total_steps == 31
    met = torch.cat([replica.batch(step) for step in range(31)], dim=1)
    for stream in range(4):
        assert met[stream].tolist() == list(range(159 * stream, 159 * stream + 155))
    assert torch.equal(y[met], tiny_text.train[met + 1])
    assert torch.equal(x[met], tiny_text.train[met])


def test_the_hidden_state_is_carried_and_starts_anew_with_each_epoch(tiny_text, monkeypatch):
    entering = []
    forward = models.lstm.SequenceLSTM.forward

    def spying(self, x, state=None):
        logits, leaving = forward(self, x, state)
        if self.training:
            entering.append((state, leaving))
        return logits, leaving

    monkeypatch.setattr(models.lstm.SequenceLSTM, "forward", spying)
    loop.fit(specification("entropy_sgd", epochs=2.0))
    assert len(entering) == 2 * 5 * 31  # L gradients an update
    for step, (state, _) in enumerate(entering):
        if step % 31 == 0:
            assert state is None
            continue
        before = entering[step - 1][1]
        assert all(torch.equal(a, b) for a, b in zip(state, before, strict=True))
        assert not any(part.requires_grad for part in state)


@pytest.mark.parametrize("streams", [1, 3])
def test_the_evaluation_is_a_walk_through_the_text(streams):
    torch.manual_seed(2)
    tokens = torch.randint(7, (61,))
    model = models.build("char_lstm", classes=7, width=6)
    loss, error = sequence_loss_and_error(model, tokens[:-1], tokens[1:], streams, 8)
    twin, length = model.double(), 60 // streams
    parts = [walk(twin, tokens[i * length :][: length + 1].tolist()) for i in range(streams)]
    assert loss == pytest.approx(sum(nats for nats, _ in parts) / 60, rel=1e-5)
    assert error == pytest.approx(100 * sum(wrong for _, wrong in parts) / 60)


def test_the_sum_over_time_is_the_mean_times_the_steps(tiny_text):
    spec = specification("sgd", clip_norm=None)
    summed = specification(
        "sgd", clip_norm=None, loss=LossSpec(scaling="sum_over_time"),
        optimizer_options={"lr": 0.1},
    )  # fmt: skip
    _, model = loop.fit(spec)
    _, other = loop.fit(summed)
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)


def test_a_long_gradient_is_clipped(tiny_text):
    history, _ = loop.fit(specification("sgd", clip_norm=1e-3, record_every=1))
    lengths = history.steps["gradient_square"] ** 0.5
    assert lengths.sub(1e-3).abs().max() < 1e-6


def test_the_penn_treebank_that_is_not_fetched_is_one_sentence(tmp_path):
    spec = specification("sgd", model="ptb_lstm", data=DataSpec("ptb", unroll=35))
    with pytest.raises(DataError, match="ptb is not fetched.*landscape fetch ptb") as error:
        loop.fit(spec, data_root=tmp_path)
    assert str(error.value).count(". ") == 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"data": DataSpec("text")}, "set data unroll"),
        ({"data": DataSpec("text", unroll=0)}, "unroll is 0"),
        ({"data": DataSpec("text", scaling="gcn", unroll=5)}, "scaling has no meaning"),
        ({"data": DataSpec("mnist", unroll=5)}, "unroll belongs to sequences"),
        ({"data": DataSpec("mnist"), "loss": LossSpec(scaling="sum_over_time")}, "sequences"),
        ({"loss": LossSpec("mse")}, "mse cannot be used"),
        ({"augmentation": AugmentationSpec(flip=0.5)}, "augmentation"),
        ({"auto_l2": {}}, "auto_l2"),
        ({"replicas": ReplicaSpec(2)}, "replicas"),
        ({"clip_norm": 0}, "clip_norm is 0"),
        ({"evaluation_batch": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_run_is_refused(changes, named):
    with pytest.raises(SpecificationError, match=named):
        specification(**changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"batch_size": 200}, "lower batch_size or unroll"),
        ({"model_options": {"width": 12, "classes": 3}}, "leave classes out"),
        ({"evaluation_batch": 170}, "lower evaluation_batch"),
    ],
)
def test_what_does_not_fit_the_text_is_refused(changes, named, tiny_text):
    with pytest.raises(SpecificationError, match=named):
        loop.fit(specification(**changes))


def test_an_image_network_and_a_text_do_not_meet(tiny_text, small_data):
    with pytest.raises(models.ModelError, match="data text or ptb"):
        loop.fit(dataclasses.replace(specification(), data=DataSpec()))


def test_parts_of_the_text_are_cut_to_the_tokens_asked_for(tiny_text):
    splits, size = data.prepare_sequence("text", train_samples=50, test_samples=20)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (50, 20, 20)
    assert size == len(tiny_text.vocabulary)
    assert torch.equal(splits.train.y, tiny_text.train[1:51])
    with pytest.raises(DataError, match="at most as many"):
        data.prepare_sequence("text", test_samples=160)
    with pytest.raises(DataError, match="did you mean 'ptb'"):
        data.prepare_sequence("pbt")
