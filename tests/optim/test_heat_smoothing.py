"""HEAT: reductions, the Gaussian convolution as oracle, its moves, saving."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_checks import resumed
from reference.optim_problems import PROBLEMS, Classifier, Quadratic, draws, flat, make, train

from landscape import optim


def moments(values):
    """Mean and its standard error."""
    return values.mean().item(), values.std().item() / math.sqrt(values.numel())


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("hyper", [{}, {"momentum": 0.9, "weight_decay": 1e-2}])
def test_without_moves_and_with_one_gradient_it_is_sgd_bit_for_bit(problem, hyper):
    smooth, plain = PROBLEMS[problem](), PROBLEMS[problem]()
    train(smooth, make("heat_smoothing", {"gamma": 0.0, "L": 1, "lr": 0.07, **hyper}, smooth), 50)
    nesterov = {"nesterov": True} if hyper else {}
    train(plain, make("sgd", {"lr": 0.07, **hyper, **nesterov}, plain), 50)
    assert torch.equal(flat(smooth), flat(plain))
    assert not torch.equal(flat(plain), flat(PROBLEMS[problem]()))


@settings(max_examples=25, deadline=None)
@given(
    L=st.integers(1, 6),
    lr=st.floats(0.0, 0.3),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    weight_decay=st.sampled_from([0.0, 0.05]),
    updates=st.integers(1, 8),
)
def test_without_moves_it_is_sgd_on_the_mean_of_l_gradients(L, lr, momentum, weight_decay, updates):
    smooth, plain = Classifier(7), Classifier(7)
    hyper = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    train(smooth, make("heat_smoothing", {"gamma": 0.0, "L": L, **hyper}, smooth), L * updates)
    nesterov = optim.build("sgd", plain.parameters(), nesterov=momentum > 0, **hyper)
    for t in range(updates):
        nesterov.zero_grad()
        (sum(plain.loss(L * t + i) for i in range(L)) / L).backward()
        nesterov.step()
    assert torch.allclose(flat(smooth), flat(plain), rtol=0, atol=1e-12)


def test_without_moves_nothing_is_drawn_and_there_is_one_answer():
    model = Quadratic()
    optimizer = make("heat_smoothing", {"gamma": 0.0, "L": 3}, model)
    before = optimizer.generator.get_state()
    train(model, optimizer, 7)
    assert torch.equal(optimizer.generator.get_state(), before)
    assert not optimizer.own_answer
    assert make("heat_smoothing", {"gamma": 1e-9}, model).own_answer


@pytest.mark.parametrize("x", [-0.7, 0.0, 1.3])
def test_the_mean_gradient_is_that_of_the_gaussian_convolution(x):
    """f = w^4 / 4 + w^3: E f'(x + e) = x^3 + 3 x gamma + 3 (x^2 + gamma), for e ~ N(0, gamma)."""
    gamma, L = 0.3, 10
    w = torch.nn.Parameter(torch.full((20_000,), x, dtype=torch.float64))
    optimizer = optim.build("heat_smoothing", [w], gamma=gamma, L=L, lr=1.0, generator=draws())
    optimizer.prepare()
    for _ in range(L):
        optimizer.zero_grad()
        (w**4 / 4 + w**3).sum().backward()
        optimizer.step()
    with optimizer.solution():
        mean, error = moments(x - w.detach())
    smoothed = x**3 + 3 * x * gamma + 3 * (x**2 + gamma)
    assert abs(mean - smoothed) < 4 * error
    assert abs(mean - (x**3 + 3 * x**2)) > 10 * error or abs(smoothed - x**3 - 3 * x**2) < 0.1


def test_on_a_quadratic_the_expected_gradient_is_the_one_at_x():
    curvature, gamma, x = 2.0, 0.5, 1.5
    w = torch.nn.Parameter(torch.full((40_000,), x, dtype=torch.float64))
    optimizer = optim.build("heat_smoothing", [w], gamma=gamma, L=4, lr=1.0, generator=draws())
    optimizer.prepare()
    for _ in range(4):
        w.grad = curvature * w.detach()
        optimizer.step()
    with optimizer.solution():
        step = x - w.detach()
    mean, error = moments(step)
    assert abs(mean - curvature * x) < 4 * error
    expected = curvature * math.sqrt(gamma / 4)
    assert step.std().item() == pytest.approx(expected, rel=4 / math.sqrt(2 * w.numel()))


def test_the_moves_have_the_stated_variance_and_are_independent():
    n, gamma = 100_000, 0.04
    w = torch.nn.Parameter(torch.zeros(n, dtype=torch.float64))
    w.grad = torch.zeros_like(w)
    optimizer = optim.build("heat_smoothing", [w], gamma=gamma, L=2, generator=draws())
    optimizer.prepare()
    moves = []
    for _ in range(4):
        moves.append(w.detach().clone())
        optimizer.step()
    scope = [gamma, gamma, gamma / 1.001, gamma / 1.001]
    for e, variance in zip(moves, scope, strict=True):
        assert abs(e.mean()) < 4 * math.sqrt(gamma / n)
        assert e.var().item() == pytest.approx(variance, rel=4 * math.sqrt(2 / n))
    between = torch.corrcoef(torch.stack(moves)) - torch.eye(4, dtype=torch.float64)
    assert between.abs().max() < 4.5 / math.sqrt(n)


def test_prepare_moves_to_the_first_point_once():
    model = Quadratic()
    start = flat(model)
    optimizer = optim.build("heat_smoothing", model.parameters(), gamma=0.1, generator=draws())
    assert not optimizer.state[model.first]
    optimizer.prepare()
    working = flat(model)
    assert (working - start).abs().min() > 0
    with optimizer.solution():
        assert torch.equal(flat(model), start)
        with pytest.raises(RuntimeError, match=r"Leave the solution\(\) block before prepare"):
            optimizer.prepare()
    optimizer.prepare()
    assert torch.equal(flat(model), working)


def test_without_prepare_the_first_gradient_is_taken_at_x():
    model = Quadratic()
    start = flat(model)
    optimizer = optim.build(
        "heat_smoothing", model.parameters(), gamma=0.1, L=1, lr=0.2, generator=draws()
    )
    train(model, optimizer, 1)
    gradient = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
    with optimizer.solution():
        assert torch.allclose(flat(model), start - 0.2 * gradient, rtol=0, atol=1e-15)
    assert (flat(model) - start + 0.2 * gradient).abs().min() > 0


def test_a_group_of_zero_variance_is_not_moved_and_draws_nothing():
    model, alone = Quadratic(), Quadratic()
    groups = [{"params": [model.first], "gamma": 0.0}, {"params": [model.second]}]
    mixed = optim.build("heat_smoothing", groups, gamma=0.1, L=2, generator=draws())
    single = optim.build("heat_smoothing", [alone.second], gamma=0.1, L=2, generator=draws())
    for optimizer in (mixed, single):
        optimizer.prepare()
    assert torch.equal(model.first, Quadratic().first)
    train(model, mixed, 5)
    train(alone, single, 5)
    assert torch.equal(model.second, alone.second)
    with mixed.solution():
        assert not torch.equal(model.second, alone.second)


def test_the_variance_follows_the_schedule():
    model = Quadratic()
    hyper = {"gamma": 0.8, "L": 2, "scoping": {"kind": "linear", "updates": 2, "final": 0.2}}
    optimizer = make("heat_smoothing", hyper, model)
    seen = []
    for k in range(6):
        seen.append(optimizer.scope())
        train(model, optimizer, 1, start=k)
    assert seen == pytest.approx([0.8, 0.8, 0.5, 0.5, 0.2, 0.2])
    assert make("heat_smoothing", {"gamma": 0.0, "L": 2}, model).scope() == 0
    optimizer.scoping = lambda gamma, t: -gamma
    with pytest.raises(optim.HyperparameterError, match="A variance is at least 0"):
        optimizer.scope()


def test_a_variance_that_reaches_zero_ends_the_moves():
    model, plain = Quadratic(), Quadratic()
    hyper = {"gamma": 0.5, "L": 1, "scoping": lambda gamma, t: gamma if t < 2 else 0.0}
    optimizer = make("heat_smoothing", hyper, model)
    train(model, optimizer, 2)
    with optimizer.solution():
        x = flat(model)
    assert torch.equal(flat(model), x)
    torch.nn.utils.vector_to_parameters(x.clone(), plain.parameters())
    train(model, optimizer, 3, start=2)
    train(plain, make("sgd", {"lr": 0.1}, plain), 3, start=2)
    assert torch.equal(flat(model), flat(plain))


def test_weight_decay_acts_at_x_without_noise():
    model = Quadratic()
    start = flat(model)
    hyper = {"gamma": 4.0, "L": 3, "lr": 0.5, "weight_decay": 0.1}
    optimizer = make("heat_smoothing", hyper, model)
    for _ in range(3):
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
    with optimizer.solution():
        assert torch.allclose(flat(model), 0.95 * start, rtol=0, atol=1e-15)


def test_missing_gradients_count_as_zero_and_none_at_all_as_a_rest():
    model = Quadratic()
    start = model.first.detach().clone()
    optimizer = make("heat_smoothing", {"gamma": 0.1, "L": 3, "momentum": 0.9, "lr": 0.6}, model)
    model.first.grad = torch.ones_like(model.first)
    optimizer.step()
    model.first.grad = None
    optimizer.step()
    optimizer.step()
    with optimizer.solution():
        x = model.first.detach().clone()
    assert torch.allclose(start - x, torch.full_like(x, 0.6 * 1.9 / 3), rtol=0, atol=1e-15)
    kept = optimizer.state[model.first]["momentum_buffer"].clone()
    for _ in range(3):
        working = model.first.detach().clone()
        optimizer.step()
        assert not torch.equal(model.first, working), "e is drawn all the same"
        with optimizer.solution():
            assert torch.equal(model.first, x)
    assert torch.equal(optimizer.state[model.first]["momentum_buffer"], kept)
    assert optimizer.updates == 2


def test_freezing_in_mid_run_stops_the_parameter_where_it_stands():
    model = Quadratic()
    optimizer = make("heat_smoothing", {"gamma": 0.1, "L": 3, "lr": 1e-3}, model)
    train(model, optimizer, 4)
    model.first.requires_grad_(False)
    held = model.first.detach().clone()
    for k in range(4, 9):
        train(model, optimizer, 1, start=k)
        assert torch.equal(model.first, held)
        with optimizer.solution():
            assert torch.equal(model.first, held)
    model.first.requires_grad_(True)
    train(model, optimizer, 3, start=9)
    assert not torch.equal(model.first, held)
    with optimizer.solution():
        assert (model.first - held).abs().max() < 0.01, "it starts from what it held"


def test_a_prepared_late_group_leaves_the_others_in_place():
    model = Quadratic()
    optimizer = optim.build("heat_smoothing", [model.first], gamma=0.1, L=2, generator=draws())
    optimizer.prepare()
    train(model, optimizer, 1)
    first, second = model.first.detach().clone(), model.second.detach().clone()
    optimizer.add_param_group({"params": [model.second]})
    optimizer.prepare()
    assert torch.equal(model.first, first)
    assert not torch.equal(model.second, second)
    with optimizer.solution():
        assert torch.equal(model.second, second)


def test_gradients_are_left_alone():
    model = Classifier(7)
    optimizer = make("heat_smoothing", {"gamma": 0.1, "L": 2, "weight_decay": 0.1}, model)
    for k in range(3):
        optimizer.zero_grad()
        model.loss(k).backward()
        before = [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))


@settings(max_examples=20, deadline=None)
@given(
    before=st.integers(0, 12),
    after=st.integers(1, 12),
    L=st.integers(1, 5),
    momentum=st.sampled_from([0.0, 0.9]),
    gamma=st.sampled_from([0.0, 0.1]),
)
def test_any_cycle_resumes_at_any_step(before, after, L, momentum, gamma):
    hyper = {"L": L, "gamma": gamma, "momentum": momentum, "lr": 0.05}
    straight, again = resumed("heat_smoothing", hyper, before, after)
    assert torch.equal(again, straight)
