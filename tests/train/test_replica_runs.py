"""Replicas in one process: their random numbers, their data, their epochs, their answer."""

import dataclasses

import numpy as np
import pytest
import torch

from landscape import optim
from landscape.optim import scoping
from landscape.train import loop, run
from landscape.train.distributed import World
from landscape.train.evaluate import loss_and_error
from landscape.train.run import Run
from landscape.train.spec import DataSpec, ReplicaSpec, RunSpec, SpecificationError
from landscape.train.split import replica_subsets
from landscape.train.streams import Replica

CPU = torch.device("cpu")


def specification(optimizer="parle", *, options=None, count=3, fraction=None, same=True, **changes):
    values = {
        "experiment": "a-test",
        "method": optimizer,
        "seed": 4,
        "model": "mnistfc_ch3",  # has dropout
        "model_options": {"width": 8},
        "optimizer": optimizer,
        "optimizer_options": options or {"lr": 0.1, **({"L": 3} if optimizer == "parle" else {})},
        "data": DataSpec(holdout=0.2),
        "batch_size": 16,
        "epochs": 1.0,
        "evaluation_samples": 64,
        "replicas": ReplicaSpec(count, fraction, same),
    }
    return RunSpec(**{**values, **changes})


def built(spec):
    return Run(spec, CPU, None, World())


@pytest.mark.parametrize("same_start", [True, False])
def test_a_replica_draws_the_same_alone_and_among_others(small_data, same_start):
    spec = specification(same=same_start)
    together = built(spec)
    seen = []
    for replica in together.replicas:
        with replica.turn():
            replica.model.train()
            outputs = [replica.model(together.splits.train.x[replica.batch(k)]) for k in range(3)]
        seen.append(torch.stack(outputs))
    for number in (2, 0, 1):
        alone = Replica(spec, number, CPU, 96)
        alone.model.train()
        x = together.splits.train.x
        outputs = torch.stack([alone.model(x[alone.batch(k)]) for k in range(3)])
        assert torch.equal(outputs, seen[number])
    assert not torch.equal(seen[0], seen[1])


def test_turns_are_independent_of_their_order(small_data):
    def drawn(turns):
        replicas = built(specification()).replicas
        found = {0: [], 1: [], 2: []}
        for number in turns:
            with replicas[number].turn():
                found[number].append(float(torch.rand(())))
        return found

    assert drawn([0, 1, 2, 0, 1, 2]) == drawn([2, 2, 1, 0, 0, 1])


def test_the_first_of_uncoupled_replicas_is_a_run_of_one_network(small_data):
    def weights(optimizer, options, count):
        run_ = built(specification(optimizer, options=options, count=count, epochs=2.0))
        run_.optimizer.prepare()
        while run_.step < run_.total_steps:
            run_.gradients()
            run_.optimizer.step()
            run_.step += 1
        return torch.cat([p.flatten() for p in run_.model.parameters()])

    alone = weights("sgd", {"lr": 0.1}, 1)
    first = weights("elastic_sgd", {"lr": 0.1, "rho": float("inf")}, 3)
    assert torch.equal(alone, first)


def test_same_start_or_not(small_data):
    def starts(same):
        return [
            torch.cat([p.flatten() for p in replica.model.parameters()])
            for replica in built(specification(same=same)).replicas
        ]

    first, second, third = starts(True)
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    others = starts(False)
    assert torch.equal(first, others[0])
    assert not torch.equal(others[0], others[1])
    assert not torch.equal(others[1], others[2])


def test_orders_differ(small_data):
    batches = [replica.batch(0) for replica in built(specification()).replicas]
    assert not torch.equal(batches[0], batches[1])
    assert not torch.equal(batches[1], batches[2])


def test_each_replica_draws_from_its_own_part(small_data):
    run_ = built(specification(fraction=0.5))
    parts = replica_subsets(96, 3, 0.5, 4)
    for replica, part in zip(run_.replicas, parts, strict=True):
        epoch = torch.cat([replica.batch(step) for step in range(3)])
        assert np.array_equal(np.sort(epoch.numpy()), part)
        again = torch.cat([replica.batch(step) for step in range(3, 6)])
        assert not torch.equal(epoch, again)
        assert np.array_equal(np.sort(again.numpy()), part)


def test_epochs_count_a_replicas_own_data_and_the_history_the_whole(small_data):
    frame = loop.fit(specification(fraction=0.5, epochs=2.0))[0].frame()
    assert frame["step"].iloc[-1] == 2 * 3 * 3  # epochs x own mini-batches x L
    assert frame["effective_epoch"].iloc[-1] == 18 / 6
    whole = loop.fit(specification(epochs=2.0))[0].frame()
    assert whole["step"].iloc[-1] == 2 * 6 * 3
    assert whole["effective_epoch"].iloc[-1] == 6


def test_the_scoping_gets_the_mini_batches_of_the_whole_data_set(small_data):
    rule = built(specification(fraction=0.5)).optimizer.scoping_rho
    assert rule == scoping.Bounded(1 / 12, 0.1, "multiply")
    options = {"lr": 0.1, "L": 3, "batches_per_epoch": 50}
    rule = built(specification(options=options)).optimizer.scoping_rho
    assert rule == scoping.Bounded(1 / 100, 0.1, "multiply")
    constant = built(specification(options={**options, "batches_per_epoch": None})).optimizer
    assert constant.scoping_rho(1.0, 10_000) == 1.0


@pytest.mark.parametrize(
    ("optimizer", "options", "count"),
    [
        ("parle", {"lr": 0.1, "L": 3}, 3),
        ("elastic_sgd", {"lr": 0.05, "momentum": 0.9}, 3),
        ("entropy_sgd", {"L": 3, "gamma": 1.0}, 1),
        ("heat_smoothing", {"lr": 0.05, "L": 2, "gamma": 1e-4}, 1),
        ("sgd", {"lr": 0.05}, 1),
    ],
)
def test_the_returned_network_gives_the_last_row(small_data, optimizer, options, count):
    spec = specification(
        optimizer, options=options, count=count, model="mnistfc_ch4", evaluations_per_epoch=2
    )
    history, model = loop.fit(spec)
    assert not model.training
    test = built(spec).splits.test
    row = history.frame().iloc[-1]
    assert loss_and_error(model, test.x, test.y) == (row["test_loss"], row["test_error"])


def test_statistics_of_the_answer_are_those_of_its_weights(small_data):
    spec = specification(model="mnistfc_ch4")
    model = loop.fit(spec)[1]
    layers = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    x = built(spec).splits.train.x[:64]
    inputs = []
    handle = layers[0].register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
    with torch.no_grad():
        model(x)
    handle.remove()
    assert torch.allclose(layers[0].running_mean, inputs[0].mean(0), atol=1e-5)


def test_a_run_of_replicas_learns(small_data):
    options = {"lr": 0.5, "lr_inner": 0.2, "momentum": 0.9, "momentum_outer": 0.0, "L": 3}
    options["batches_per_epoch"] = None  # so few of them would stiffen the coupling at once
    network = {"model": "mnistfc_ch2", "model_options": {"width": 12, "depth": 1}}
    frame = loop.fit(specification(options=options, epochs=15.0, **network))[0].frame()
    assert frame["training_loss"].iloc[-1] < 0.5 * frame["training_loss"].iloc[0]


def test_a_lost_replica_ends_the_run_as_diverged(small_data, monkeypatch):
    monkeypatch.setattr(run, "_ROUND", 4)
    compute = Run.gradients

    def poisoned(self):
        loss = compute(self)
        return loss * float("nan") if self.step == 6 else loss

    monkeypatch.setattr(Run, "gradients", poisoned)
    frame = loop.fit(specification(epochs=4.0))[0].frame()
    assert frame["diverged"].sum() == 1
    assert frame["diverged"].iloc[-1] == 1
    assert frame["step"].iloc[-1] == 8  # where the replicas compare notes


def test_a_diverging_coupling_is_no_exception(small_data):
    options = {"lr": 1e9, "momentum": 0.9}
    frame = loop.fit(specification("elastic_sgd", options=options, epochs=8.0))[0].frame()
    assert frame["diverged"].iloc[-1] == 1


def test_replicas_of_a_method_for_one_network_are_refused(small_data):
    with pytest.raises(SpecificationError, match="sgd trains one network, not 3 replicas") as found:
        loop.fit(specification("sgd", options={"lr": 0.1}))
    assert "\n" not in str(found.value)


def test_a_part_smaller_than_a_batch_is_refused(small_data):
    with pytest.raises(
        SpecificationError, match="larger than the 48 training samples of a replica"
    ):
        loop.fit(specification(fraction=0.5, batch_size=64))


def test_which_optimizers_train_replicas():
    assert [name for name in optim.names() if optim.trains_replicas(name)] == [
        "elastic_sgd",
        "parle",
    ]
    assert {"lr", "momentum"} <= set(optim.settings("sgd"))
    assert "params" not in optim.settings("sgd")


def test_one_replica_is_allowed(small_data):
    frame = loop.fit(specification(count=1))[0].frame()
    assert frame["diverged"].sum() == 0


def test_the_number_of_replicas_changes_the_digest():
    spec = specification()
    other = dataclasses.replace(spec, replicas=ReplicaSpec(3, 0.5))
    assert spec.digest() != other.digest()
