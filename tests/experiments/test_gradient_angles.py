"""The angle between local entropy's gradient and the plain one, in the loop of the optimizers."""

import copy
import io
import math

import numpy as np
import pandas as pd
import pytest
import torch

from landscape import data, optim
from landscape.data import sequences
from landscape.errors import LandscapeError
from landscape.experiments import gradient_angles as angles
from landscape.train.streams import NOISE_STREAM

INNER = {"name": "entropy_sgd", "L": 3, "lr_inner": 0.5, "gamma": 100.0, "gamma_decay": 0.0,
         "temperature": 1e-4, "momentum": 0.5, "alpha": 0.25}  # fmt: skip
ADAM = {"name": "adam", "lr": 0.01, "betas": [0.5, 0.999]}
TEXT = {"data": "text", "samples": 300, "unroll": 5, "batch_size": 4, "model": "char_lstm",
        "dropout": 0.0, "updates": 4, "seeds": 2, "seed": 1,
        "loops": {"own": {"inner": INNER, "outer": ADAM},
                  "same": {"inner": INNER, "outer": None}}}  # fmt: skip
IMAGES = TEXT | {"data": "mnist", "samples": 96, "unroll": None, "batch_size": 8, "model": "lenet"}


WORDS = "the valley is wide and the hill is steep; "


@pytest.fixture(autouse=True)
def tiny_text(monkeypatch):
    codes, vocabulary = sequences.encode_characters(WORDS * 30)
    tokens = torch.from_numpy(codes[:960].copy())
    made = sequences.SequenceData(*tokens.split([640, 160, 160]), vocabulary, "A made-up text")
    monkeypatch.setattr(sequences, "load_text", lambda root=None, device=None: made)
    torch.set_num_threads(1)


def settings(base=TEXT, **inner):
    made = copy.deepcopy(base)
    made["loops"]["own"]["inner"].update(inner)
    return made


class Kept(angles.Batches):
    """Remembers the last one that was made."""

    def __init__(self, *given):
        super().__init__(*given)
        Kept.last = self


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def ran(monkeypatch, *given):
    """Rows and weights of a run."""
    with monkeypatch.context() as patch:
        patch.setattr(angles, "Batches", Kept)
        rows = angles.one_run(*given)
    return rows, weights(Kept.last.model)


def test_the_loop_with_adam_outside_is_entropy_adam(monkeypatch):
    _, found = ran(monkeypatch, settings(), "own", 1)
    source = angles.Batches(settings(), 1)
    noise = torch.Generator().manual_seed(1 + NOISE_STREAM)
    twin = optim.EntropyAdam(
        source.model.parameters(), lr=0.01, betas=(0.5, 0.999), generator=noise, gamma=100.0,
        **{key: INNER[key] for key in ("lr_inner", "L", "alpha", "temperature", "momentum")},
    )  # fmt: skip
    for step in range(4 * 3):
        source.seen(step)
        twin.step()
    assert torch.allclose(found, weights(source.model), rtol=0, atol=1e-6)


def test_the_loop_without_one_is_entropy_sgd_that_moves_x_to_z(small_data, monkeypatch):
    rows, end = ran(monkeypatch, settings(IMAGES), "same", 1)
    assert [row["update"] for row in rows] == [1, 2, 3, 4]
    moved = (end - weights(angles.Batches(settings(IMAGES), 1).model)).norm()
    assert 0 < float(moved) <= sum(row["way"] for row in rows) * (1 + 1e-6)


def test_one_inner_step_without_average_and_noise_goes_along_its_own_gradient():
    made = settings(L=1, alpha=0.0, temperature=0.0, momentum=0.0)
    rows = angles.one_run(made, "own", 0)
    assert max(row["angle_first"] for row in rows) < 0.05  # the weights are float32
    assert min(row["angle"] for row in rows) > 1


def test_the_unseen_mini_batch_is_beside_the_loop_and_leaves_the_hidden_state():
    source, places, length = angles.Batches(TEXT, 0), [], 3
    backward = source._backward
    source._backward = lambda chosen, carried: places.append(chosen) or backward(chosen, carried)
    for update in range(8):
        state = source.replica.hidden
        source.unseen(update * length, length)
        assert source.replica.hidden is state
        for step in range(update * length, (update + 1) * length):
            source.seen(step)
        beside, *inside = places[-4:]
        assert all(not set(beside.flatten().tolist()) & set(i.flatten().tolist()) for i in inside)
    starts = {int(chosen[0, 0]) for chosen in places[::4]}
    assert len(starts) > 4


def test_angles_of_vectors():
    rng = np.random.default_rng(0)
    a, b = torch.from_numpy(rng.standard_normal((2, 50)))
    expected = math.degrees(math.acos(float(a @ b / (a.norm() * b.norm()))))
    assert angles.angle(a, b) == pytest.approx(expected)
    assert angles.angle(a, -3 * a) == pytest.approx(180)
    tiny = a + 1e-9 * b  # the arc cosine of its cosine is zero or 1e-6
    across = b - (a @ b) / (a @ a) * a
    assert angles.angle(a, tiny) == pytest.approx(
        math.degrees(1e-9 * float(across.norm() / a.norm())), rel=1e-5
    )
    assert math.isnan(angles.angle(a, torch.zeros(50, dtype=torch.float64)))


def test_a_table_with_all_seeds_the_same_with_any_number_of_workers():
    first, second = (angles.simulate(TEXT, "own", workers=1).tables["results"] for _ in range(2))
    assert first == second
    frame = pd.read_csv(io.StringIO(first))
    assert frame.groupby("seed")["update"].apply(list).to_dict() == dict.fromkeys(
        (1, 2), [1, 2, 3, 4]
    )
    assert frame["angle"].between(0, 180).all()
    assert (frame["way"] > 0).all()


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (settings(gamma_decay=1e-3), "set gamma_decay to 0"),
        (settings(L=15), "reads all of the 15 mini-batches"),
    ],
)
def test_what_cannot_be_measured_is_refused(made, named):
    with pytest.raises(LandscapeError, match=named):
        angles.one_run(made, "own", 0)


def test_the_data_are_those_of_training(small_data):
    assert angles.Batches(TEXT, 0).train.x.shape == (300,)
    assert len(angles.Batches(IMAGES, 0).train.y) == 96
    assert data.prepare is not None
