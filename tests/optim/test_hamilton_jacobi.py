"""HJ: reductions, the proximal point as oracle for both forms, what it keeps."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_checks import resumed
from reference.optim_problems import PROBLEMS, Classifier, Quadratic, flat, make, train
from scipy.optimize import brentq

from landscape import optim

CURVATURE = torch.tensor([0.3, 1.0, 4.0], dtype=torch.float64)
CENTRE = torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64)
START = torch.tensor([2.0, 3.0, -1.0], dtype=torch.float64)


def run(gradient, start, updates=1, **hyper):
    """Answer after some outer updates on a loss without mini-batches."""
    w = torch.nn.Parameter(start.clone())
    optimizer = optim.build("hamilton_jacobi", [w], gamma_decay=0.0, **hyper)
    for _ in range(updates * optimizer.gradients_per_update):
        w.grad = gradient(w.detach())
        optimizer.step()
    return w.detach()


def quadratic(y):
    return CURVATURE * (y - CENTRE)


def proximal(x, gamma):
    return (CURVATURE * CENTRE + x / gamma) / (CURVATURE + 1 / gamma)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(
    "hyper",
    [
        {},
        {"momentum": 0.9, "weight_decay": 1e-2, "gamma_decay": 0.02},
        {"momentum": 0.9, "momentum_outer": 0.3, "inner_buffer": "keep"},
    ],
)
def test_the_proximal_form_is_entropy_sgd_without_noise_and_average(problem, hyper):
    ours, theirs = PROBLEMS[problem](), PROBLEMS[problem]()
    hyper = {"gamma": 2.0, "lr": 0.3, **hyper}
    a = make("hamilton_jacobi", hyper, ours)
    entropic = {"form": "B", "alpha": 0.0, "temperature": 0.0, "L": 5, **hyper}
    b = make("entropy_sgd", entropic, theirs)
    for k in range(23):
        train(ours, a, 1, start=k)
        train(theirs, b, 1, start=k)
        assert torch.equal(flat(ours), flat(theirs))
        with a.solution(), b.solution():
            assert torch.equal(flat(ours), flat(theirs))
    assert a.scope() == b.scope()
    assert not torch.equal(flat(ours), flat(PROBLEMS[problem]()))


@settings(max_examples=20, deadline=None)
@given(
    gamma=st.sampled_from([1e-12, 1e-3, 1.0, 1e4, float("inf")]),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    weight_decay=st.sampled_from([0.0, 0.02]),
    lr=st.floats(0.0, 0.1),
)
def test_the_gradient_form_with_one_gradient_is_sgd(gamma, momentum, weight_decay, lr):
    ours, plain = Classifier(7), Classifier(7)
    hyper = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    smoothed = {"form": "gradient", "L": 1, "gamma": gamma, **hyper}
    train(ours, make("hamilton_jacobi", smoothed, ours), 30)
    train(plain, make("sgd", {"nesterov": momentum > 0, **hyper}, plain), 30)
    assert torch.allclose(flat(ours), flat(plain), rtol=0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    rate=st.floats(0.01, 0.3),
    L=st.integers(1, 6),
    outer=st.sampled_from([0.0, 0.9]),
    weight_decay=st.sampled_from([0.0, 0.02]),
)
def test_the_forms_are_one_where_the_force_forgets_at_once(rate, L, outer, weight_decay):
    """lr_inner = gamma: the last inner step forgets where it came from, (x - y) / gamma = g."""
    answers = []
    for form in ("proximal", "gradient"):
        model = Classifier(7)
        hyper = {"lr": 0.05, "lr_inner": rate, "gamma": rate, "L": L, "gamma_decay": 0.0}
        hyper |= {"momentum_outer": outer, "weight_decay": weight_decay, "form": form}
        train(model, make("hamilton_jacobi", hyper, model), 6 * L)
        answers.append(flat(model))
    assert torch.allclose(*answers, rtol=0, atol=1e-12)


@pytest.mark.parametrize("form", ["proximal", "gradient"])
@pytest.mark.parametrize(("inner", "momentum"), [(0.2, 0.0), (0.02, 0.9)])
def test_both_forms_take_the_proximal_step(form, inner, momentum):
    gamma, eta = 0.5, 0.3
    x = START
    for updates in range(4):
        found = run(
            quadratic, START, updates, lr=eta, lr_inner=inner, gamma=gamma, L=600,
            momentum=momentum, momentum_outer=0.0, form=form,
        )  # fmt: skip
        assert torch.allclose(found, x, rtol=0, atol=1e-12)
        x = x - eta * quadratic(proximal(x, gamma))


@pytest.mark.parametrize("form", ["proximal", "gradient"])
def test_the_proximal_point_of_a_loss_that_is_not_quadratic(form):
    """f = y^4 / 4: the proximal point solves y^3 + (y - x) / gamma = 0."""
    gamma = 0.8
    found = run(lambda y: y**3, START, lr=gamma, lr_inner=0.05, gamma=gamma, L=800, form=form)
    for x, y in zip(START.tolist(), found.tolist(), strict=True):
        # With lr = gamma the step leads to the proximal point itself.
        assert y == pytest.approx(brentq(lambda v, x=x: v**3 + (v - x) / gamma, -9, 9), abs=1e-10)


@pytest.mark.parametrize("L", [1, 2, 5, 12])
def test_the_inner_loop_converges_at_its_exact_rate(L):
    """The error of y shrinks by 1 - eta_y (curvature + 1 / gamma) at every gradient.

    The gradient form uses L - 1 moves of y and the gradient there; the proximal form L moves, and
    turns the error into one of (x - y) / gamma.
    """
    gamma, eta, inner = 0.5, 0.3, 0.1
    away = START - proximal(START, gamma)
    factor = 1 - inner * (CURVATURE + 1 / gamma)
    exact = START - eta * quadratic(proximal(START, gamma))
    hyper = {"lr": eta, "lr_inner": inner, "gamma": gamma, "L": L}
    found = run(quadratic, START, form="gradient", **hyper)
    expected = exact - eta * CURVATURE * factor ** (L - 1) * away
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)
    found = run(quadratic, START, form="proximal", **hyper)
    assert torch.allclose(found, exact + eta / gamma * factor**L * away, rtol=0, atol=1e-12)


def test_the_working_points_of_the_two_forms_are_the_same_within_a_block():
    a, b = Classifier(7), Classifier(7)
    hyper = {"L": 6, "gamma": 1.0, "momentum": 0.9, "weight_decay": 0.01}
    first = make("hamilton_jacobi", {**hyper, "form": "proximal"}, a)
    second = make("hamilton_jacobi", {**hyper, "form": "gradient"}, b)
    for k in range(5):
        train(a, first, 1, start=k)
        train(b, second, 1, start=k)
        assert torch.equal(flat(a), flat(b))
    train(a, first, 1, start=5)
    train(b, second, 1, start=5)
    assert not torch.allclose(flat(a), flat(b), rtol=0, atol=1e-6)


def test_without_force_the_gradient_form_looks_ahead_along_sgd():
    model, plain = Classifier(7), Classifier(7)
    start = flat(model)
    hyper = {"form": "gradient", "gamma": float("inf"), "L": 4, "lr": 0.3, "lr_inner": 0.05}
    optimizer = make("hamilton_jacobi", hyper, model)
    train(model, optimizer, 4)
    train(plain, make("sgd", {"lr": 0.05}, plain), 3)
    plain.zero_grad()
    plain.loss(3).backward()
    ahead = torch.cat([p.grad.reshape(-1) for p in plain.parameters()])
    assert torch.allclose(flat(model), start - 0.3 * ahead, rtol=0, atol=1e-14)


def test_without_its_last_gradient_a_parameter_goes_back_to_x():
    model = Quadratic()
    optimizer = make("hamilton_jacobi", {"form": "gradient", "L": 3, "gamma": 2.0}, model)
    start = model.first.detach().clone()
    train(model, optimizer, 2)
    assert not torch.equal(model.first, start)
    optimizer.zero_grad()
    model.loss(2).backward()
    model.first.grad = None
    optimizer.step()
    assert torch.equal(model.first, start)
    assert not torch.equal(model.second, Quadratic().second)
    train(model, optimizer, 3, start=3)
    assert not torch.equal(model.first, start)


@pytest.mark.parametrize("form", ["proximal", "gradient"])
def test_nothing_is_drawn_and_no_average_is_kept(form):
    model = Quadratic()
    optimizer = make("hamilton_jacobi", {"form": form, "momentum": 0.9, "gamma": 2.0}, model)
    before = optimizer.generator.get_state()
    train(model, optimizer, 11)
    assert torch.equal(optimizer.generator.get_state(), before)
    assert set(optimizer.state[model.first]) == {"x", "cycle", "inner", "outer"}


def test_defaults_are_those_of_the_work():
    optimizer = optim.build("hamilton_jacobi", Quadratic().parameters())
    group = optimizer.param_groups[0]
    assert (group["lr"], group["lr_inner"], group["gamma"]) == (0.1, 0.1, 0.5)
    assert optimizer.gradients_per_update == 5
    assert optimizer.scoping(1e4, 1) == pytest.approx(1e4 / 1.001)


@settings(max_examples=15, deadline=None)
@given(
    before=st.integers(0, 12),
    after=st.integers(1, 12),
    L=st.integers(1, 5),
    form=st.sampled_from(["proximal", "gradient"]),
    buffer=st.sampled_from(["reset", "keep"]),
)
def test_any_cycle_resumes_at_any_step(before, after, L, form, buffer):
    hyper = {"L": L, "gamma": 3.0, "momentum": 0.9, "lr": 0.05, "form": form}
    hyper |= {"inner_buffer": buffer}
    straight, again = resumed("hamilton_jacobi", hyper, before, after)
    assert torch.equal(again, straight)
