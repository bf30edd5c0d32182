"""Flip, crop and mixup inside the training loop."""

import dataclasses

import pytest
import torch
from reference import data_augmentation as twin

from landscape import data
from landscape.data import augment
from landscape.train import loop, run
from landscape.train.distributed import World
from landscape.train.options import AugmentationSpec, LossSpec
from landscape.train.spec import DataSpec, ReplicaSpec, RunSpec, SpecificationError
from landscape.train.streams import AUGMENTATION_STREAM

ALL = AugmentationSpec(flip=0.5, crop=3, mixup=0.4)


def specification(augmentation=ALL, optimizer="sgd", **changes):
    values = {
        "experiment": "a-test",
        "method": optimizer,
        "seed": 1,
        "model": "mnistfc_ch2",
        "model_options": {"width": 8, "depth": 2},
        "optimizer": optimizer,
        "optimizer_options": {"lr": 0.05},
        "data": DataSpec(),
        "batch_size": 16,
        "epochs": 2.0,
        "evaluation_samples": 64,
        "augmentation": augmentation,
    }
    return RunSpec(**{**values, **changes})


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_the_network_sees_what_the_slow_twin_makes(small_data, monkeypatch):
    spec = specification(AugmentationSpec(flip=0.5, crop=3), epochs=1.0)
    here = run.Run(spec, torch.device("cpu"), None, World())
    seen = []
    here.model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    here.gradients()
    draws = torch.Generator().manual_seed(spec.seed + AUGMENTATION_STREAM)
    order = torch.Generator().manual_seed(spec.seed + 1_000_003)
    x = here.splits.train.x[torch.randperm(96, generator=order)[:16]]
    chosen = torch.rand(16, generator=draws) < 0.5
    corners = torch.randint(7, (2, 16), generator=draws).T.tolist()
    expected = twin.crop(twin.flip(x.double().numpy(), chosen.tolist()), corners, 3)
    assert torch.equal(seen[0].double(), torch.from_numpy(expected))


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_mixed_images_have_mixed_labels(loss, small_data):
    spec = specification(AugmentationSpec(mixup=0.4), loss=LossSpec(loss))
    here = run.Run(spec, torch.device("cpu"), None, World())
    value = here.gradients()
    chosen = run.Run(spec, torch.device("cpu"), None, World()).replicas[0].batch(0)
    x, y = here.splits.train.x[chosen], here.splits.train.y[chosen]
    draws = torch.Generator().manual_seed(spec.seed + AUGMENTATION_STREAM)
    mixed, first, second, weight = augment.mixup(x, y, 0.4, draws)
    labels = augment.soft_labels(first, second, weight, 10).double()
    model = run.Run(spec, torch.device("cpu"), None, World()).model
    with torch.no_grad():
        outputs = model.train()(mixed).double()
    if loss == "mse":
        exact = (outputs - labels).square().sum(1).mean()
    else:
        exact = -(labels * outputs.log_softmax(1)).sum(1).mean()
    assert value.item() == pytest.approx(exact.item(), rel=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "parle"])
def test_a_killed_run_ends_with_the_same_bytes(optimizer, small_data, tmp_path, monkeypatch):
    spec = specification(
        optimizer=optimizer, replicas=ReplicaSpec(3 if optimizer == "parle" else 1)
    )
    whole, model = loop.fit(spec)
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(run, "_ROUND", 1)
    compute = loop.Run.gradients

    def gradients(self):
        if self.step == 8:
            raise KeyboardInterrupt
        return compute(self)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "gradients", gradients)
        with pytest.raises(KeyboardInterrupt):
            loop.fit(spec, checkpoints=tmp_path)
    resumed, again = loop.fit(spec, checkpoints=tmp_path)
    assert whole.frame().to_csv() == resumed.frame().to_csv()
    assert torch.equal(weights(model), weights(again))


def test_the_seed_decides_and_nothing_else_moves(small_data):
    plain = weights(loop.fit(specification(AugmentationSpec()))[1])
    once, twice = (weights(loop.fit(specification())[1]) for _ in range(2))
    assert torch.equal(once, twice)
    assert not torch.equal(once, plain)
    assert not torch.equal(once, weights(loop.fit(specification(seed=2))[1]))
    # An augmentation that changes no image leaves the run's other random numbers alone.
    same = dataclasses.replace(specification(AugmentationSpec(crop=1)), seed=1)
    own = augment.crop
    try:
        augment.crop = lambda x, draws, padding: (own(x, draws, padding), x)[1]
        assert torch.equal(weights(loop.fit(same)[1]), plain)
    finally:
        augment.crop = own


def test_evaluation_and_data_stay_as_they_are(small_data):
    here = run.Run(specification(), torch.device("cpu"), None, World())
    before = here.splits.train.x.clone()
    for _ in range(3):
        here.gradients()
    assert torch.equal(here.splits.train.x, before)
    assert data.flip is augment.flip


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"flip": 2}, "probability"),
        ({"flip": True}, "probability"),
        ({"crop": 1.5}, "whole number"),
        ({"crop": -1}, "at least 0"),
        ({"mixup": -0.1}, "at least 0"),
    ],
)
def test_impossible_settings_are_refused(changes, named):
    with pytest.raises(SpecificationError, match=named):
        AugmentationSpec(**changes)
