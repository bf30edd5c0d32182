"""Entropy-SGD in single conventions: the bundles are the optimizer's, the rest is a slow twin's."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.experiments import entropy_forms as forms
from landscape.optim import EntropySGD

BUNDLES = {"thesis": forms.THESIS, "authors": forms.PYTORCH, "authors-lua": forms.LUA}


def slow(gradient, x, form, updates, L, lr_inner, momentum):
    """One network, one convention after the other, in the order of the equations."""
    buffer_u = np.zeros_like(x)
    v = gradient(x, 0) if form.first_gradient else np.zeros_like(x)
    for t in range(updates):
        gamma = form.gamma / (1 + form.scoping) ** (t + form.ahead)
        y, z = x.copy(), x.copy()
        if not form.keep_inner:
            buffer_u = np.zeros_like(x)
        for inner in range(L):
            g = gradient(y, t * L + inner)
            force = (y - x) / gamma
            if form.force_after:
                buffer_u = momentum * buffer_u + g
                y = y - lr_inner * (g + momentum * buffer_u + force)
            else:
                buffer_u = momentum * buffer_u + g + force
                y = y - lr_inner * (g + force + momentum * buffer_u)
            z = form.alpha * z + (1 - form.alpha) * y
        v = form.momentum_outer * v + (x - z)
        x = x - form.lr * ((x - z) + form.momentum_outer * v)
        yield x


@pytest.fixture(scope="module")
def problem():
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    h = draw(5, 5)
    return {"x": draw(5), "h": h @ h.T / 5, "b": draw(50, 5)}


def test_every_combination_is_the_slow_twins(problem):
    h, b = problem["h"], problem["b"]
    found = [
        forms.Form(gamma=gamma, lr=lr, alpha=alpha, first_gradient=first, scoping=0.01 * ahead,
                   ahead=ahead, force_after=after, keep_inner=keep, momentum_outer=outer)
        for gamma, lr, alpha, first, ahead, after, keep, outer in itertools.product(
            (float("inf"), 2.0), (0.3,), (0.25, 0.75), (False, True), (0, 1), (False, True),
            (False, True), (0.0, 0.9))
    ]  # fmt: skip
    loop = {"L": 3, "lr_inner": 0.1, "momentum": 0.9}
    start = problem["x"].expand(len(found), -1)
    fast = list(forms.outer_steps(lambda y, k: y @ h + b[k], start, found, 4, **loop))
    gradient = lambda y, k: h.numpy() @ y + b[k].numpy()  # noqa: E731
    for i, form in enumerate(found):
        twin = slow(gradient, problem["x"].numpy(), form, 4, **loop)
        for step, expected in zip(fast, twin, strict=True):
            np.testing.assert_allclose(step[i].numpy(), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("convention", BUNDLES)
@pytest.mark.parametrize("gamma", [1e4, 1.0])
def test_the_bundles_are_the_optimizers_conventions(problem, convention, gamma):
    h, loop = problem["h"], {"L": 4, "lr_inner": 0.1, "momentum": 0.9}
    form = replace(BUNDLES[convention], gamma=gamma)
    x = torch.nn.Parameter(problem["x"].clone())
    optimizer = EntropySGD([x], lr=1.0, gamma=gamma, temperature=0.0, convention=convention, **loop)
    steps = forms.outer_steps(lambda y, k: y @ h, problem["x"][None], [form], 5, **loop)
    for step in steps:
        for _ in range(optimizer.gradients_per_update):
            optimizer.zero_grad()
            (0.5 * x @ h @ x).backward()
            optimizer.step()
        with optimizer.solution():
            torch.testing.assert_close(x.detach(), step[0], rtol=1e-10, atol=1e-12)


def test_noise_is_added_after_each_inner_step(problem):
    h = problem["h"]
    loop = {"L": 1, "lr_inner": 0.1, "momentum": 0.0}
    form = replace(forms.THESIS, alpha=0.0, momentum_outer=0.0)
    run = lambda noise: next(  # noqa: E731
        forms.outer_steps(lambda y, k: y @ h, problem["x"][None], [form], 1, noise=noise, **loop)
    )
    torch.testing.assert_close(run(lambda k: torch.ones(1, 5)) - run(None),
                               torch.ones(1, 5, dtype=torch.float64))  # fmt: skip


def test_a_flat_network_is_the_network():
    network = forms.FlatNetwork("small_fc_ch6", torch.float64, width=4, batch_norm=False)
    theta = torch.stack([network.start(0), network.start(1)])
    torch.testing.assert_close(network.start(1), theta[1], rtol=0, atol=0)
    x = torch.randn(2, 6, 1, 7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = torch.arange(6) % 3
    gradients = network.gradients(theta, x, y.expand(2, -1))
    loss, error = network.measured(theta, x[0], y)
    for i in range(2):
        model = network.model
        torch.nn.utils.vector_to_parameters(theta[i].clone(), model.parameters())
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(x[i]), y).backward()
        flat = torch.cat([p.grad.flatten() for p in model.parameters()])
        torch.testing.assert_close(gradients[i], flat)
        logits = model(x[0])
        assert float(loss[i]) == pytest.approx(torch.nn.functional.cross_entropy(logits, y).item())
        assert float(error[i]) == pytest.approx(
            100 * (logits.argmax(1) != y).double().mean().item()
        )


def test_power_iteration_finds_the_largest_eigenvalue():
    network = forms.FlatNetwork("small_fc_ch6", torch.float64, width=2, batch_norm=False)
    theta = network.start(3)
    x = torch.randn(20, 1, 7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y = torch.arange(20) % 10
    hessian = torch.func.hessian(network.loss)(theta, x, y)
    top = torch.linalg.eigvalsh(hessian)[-1].item()
    assert network.sharpest(theta, x, y, products=300) == pytest.approx(top, rel=1e-3)
