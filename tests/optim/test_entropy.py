"""Entropy-SGD and Entropy-Adam: reductions, noise, cycle."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_checks import resumed
from reference.optim_problems import PROBLEMS, Classifier, Quadratic, draws, flat, make, train

from landscape import optim

NONE = float("inf")


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
def test_one_inner_step_without_force_or_average_is_sgd(problem, weight_decay):
    reduced = {"L": 1, "alpha": 0.0, "gamma": NONE, "lr": 1.0, "temperature": 0.0}
    reduced |= {"lr_inner": 0.07, "weight_decay": weight_decay}
    for form in ("A", "C"):
        entropic = PROBLEMS[problem]()
        plain = PROBLEMS[problem]()
        if form == "C":
            reduced.pop("temperature", None)
        train(entropic, make("entropy_sgd", {"form": form, **reduced}, entropic), 100)
        train(plain, make("sgd", {"lr": 0.07, "weight_decay": weight_decay}, plain), 100)
        assert torch.allclose(flat(entropic), flat(plain), rtol=0, atol=1e-12)
        assert not torch.equal(flat(plain), flat(PROBLEMS[problem]()))


def test_with_an_average_the_rate_is_one_minus_alpha():
    entropic, plain = Quadratic(), Quadratic()
    reduced = {"L": 1, "alpha": 0.25, "gamma": NONE, "temperature": 0.0, "lr_inner": 0.08}
    train(entropic, make("entropy_sgd", reduced, entropic), 50)
    train(plain, make("sgd", {"lr": 0.06}, plain), 50)
    assert torch.allclose(flat(entropic), flat(plain), rtol=0, atol=1e-12)


def test_outer_momentum_without_inner_work_is_nesterov_sgd():
    entropic, plain = Quadratic(), Quadratic()
    reduced = {"L": 1, "alpha": 0.0, "gamma": NONE, "temperature": 0.0, "lr_inner": 0.05}
    train(entropic, make("entropy_sgd", {**reduced, "momentum_outer": 0.9}, entropic), 100)
    train(plain, make("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, plain), 100)
    assert torch.allclose(flat(entropic), flat(plain), rtol=0, atol=1e-12)


def test_keeping_the_inner_buffer_over_a_cycle_of_one_is_nesterov_sgd():
    entropic, plain = Quadratic(), Quadratic()
    reduced = {"L": 1, "alpha": 0.0, "gamma": NONE, "temperature": 0.0, "lr_inner": 0.05}
    reduced |= {"momentum": 0.9, "momentum_outer": 0.0, "inner_buffer": "keep"}
    train(entropic, make("entropy_sgd", reduced, entropic), 100)
    train(plain, make("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, plain), 100)
    assert torch.allclose(flat(entropic), flat(plain), rtol=0, atol=1e-12)


def test_entropy_adam_with_a_trivial_inner_loop_is_adam():
    """(x - z) / gamma = (lr_inner / gamma) g, and Adam does not see a constant factor."""
    entropic, plain = Classifier(7), Classifier(7)
    reduced = {"L": 1, "alpha": 0.0, "gamma": 4.0, "temperature": 0.0, "lr_inner": 0.1}
    # In the first inner step y = x, so a finite scope exerts no force either.
    reduced |= {"betas": (0.9, 0.999), "eps": 1e-8 * 0.1 / 4.0}
    train(entropic, make("entropy_adam", {**reduced, "lr": 1e-2}, entropic), 60)
    train(plain, make("adam", {"lr": 1e-2}, plain), 60)
    assert torch.allclose(flat(entropic), flat(plain), rtol=0, atol=1e-10)


def test_the_inner_loop_finds_the_proximal_point():
    """On 0.5 |y|^2 the loop without averaging converges to x / (1 + gamma)."""
    w = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    optimizer = optim.build(
        "entropy_sgd", [w], L=200, alpha=0.0, gamma=2.0, gamma_decay=0.0, temperature=0.0
    )
    for _ in range(200):
        optimizer.zero_grad()
        (0.5 * w**2).sum().backward()
        optimizer.step()
    assert w.item() == pytest.approx(3.0 / (1 + 2.0), abs=1e-12)


@pytest.mark.parametrize(("form", "factor"), [("A", 2.0), ("B", 1.0)])
def test_noise_has_the_variance_of_its_form(form, factor):
    w = torch.nn.Parameter(torch.zeros(200_000, dtype=torch.float64))
    w.grad = torch.zeros_like(w)
    optimizer = optim.build(
        "entropy_sgd", [w], form=form, lr_inner=0.1, temperature=1e-4, L=3, gamma=1e6,
        generator=draws(),
    )  # fmt: skip
    optimizer.step()
    spread = math.sqrt(factor * 0.1 * 1e-4)
    n = w.numel()
    assert abs(w.mean()) < 4 * spread / math.sqrt(n)
    assert w.std().item() == pytest.approx(spread, rel=4 / math.sqrt(2 * n))
    first = w.detach().clone()
    optimizer.step()
    second = w.detach() - first
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1]) < 4.5 / math.sqrt(n)


@pytest.mark.parametrize("name", ["entropy_sgd", "entropy_adam"])
def test_stationary_variance_of_the_inner_loop(name):
    """Langevin dynamics on 0.5 y^2 + y^2 / (2 gamma), x = 0: variance temperature / (1 + 1/gamma).

    The discrete chain y <- (1 - a) y + sqrt(2 eta T) N, a = eta (1 + 1/gamma), has
    2 eta T / (1 - (1 - a)^2).
    """
    w = torch.nn.Parameter(torch.zeros(40_000, dtype=torch.float64))
    eta, T, gamma = 0.1, 0.01, 2.0
    optimizer = optim.build(
        name, [w], L=1000, lr_inner=eta, temperature=T, gamma=gamma, generator=draws()
    )
    for _ in range(120):
        w.grad = w.detach().clone()
        optimizer.step()
    a = eta * (1 + 1 / gamma)
    expected = 2 * eta * T / (1 - (1 - a) ** 2)
    assert w.var().item() == pytest.approx(expected, rel=4 * math.sqrt(2 / w.numel()))
    assert expected == pytest.approx(T / (1 + 1 / gamma), rel=0.1)


@pytest.mark.parametrize("name", ["entropy_sgd", "entropy_adam"])
def test_at_zero_temperature_nothing_is_drawn(name):
    model = Quadratic()
    optimizer = make(name, {"temperature": 0.0, "L": 2}, model)
    before = optimizer.generator.get_state()
    train(model, optimizer, 5)
    assert torch.equal(optimizer.generator.get_state(), before)
    optimizer.param_groups[0]["temperature"] = 1e-6
    train(model, optimizer, 1)
    assert not torch.equal(optimizer.generator.get_state(), before)


def test_gradients_per_update_counts_every_gradient():
    for convention, expected in (("thesis", 7), ("authors", 8)):
        model = Quadratic()
        optimizer = make("entropy_sgd", {"L": 7, "convention": convention}, model)
        assert optimizer.gradients_per_update == expected
        train(model, optimizer, expected - 1)
        assert optimizer.updates == 0
        train(model, optimizer, 1)
        assert optimizer.updates == 1
    assert make("sgd", {}, Quadratic()).gradients_per_update == 1


def test_the_authors_first_gradient_only_starts_the_momentum():
    model = Quadratic()
    optimizer = make("entropy_sgd", {"convention": "authors", "L": 2, "momentum": 0.9}, model)
    start = flat(model)
    train(model, optimizer, 1)
    assert torch.equal(flat(model), start)
    gradient = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
    kept = torch.cat([optimizer.state[p]["outer"].reshape(-1) for p in model.parameters()])
    assert torch.equal(kept, gradient)
    train(model, optimizer, 2, start=1)
    before = [optimizer.state[p]["outer"].clone() for p in model.parameters()]
    train(model, optimizer, 1, start=3)
    after = [optimizer.state[p]["outer"] for p in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_the_scope_shrinks_once_an_update():
    model = Quadratic()
    optimizer = make("entropy_sgd", {"L": 3, "gamma": 8.0, "gamma_decay": 0.25}, model)
    seen = []
    for k in range(7):
        seen.append(optimizer.scope())
        train(model, optimizer, 1, start=k)
    assert seen == pytest.approx([8.0] * 3 + [6.4] * 3 + [5.12])
    assert make("entropy_sgd", {}, model).scoping(1e4, 1) == pytest.approx(1e4 / 1.001)
    authors = make("entropy_sgd", {"convention": "authors"}, model)
    assert authors.scoping(1e4, 1000) == 1e4, "their counter stands still"


def test_a_vanishing_scope_is_an_error_not_a_division_by_zero():
    model = Quadratic()
    optimizer = make("entropy_sgd", {"scoping": lambda gamma, t: gamma - t, "gamma": 1.0}, model)
    optimizer._counters["updates"] = 1
    with pytest.raises(optim.HyperparameterError, match="scope must stay positive"):
        train(model, optimizer, 1)


def test_a_strong_force_holds_the_iterates_back():
    away = {}
    for gamma in (0.2, 1e4):
        model = Quadratic()
        start = flat(model)
        train(model, make("entropy_sgd", {"L": 20, "gamma": gamma, "temperature": 0.0}, model), 19)
        away[gamma] = (flat(model) - start).norm().item()
    assert away[0.2] < 0.3 * away[1e4]


def test_freezing_in_the_middle_of_a_cycle_stops_the_parameter_where_it_is():
    model = Quadratic()
    optimizer = make("entropy_sgd", {"L": 3, "gamma": 5.0}, model)
    train(model, optimizer, 1)
    model.first.requires_grad_(False)
    held = model.first.detach().clone()
    for k in range(1, 8):
        train(model, optimizer, 1, start=k)
        assert torch.equal(model.first, held)
        with optimizer.solution():
            assert torch.equal(model.first, held)
    model.first.requires_grad_(True)
    train(model, optimizer, 1, start=8)
    assert not torch.equal(model.first, held)
    with optimizer.solution():
        assert (model.first - held).norm() < 0.2 * held.norm(), "it starts from what it held"


@settings(max_examples=25, deadline=None)
@given(
    cut=st.integers(1, 26),
    L=st.integers(1, 6),
    gamma=st.floats(0.5, 1e4),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    alpha=st.floats(0.0, 0.9),
    steps=st.integers(1, 20),
)
def test_how_weights_are_cut_into_parameters_does_not_matter(cut, L, gamma, momentum, alpha, steps):
    """Coordinatewise methods: one vector of 27, two tensors or two groups give one run."""
    curvature = torch.linspace(0.1, 2, 27, dtype=torch.float64)
    start = torch.linspace(-1, 2, 27, dtype=torch.float64)
    hyper = {"L": L, "gamma": gamma, "momentum": momentum, "alpha": alpha, "temperature": 0.0}

    def run(pieces, grouped):
        parameters = [torch.nn.Parameter(p.clone()) for p in pieces]
        groups = [{"params": [p]} for p in parameters] if grouped else parameters
        optimizer = optim.build("entropy_sgd", groups, **hyper)
        for _ in range(steps):
            optimizer.zero_grad()
            (0.5 * (curvature * torch.cat(parameters) ** 2).sum()).backward()
            optimizer.step()
        with optimizer.solution():
            return torch.cat(parameters).detach().clone()

    whole = run([start], grouped=False)
    parts = [start[:cut], start[cut:]]
    assert torch.allclose(run(parts, grouped=False), whole, rtol=0, atol=1e-13)
    assert torch.allclose(run(parts, grouped=True), whole, rtol=0, atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(
    before=st.integers(0, 20),
    after=st.integers(1, 20),
    L=st.integers(1, 7),
    convention=st.sampled_from(["thesis", "authors"]),
    buffer=st.sampled_from(["reset", "keep"]),
)
def test_any_cycle_resumes_at_any_step(before, after, L, convention, buffer):
    hyper = {"L": L, "gamma": 3.0, "momentum": 0.9, "lr": 0.3, "temperature": 1e-4}
    hyper |= {"convention": convention, "inner_buffer": buffer}
    straight, again = resumed("entropy_sgd", hyper, before, after)
    assert torch.equal(again, straight)
