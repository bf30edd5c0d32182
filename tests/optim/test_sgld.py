"""SGLD: its stationary law, noise and schedule, the reduction to SGD, posterior means."""

import math

import numpy as np
import pytest
import torch
from reference.optim_problems import Classifier, Quadratic, draws, flat, make, train

from landscape import optim
from landscape.optim import PosteriorMean


@pytest.mark.parametrize("hyper", [{}, {"weight_decay": 0.02}, {"power": 0.55}])
def test_at_temperature_zero_it_is_sgd_and_draws_nothing(hyper):
    cold, plain = Classifier(7), Classifier(7)
    samples, lr = 64, 2e-3
    optimizer = make("sgld", {"samples": samples, "lr": lr, "temperature": 0.0, **hyper}, cold)
    before = optimizer.generator.get_state()
    sgd = make("sgd", {k: v for k, v in hyper.items() if k == "weight_decay"}, plain)
    for t in range(40):
        sgd.param_groups[0]["lr"] = lr / (1 + t) ** hyper.get("power", 0.0) * samples / 2
        train(cold, optimizer, 1, start=t)
        train(plain, sgd, 1, start=t)
        assert torch.equal(flat(cold), flat(plain))
    assert torch.equal(optimizer.generator.get_state(), before)
    assert not torch.equal(flat(cold), flat(Classifier(7)))


def test_the_noise_has_the_variance_of_the_step_and_is_independent():
    n, lr, temperature = 100_000, 1e-3, 2.5
    w = torch.nn.Parameter(torch.zeros(n, dtype=torch.float64))
    w.grad = torch.zeros_like(w)
    optimizer = optim.build(
        "sgld", [w], samples=10, lr=lr, power=0.7, temperature=temperature, generator=draws()
    )
    moves = []
    for t in range(3):
        before = w.detach().clone()
        optimizer.step()
        moves.append(w.detach() - before)
        variance = temperature * lr / (1 + t) ** 0.7
        assert abs(moves[-1].mean()) < 4 * math.sqrt(variance / n)
        assert moves[-1].var().item() == pytest.approx(variance, rel=4 * math.sqrt(2 / n))
    between = torch.corrcoef(torch.stack(moves)) - torch.eye(3, dtype=torch.float64)
    assert between.abs().max() < 4.5 / math.sqrt(n)


def test_the_step_size_follows_its_schedule_and_schedulers():
    model = Quadratic()
    optimizer = make("sgld", {"samples": 2, "lr": 0.04, "power": 0.5}, model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    seen = []
    for k in range(4):
        seen.append(optimizer.step_size)
        train(model, optimizer, 1, start=k)
        scheduler.step()
    expected = [0.04, 0.04 / 2**0.5, 0.004 / 3**0.5, 0.004 / 2]
    assert seen == pytest.approx(expected)
    assert make("sgld", {"samples": 2, "lr": 0.04}, model).step_size == 0.04


def _chain(steps, n=40_000, batch=None, **hyper):
    """n independent chains on 50 data xi of variance 1: f = mean (x - xi)^2 / 2; last samples."""
    data = torch.linspace(-1, 3, 50, dtype=torch.float64)
    data = (data - data.mean()) / data.std(correction=0) + 1
    w = torch.nn.Parameter(torch.ones(n, dtype=torch.float64))
    optimizer = optim.build("sgld", [w], samples=50, generator=draws(), **hyper)
    pick = draws(3)
    for _ in range(steps):
        if batch is None:
            w.grad = w.detach() - 1
        else:
            rows = torch.randint(0, 50, (batch, n), generator=pick)
            w.grad = w.detach() - data[rows].mean(0)
        optimizer.step()
    return w.detach()


@pytest.mark.parametrize(
    ("lr", "weight_decay", "temperature"), [(2e-2, 0.0, 1.0), (2e-2, 1.5, 1.0), (2e-2, 0.0, 0.3)]
)
def test_the_stationary_law_of_a_gaussian_posterior(lr, weight_decay, temperature):
    """x <- (1 - c) x + c m + sqrt(lr T) N, c = lr N (1 + lambda) / 2: variance lr T / (2 c - c^2).

    In other words T / (N (1 + lambda)) / (1 - c / 2), and the mean of the posterior whose prior has
    variance 1 / (N lambda).
    """
    x = _chain(60, lr=lr, weight_decay=weight_decay, temperature=temperature)
    precision = 50 * (1 + weight_decay)
    variance = temperature / precision / (1 - lr * precision / 4)
    error = math.sqrt(2 / x.numel())
    assert x.var().item() == pytest.approx(variance, rel=4 * error)
    assert abs(x.mean() - 1 / (1 + weight_decay)) < 4 * math.sqrt(variance / x.numel())
    assert abs(variance * precision / temperature - 1) > 20 * error, "the step's effect is seen"


def test_small_steps_sample_the_posterior():
    x = _chain(1200, n=10_000, lr=4e-4)
    assert x.var().item() == pytest.approx(1 / 50, rel=4 * math.sqrt(2 / x.numel()) + 0.005)


def test_mini_batches_add_their_own_noise():
    """Drawn with replacement, m at a time: the gradient's variance is 1 / m."""
    lr, m = 1e-2, 4
    x = _chain(60, batch=m, lr=lr)
    c = lr * 50 / 2
    expected = (lr + c**2 / m) / (2 * c - c**2)
    assert x.var().item() == pytest.approx(expected, rel=4 * math.sqrt(2 / x.numel()))
    assert expected > 1.5 / 50


def test_decreasing_steps_and_the_posterior_mean():
    """One long chain: the weighted mean finds the posterior mean of a skewed target.

    N f = x - 3 log x on x > 0: a Gamma(4, 1) posterior, mean 4, mode 3.
    """
    n = 2000
    w = torch.nn.Parameter(torch.full((n,), 3.0, dtype=torch.float64))
    optimizer = optim.build(
        "sgld", [w], samples=1, lr=0.2, power=0.3, average=True, burn_in=200, generator=draws()
    )
    variance = PosteriorMean()
    for t in range(3000):
        if t >= 200:
            variance.update((w - 4) ** 2, optimizer.step_size)
        w.grad = 1 - 3 / w.detach().clamp(min=0.05)
        optimizer.step()
    with optimizer.solution():
        mean = w.detach().clone()
    assert mean.mean().item() == pytest.approx(4.0, abs=0.1)
    assert variance.value.mean().item() == pytest.approx(4.0, abs=0.3)
    assert mean.std() < 0.6 * w.std(), "a mean over time, and not the last sample"


def test_the_average_is_the_weighted_mean_of_the_samples():
    model = Quadratic()
    hyper = {"samples": 4, "lr": 0.05, "power": 0.5, "average": True, "burn_in": 3}
    optimizer = make("sgld", hyper, model)
    outside = PosteriorMean()
    for k in range(20):
        if k >= 3:
            outside.update(flat(model), optimizer.step_size)
        with optimizer.solution():
            answer = flat(model)
        if k <= 3:
            assert torch.equal(answer, flat(model)), "before burn-in ends, the sample itself"
        train(model, optimizer, 1, start=k)
    with optimizer.solution():
        assert torch.allclose(flat(model), outside.value, rtol=0, atol=1e-13)
    assert optimizer.own_answer
    assert not make("sgld", {"samples": 4}, model).own_answer


def test_parameters_that_join_later_have_a_mean_of_their_own():
    model = Quadratic()
    optimizer = optim.build(
        "sgld", [model.first], samples=4, lr=0.05, average=True, temperature=0.0
    )
    train(model, optimizer, 3)
    optimizer.add_param_group({"params": [model.second], "lr": 0.01})
    seen = []
    for k in range(3, 6):
        seen.append(model.second.detach().clone())
        train(model, optimizer, 1, start=k)
    with optimizer.solution():
        assert torch.allclose(model.second, sum(seen) / 3, rtol=0, atol=1e-14)


def test_a_rate_of_zero_leaves_the_mean_undefined_and_the_answer_in_place():
    model = Quadratic()
    optimizer = make("sgld", {"samples": 4, "lr": 0.0, "average": True}, model)
    start = flat(model)
    train(model, optimizer, 2)
    with optimizer.solution():
        assert torch.equal(flat(model), start)


def test_a_parameter_without_gradient_gets_no_noise():
    model = Quadratic()
    optimizer = make("sgld", {"samples": 4, "lr": 0.05}, model)
    model.loss(0).backward()
    model.first.grad = None
    optimizer.step()
    assert torch.equal(model.first, Quadratic().first)
    assert not torch.equal(model.second, Quadratic().second)


def test_gradients_are_left_alone():
    model = Classifier(7)
    optimizer = make("sgld", {"samples": 64, "lr": 1e-3, "weight_decay": 0.1}, model)
    model.loss(0).backward()
    before = [p.grad.clone() for p in model.parameters()]
    optimizer.step()
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("kind", [float, np.asarray, torch.tensor])
def test_posterior_mean_of_numbers_arrays_and_tensors(kind):
    values = [[1.0, 2.0], [3.0, 0.0], [-2.0, 5.0]]
    weights = [0.5, 2.0, 1.5]
    items = [kind(v[0] if kind is float else v) for v in values]
    mean = PosteriorMean()
    for item, weight in zip(items, weights, strict=True):
        mean.update(item, torch.tensor(weight) if kind is torch.tensor else weight)
    mean.update(items[0], 0.0)
    expected = np.average(values, axis=0, weights=weights)
    assert np.allclose(mean.value, expected[0] if kind is float else expected, rtol=1e-6)
    assert mean.weight == 4.0
    again = PosteriorMean()
    again.load_state_dict(mean.state_dict())
    again.update(items[1], 4.0)
    expected = (expected + np.asarray(values[1])) / 2
    assert np.allclose(again.value, expected[0] if kind is float else expected, rtol=1e-6)


def test_posterior_mean_keeps_no_graph_and_no_reference():
    w = torch.ones(2, requires_grad=True)
    mean = PosteriorMean()
    mean.update(w)
    with torch.no_grad():
        w.zero_()
    assert mean.value.tolist() == [1.0, 1.0]
    assert not mean.value.requires_grad


def test_posterior_mean_refuses_what_it_cannot_use():
    mean = PosteriorMean()
    with pytest.raises(RuntimeError, match=r"holds nothing yet; call update\(\)"):
        _ = mean.value
    for weight in (-1.0, float("inf"), float("nan")):
        with pytest.raises(optim.HyperparameterError, match="weight must be"):
            mean.update(1.0, weight)
