"""Elastic-SGD with several replicas: twin, reductions, symmetry."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_checks import alike, followed, reordered
from reference.optim_problems import PROBLEMS, flat, make, train
from reference.optim_replicas import elastic_sgd
from reference.replica_problems import Ensemble, replica, twin_problem

from landscape import optim

NONE = float("inf")
VARIANTS = [
    {"lr": 0.1},
    {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-2, "batches_per_epoch": 20},
    {"lr": 0.05, "rho": 2.0, "momentum": 0.5, "master": "printed", "lr_master": 0.2},
]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("hyper", VARIANTS)
def test_three_replicas_follow_the_twin(hyper, problem):
    ensemble = Ensemble("elastic_sgd", hyper, problem)
    start = ensemble.weights()
    assert followed(ensemble, elastic_sgd(*twin_problem(problem), 100, **hyper), 100) < 1e-10
    assert (ensemble.weights() - start).abs().min(1).values.max() > 1e-6
    assert (ensemble.weights()[0] - ensemble.weights()[1]).abs().max() > 1e-3, "they differ"


@pytest.mark.parametrize("problem", PROBLEMS)
def test_one_replica_is_nesterov_sgd(problem):
    """Its master is itself, so that the coupling does nothing."""
    hyper = {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-2}
    elastic, plain = PROBLEMS[problem](), PROBLEMS[problem]()
    optimizer = make("elastic_sgd", hyper, elastic)
    assert not optimizer.own_answer
    train(elastic, optimizer, 100)
    train(plain, make("sgd", {**hyper, "nesterov": True}, plain), 100)
    assert torch.allclose(flat(elastic), flat(plain), rtol=0, atol=1e-12)


def test_without_coupling_every_replica_is_sgd():
    hyper = {"lr": 0.05, "momentum": 0.9}
    ensemble = Ensemble("elastic_sgd", {**hyper, "rho": NONE}, n=3)
    alone = [Ensemble("sgd", {**hyper, "nesterov": True}, order=[a], n=1) for a in range(3)]
    for e in (ensemble, *alone):
        e.train(50)
    expected = torch.cat([e.weights() for e in alone])
    assert torch.allclose(ensemble.weights(), expected, rtol=0, atol=1e-12)
    assert torch.allclose(ensemble.answers()[0], expected.mean(0), rtol=0, atol=1e-12)


def test_the_fixed_point_minimises_the_coupled_loss():
    """Quadratic losses 0.5 (w - c_a)^2: (5.1) is minimal at x = mean c, x^a between x and c_a."""
    centres = torch.tensor([0.0, 3.0, 9.0], dtype=torch.float64)
    for master in ("fresh", "printed"):
        w = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in centres]
        optimizer = optim.build("elastic_sgd", [[p] for p in w], lr=0.1, rho=0.5, master=master)
        for _ in range(600):
            optimizer.zero_grad()
            (0.5 * (torch.cat(w) - centres).square().sum()).backward()
            optimizer.step()
        x = centres.mean()
        expected = (centres + x / 0.5) / (1 + 1 / 0.5)
        assert torch.allclose(torch.cat(w).detach(), expected, rtol=0, atol=1e-12)
        with optimizer.solution():
            assert torch.allclose(torch.cat(w), x.expand(3), rtol=0, atol=1e-12)


@pytest.mark.parametrize("hyper", VARIANTS)
def test_order_of_replicas_does_not_matter(hyper):
    assert reordered("elastic_sgd", hyper, 40) <= 1e-12


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(2, 5),
    lr=st.floats(0.0, 0.1),
    rho=st.floats(0.2, 10.0),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    master=st.sampled_from(["fresh", "printed"]),
)
def test_equal_replicas_with_equal_data_behave_as_one(n, lr, rho, momentum, master):
    hyper = {"lr": lr, "rho": rho, "momentum": momentum, "master": master}
    hyper["lr"] = min(lr, 0.3 * rho)
    assert alike("elastic_sgd", hyper, n, 30) <= 1e-10


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize(
    ("master", "limits"), [("fresh", (2.0, 3.8 / 2.8)), ("printed", (1.0, 1.9 / 2.8))]
)
def test_the_stated_limits_of_stability(master, limits, momentum):
    """On a flat loss after one kick, just below and just above the limits of the docstring."""
    limit = limits[momentum > 0]
    away = {}
    for factor in (0.97, 1.03):
        w = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(2)]
        optimizer = optim.build(
            "elastic_sgd", [[p] for p in w], lr=factor * limit, momentum=momentum, master=master
        )
        for k in range(800):
            for p, kick in zip(w, (1.0, 0.25), strict=True):
                p.grad = torch.full_like(p, kick if k == 0 else 0.0)
            optimizer.step()
        away[factor] = torch.cat(w).abs().max().item()
    assert away[0.97] < 1e2
    assert away[1.03] > 1e4


def test_rho_shrinks_once_a_step_down_to_its_clip():
    ensemble = Ensemble("elastic_sgd", {"batches_per_epoch": 4, "lr": 0.0})
    seen = []
    for k in range(40):
        seen.append(ensemble.optimizer.rho())
        ensemble.train(1, start=k)
    assert seen[:3] == pytest.approx([1, 0.875, 0.875**2])
    assert seen[-1] == 0.1
    assert min(seen) == 0.1
    given = Ensemble("elastic_sgd", {"scoping": {"kind": "linear", "updates": 2, "final": 0.5}})
    given.train(5)
    assert given.optimizer.rho() == 0.5


def test_a_missing_gradient_leaves_only_the_coupling():
    for momentum in (0.0, 0.9):
        ensemble = Ensemble("elastic_sgd", {"lr": 0.1, "rho": 0.5, "momentum": momentum})
        other = Ensemble("elastic_sgd", {"lr": 0.1, "rho": 0.5, "momentum": momentum})
        for k in range(3):
            for e, missing in ((ensemble, None), (other, 0.0)):
                e.optimizer.zero_grad()
                for a, model in enumerate(e.models):
                    model.loss(k + a).backward()
                    model.net[0].bias.grad = (
                        None if missing is None else torch.zeros_like(model.net[0].bias)
                    )
                e.optimizer.step()
        assert torch.equal(ensemble.weights(), other.weights())
        untrained = replica("mlp", 0).net[0].bias
        assert not torch.equal(ensemble.models[0].net[0].bias, untrained), "it was pulled"
