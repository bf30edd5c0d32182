"""Parle with several replicas: twin, reductions, the stability trap, symmetry."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_checks import alike, followed, reordered, worst
from reference.optim_problems import PROBLEMS, Quadratic, flat, make, train
from reference.optim_replicas import authors_parle, parle
from reference.replica_problems import Ensemble, twin_problem

from landscape import optim

NONE = float("inf")
VARIANTS = [
    {"L": 4, "lr": 0.3, "lr_inner": 0.1, "gamma": 5.0},
    {
        "L": 5, "lr": 0.2, "lr_inner": 0.05, "momentum": 0.9, "weight_decay": 1e-2,
        "batches_per_epoch": 10,
    },
    {
        "L": 3, "lr": 0.1, "gamma": 2.0, "rho": 0.7, "momentum": 0.9, "momentum_outer": 0.5,
        "inner_buffer": "keep", "master": "printed", "alpha": 0.6,
    },
    {"L": 25, "lr": 0.1, "momentum": 0.9, "batches_per_epoch": 2, "master": "printed"},
]  # fmt: skip
AUTHORS = [
    {"L": 4, "lr": 0.05, "momentum": 0.9, "batches_per_epoch": 10},
    {"L": 3, "lr": 0.1, "lr_inner": 0.05, "gamma": 5.0, "rho": 2.0},
]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(
    ("convention", "hyper"),
    [("thesis", hyper) for hyper in VARIANTS] + [("authors", hyper) for hyper in AUTHORS],
)
def test_three_replicas_follow_the_twin(convention, hyper, problem):
    ensemble = Ensemble("parle", {**hyper, "convention": convention}, problem)
    start = ensemble.weights()
    twin = parle if convention == "thesis" else authors_parle
    assert followed(ensemble, twin(*twin_problem(problem), 100, **hyper), 100) < 1e-10
    assert (ensemble.weights() - start).abs().max() > 1e-2
    assert (ensemble.weights()[0] - ensemble.weights()[1]).abs().max() > 1e-4, "they differ"


# Reductions (Chaudhari 2018, section 5.3.1, with the conditions of erratum 28)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("alpha", "rate"), [(0.0, 0.08), (0.25, 0.06)])
def test_sgd(problem, alpha, rate):
    hyper = {
        "L": 1,
        "lr": 1.0,
        "lr_inner": 0.08,
        "gamma": NONE,
        "rho": NONE,
        "alpha": alpha,
        "momentum": 0.0,
    }
    reduced, plain = PROBLEMS[problem](), PROBLEMS[problem]()
    train(reduced, make("parle", {**hyper, "weight_decay": 1e-2}, reduced), 100)
    train(plain, make("sgd", {"lr": rate, "weight_decay": 1e-2}, plain), 100)
    assert torch.allclose(flat(reduced), flat(plain), rtol=0, atol=1e-12)
    assert not torch.equal(flat(plain), flat(PROBLEMS[problem]()))


def test_nesterov_sgd():
    hyper = {"L": 1, "lr": 1.0, "lr_inner": 0.05, "gamma": NONE, "rho": NONE, "alpha": 0.0}
    hyper |= {"momentum": 0.9, "momentum_outer": 0.0, "inner_buffer": "keep"}
    reduced, plain = Quadratic(), Quadratic()
    train(reduced, make("parle", hyper, reduced), 100)
    train(plain, make("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, plain), 100)
    assert torch.allclose(flat(reduced), flat(plain), rtol=0, atol=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("master", ["fresh", "printed"])
def test_elastic_sgd(problem, master):
    """(eta0 / rho) (x^a - x) with lr = 1: the coupling is rho / eta0 in Parle's normalisation."""
    hyper = {"L": 1, "lr": 1.0, "lr_inner": 0.1, "gamma": NONE, "rho": 0.8 / 0.1, "alpha": 0.0}
    hyper |= {"momentum": 0.0}
    reduced = Ensemble("parle", {**hyper, "master": master}, problem)
    elastic = Ensemble("elastic_sgd", {"lr": 0.1, "rho": 0.8, "master": master}, problem)
    for e in (reduced, elastic):
        e.train(100)
    assert worst(reduced, elastic) <= 1e-12


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("rho", [NONE, 0.5])
def test_entropy_sgd_in_form_c(problem, rho):
    """One replica is its own fresh master, so that no rho exerts a force."""
    hyper = {"L": 5, "lr": 0.3, "lr_inner": 0.1, "gamma": 20.0, "alpha": 0.25, "momentum": 0.9}
    hyper |= {"weight_decay": 1e-2}
    decay = {"kind": "exponential", "rate": 1e-2}
    reduced, entropic = PROBLEMS[problem](), PROBLEMS[problem]()
    one = make("parle", {**hyper, "rho": rho, "scoping_gamma": decay}, reduced)
    train(reduced, one, 100)
    other = make("entropy_sgd", {**hyper, "form": "C", "scoping": decay}, entropic)
    train(entropic, other, 100)
    assert torch.allclose(flat(reduced), flat(entropic), rtol=0, atol=1e-12)
    with one.solution(), other.solution():
        assert torch.allclose(flat(reduced), flat(entropic), rtol=0, atol=1e-12)


def test_fixed_rates_would_stand_still():
    """Erratum 28: eta1 / gamma -> 0 with gamma = inf; here lr = eta1 / gamma is what is set."""
    model = Quadratic()
    start = flat(model)
    train(model, make("parle", {"L": 1, "lr": 0.0, "lr_inner": 0.1, "gamma": NONE}, model), 5)
    assert torch.equal(flat(model), start)


# The stability trap


def spread_map(lr, rho, momentum, master):
    """(x, v, master) of the mean of the replicas -> the same after a synchronisation, z = x."""
    d = np.array([1, 0, -1]) / rho
    v = momentum * np.array([0, 1, 0]) + d
    x = np.array([1, 0, 0]) - lr * (d + momentum * v)
    return np.stack([x, v, np.array([1, 0, 0]) if master == "printed" else x])


def radius(matrix):
    """Largest eigenvalue but the 1 of a common shift of replicas and master."""
    values = np.linalg.eigvals(matrix)
    return np.abs(np.delete(values, np.argmin(np.abs(values - 1)))).max()


def kicked(master, lr=0.1, rho=0.1, momentum=0.9, n=3, cycles=60):
    """Distance of the replicas from the origin after each synchronisation on a flat loss."""
    w = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(n)]
    optimizer = optim.build(
        "parle", [[p] for p in w], L=1, lr=lr, rho=rho, momentum=momentum, gamma=NONE,
        master=master,
    )  # fmt: skip
    means = []
    for k in range(cycles):
        for p in w:
            p.grad = torch.full_like(p, float(k == 0))
        optimizer.step()
        means.append(torch.cat(w).mean().item())
    return np.abs(np.diff(means))


def test_the_printed_master_diverges_at_the_works_own_clip():
    """eta = rho = 0.1, momentum 0.9: a factor of 1.57 a synchronisation, as the linear map says."""
    expected = radius(spread_map(0.1, 0.1, 0.9, "printed"))
    assert expected == pytest.approx(1.57, abs=0.005)
    moves = kicked("printed")
    measured = (moves[-1] / moves[-21]) ** (1 / 20)
    assert measured == pytest.approx(expected, rel=1e-6)
    assert moves[-1] > 1e6


def test_the_fresh_master_converges_there():
    assert radius(spread_map(0.1, 0.1, 0.9, "fresh")) == pytest.approx(0.9)
    moves = kicked("fresh")
    assert moves[-1] < 1e-3
    assert (moves[-1] / moves[-21]) ** (1 / 20) == pytest.approx(0.9, rel=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_stated_limit_of_the_printed_master(momentum):
    limit = (1 + momentum) / (1 + 2 * momentum)
    assert radius(spread_map(limit - 1e-3, 1.0, momentum, "printed")) < 1
    assert radius(spread_map(limit, 1.0, momentum, "printed")) == pytest.approx(1)
    assert radius(spread_map(limit + 1e-3, 1.0, momentum, "printed")) > 1


def test_on_a_real_loss_the_trap_closes_too():
    hyper = {"L": 10, "lr": 0.1, "lr_inner": 0.1, "rho": 0.1, "momentum": 0.9}
    size = {}
    for master in ("fresh", "printed"):
        ensemble = Ensemble("parle", {**hyper, "master": master}, "quadratic")
        ensemble.train(10 * 60)
        size[master] = ensemble.answers().abs().max().item()
    assert size["fresh"] < 5
    assert size["printed"] > 1e9


# Symmetry


@pytest.mark.parametrize("convention", ["thesis", "authors"])
def test_order_of_replicas_does_not_matter(convention):
    hyper = {"L": 4, "lr": 0.05, "momentum": 0.9, "convention": convention}
    assert reordered("parle", hyper, 30) <= 1e-12


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(2, 5),
    L=st.integers(1, 6),
    gamma=st.floats(0.5, 1e3),
    momentum=st.sampled_from([0.0, 0.9]),
    alpha=st.floats(0.0, 0.9),
    master=st.sampled_from(["fresh", "printed"]),
    steps=st.integers(1, 30),
)
def test_equal_replicas_with_equal_data_behave_as_one(n, L, gamma, momentum, alpha, master, steps):
    hyper = {"L": L, "gamma": gamma, "momentum": momentum, "alpha": alpha, "master": master}
    hyper["lr"] = 0.05
    assert alike("parle", hyper, n, steps) <= 1e-11


def test_a_strong_coupling_brings_the_replicas_together():
    spread = {}
    for rho in (0.3, 100.0):
        ensemble = Ensemble("parle", {"L": 5, "lr": 0.2, "rho": rho})
        ensemble.train(300)
        spread[rho] = ensemble.weights().var(0).sum().item()
    assert spread[0.3] < 0.1 * spread[100.0]


# Cycle, scoping


def test_the_answer_moves_once_in_a_cycle_and_is_the_mean():
    ensemble = Ensemble("parle", {"L": 4, "lr": 0.3, "lr_inner": 0.1})
    assert ensemble.optimizer.gradients_per_update == 4
    start = ensemble.answers()
    assert torch.allclose(start, ensemble.weights().mean(0).expand(3, -1), rtol=0, atol=1e-15)
    ensemble.train(3)
    assert torch.equal(ensemble.answers(), start)
    assert ensemble.optimizer.updates == 0
    ensemble.train(1, start=3)
    assert ensemble.optimizer.updates == 1
    assert not torch.equal(ensemble.answers(), start)
    mean = ensemble.weights().mean(0).expand(3, -1)
    assert torch.allclose(ensemble.answers(), mean, rtol=0, atol=1e-15)


def test_both_scopes_shrink_once_a_synchronisation_down_to_their_clips():
    hyper = {"L": 3, "gamma": 8.0, "batches_per_epoch": 2, "lr": 0.01}
    optimizer = (ensemble := Ensemble("parle", hyper, "quadratic")).optimizer
    seen = []
    for k in range(30):
        seen.append((optimizer.scope(), optimizer.rho()))
        ensemble.train(1, start=k)
    assert seen[0] == seen[2] == (8.0, 1.0)
    assert seen[3] == pytest.approx((6.0, 0.75))
    assert seen[6] == pytest.approx((4.5, 0.5625))
    assert seen[-1] == pytest.approx((1.0, 0.1))
    assert Ensemble("parle", {}).optimizer.scoping(100.0, 10**6) == 100.0
    # "gamma reaches 1 after 9.2 B synchronisations, rho 0.1 after 4.6 B"
    works = Ensemble("parle", {"batches_per_epoch": 100}).optimizer
    assert works.scoping(100.0, 918) > 1.0 == works.scoping(100.0, 919)
    assert works.scoping_rho(1.0, 459) > 0.1 == works.scoping_rho(1.0, 460)


def test_the_authors_counter_of_rho_is_one_synchronisation_ahead():
    hyper = {"L": 2, "lr": 0.01, "convention": "authors", "batches_per_epoch": 5}
    optimizer = (ensemble := Ensemble("parle", hyper, "quadratic")).optimizer
    first = optimizer.param_groups[0]["rho"]
    assert optimizer.rho() == pytest.approx(first / 1.1)
    assert optimizer.scope() == 100.0
    ensemble.train(2)
    assert optimizer.rho() == pytest.approx(first / 1.1**2)
    assert optimizer.scope() == pytest.approx(100 / 1.1)


def test_the_momentum_of_the_works_is_the_default():
    assert Ensemble("parle", {}).optimizer.param_groups[0]["momentum"] == 0.9


def test_the_authors_defaults():
    optimizer = Ensemble("parle", {"convention": "authors", "batches_per_epoch": 50}).optimizer
    group = optimizer.param_groups[0]
    assert group["alpha"] == 0.75
    assert group["rho"] == pytest.approx(4 / 3)
    assert optimizer.scoping(100.0, 10) == pytest.approx(100 / 1.01**10)
    group["lr"] = 0.01  # the rate inside follows the schedule, too
    assert optimizer._lr_inner(group) == 0.01


def test_the_inner_rate_is_the_initial_learning_rate():
    ensemble = Ensemble("parle", {"lr": 0.2})
    scheduler = torch.optim.lr_scheduler.StepLR(ensemble.optimizer, 1, gamma=0.1)
    ensemble.train(2)
    scheduler.step()
    group = ensemble.optimizer.param_groups[0]
    assert group["lr"] == pytest.approx(0.02)
    assert group["lr_inner"] == 0.2


def test_a_missing_gradient_leaves_only_the_coupling():
    """y = z = x^a for a tensor that has no gradient in a whole cycle."""
    ensemble = Ensemble("parle", {"L": 2, "lr": 0.4, "rho": 1.0, "momentum": 0.0})
    bias = [m.net[0].bias for m in ensemble.models]
    before = torch.stack([b.detach().clone() for b in bias])
    for k in range(2):
        ensemble.optimizer.zero_grad()
        for a, model in enumerate(ensemble.models):
            model.loss(k + a).backward()
            model.net[0].bias.grad = None
        ensemble.optimizer.step()
        if k == 0:
            assert torch.equal(torch.stack(list(bias)), before)
    expected = before - 0.4 * (before - before.mean(0))
    assert torch.allclose(torch.stack(list(bias)), expected, rtol=0, atol=1e-14)
