"""Scopes that cannot work are reported before they do harm."""

import math
import re
import warnings

import pytest
import torch
from torch import nn

from landscape import optim
from landscape.optim import inner_stability

SHRINKING = [
    ("entropy_sgd", {"L": 3, "gamma": 0.06, "gamma_decay": 1e-3}),
    ("entropy_sgd", {"L": 3, "gamma": 0.1, "momentum": 0.9, "gamma_decay": 1e-3}),
    ("entropy_sgd", {"form": "B", "L": 2, "gamma": 0.06, "gamma_decay": 1e-3}),
    ("entropy_sgd", {"L": 2, "gamma": 0.06, "convention": "authors", "gamma_decay": 1e-3}),
    ("entropy_sgd", {"L": 2, "gamma": 0.06, "convention": "authors-lua", "gamma_decay": 1e-3}),
    ("entropy_adam", {"L": 3, "gamma": 0.06, "gamma_decay": 1e-3}),
    ("hamilton_jacobi", {"L": 3, "gamma": 0.06, "gamma_decay": 1e-3}),
    ("hamilton_jacobi", {"form": "gradient", "L": 3, "gamma": 0.06, "gamma_decay": 1e-3}),
    ("parle", {"L": 3, "gamma": 0.08, "scoping_gamma": {"kind": "exponential", "rate": 1e-3}}),
    (
        "parle",
        {
            "L": 3, "gamma": 0.08, "momentum": 0.9, "convention": "authors",
            "scoping_gamma": {"kind": "exponential", "rate": 1e-3},
        },
    ),
]  # fmt: skip


def _run(optimizer, weights, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        (1e-3 * weights.square().sum()).backward()
        optimizer.step()


@pytest.mark.parametrize(("name", "settings"), SHRINKING)
def test_a_scope_that_becomes_too_narrow_is_announced_once_and_early(name, settings):
    weights = nn.Parameter(torch.ones(3, dtype=torch.float64))
    optimizer = optim.build(name, [weights], **settings)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        _run(optimizer, weights, 400 * optimizer.gradients_per_update)
    told = [str(w.message) for w in seen if "diverges whatever the loss" in str(w.message)]
    assert len(told) == 1
    step, update = map(int, re.search(r"step (\d+) on \(outer update (\d+)\)", told[0]).groups())
    assert step == update * optimizer.gradients_per_update
    assert 0 < update < 400
    # The limit is reached at that update and not before.
    shift = 1 if settings.get("convention") == "authors-lua" else 0
    group = optimizer.param_groups[0]
    rate = group["lr_inner"] if group["lr_inner"] is not None else group["lr"]
    most = optimizer._force_limit(group)
    assert rate / optimizer.scoping(group["gamma"], update + shift) >= most
    assert rate / optimizer.scoping(group["gamma"], update + shift - 1) < most


def test_it_is_announced_before_and_not_when_it_is_far():
    weights = nn.Parameter(torch.ones(1))
    optimizer = optim.HamiltonJacobi([weights], L=1, gamma=0.1, gamma_decay=1e-3)
    # 0.1 / 1.001^t = 0.05 at t = 694
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _run(optimizer, weights, 594)
    with pytest.warns(RuntimeWarning, match="from step 694 on"):
        _run(optimizer, weights, 1)


def _growth(step, momentum, ratio):
    """Largest factor a step by which y and u grow on the force alone."""
    matrix = torch.tensor(step(momentum, ratio), dtype=torch.float64)
    return torch.linalg.eigvals(matrix).abs().max().item()


def _nesterov(m, h):  # u <- m u + h y, y <- y - (h y + m u)
    return [[1 - h - m * h, -m * m], [h, m]]


def _program(m, h):  # u <- m u + h y, y <- y - (h y + u)
    return [[1 - 2 * h, -m], [h, m]]


@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9])
def test_the_limits_are_those_of_the_recurrences(momentum):
    weights = nn.Parameter(torch.ones(1))
    program = optim.Parle([weights], momentum=momentum, convention="authors")
    for step, most in (
        (_nesterov, inner_stability.limit(momentum)),
        (_program, program._force_limit(program.param_groups[0])),
    ):
        assert _growth(step, momentum, 0.999 * most) < 1
        assert _growth(step, momentum, 1.001 * most) > 1


def _loss(k):
    torch.manual_seed(k)
    x = torch.randn(32, 10)
    return x, (x[:, 0] > 0).long()


@pytest.mark.parametrize(
    ("name", "settings"),
    [("entropy_sgd", {"form": "B"}), ("hamilton_jacobi", {}), ("hamilton_jacobi", {"L": 1})],
)
def test_the_defaults_move(name, settings):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = optim.build(name, model.parameters(), **settings)
        for k in range(1000):
            x, y = _loss(k)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    with optimizer.solution(), torch.no_grad():
        x, y = _loss(10_000)
        assert nn.functional.cross_entropy(model(x), y) < 0.5 * math.log(2)
    L = optimizer.gradients_per_update
    assert optimizer.param_groups[0]["gamma"] == pytest.approx(0.1 * L)
    assert optimizer.scoping(0.1 * L, 10**6) == pytest.approx(min(0.2, 0.1 * L))


def test_an_outer_step_that_goes_nowhere_is_said():
    weights = [nn.Parameter(torch.ones(1))]
    for build in (
        lambda: optim.EntropySGD(weights, form="B", gamma=1e4),
        lambda: optim.HamiltonJacobi(weights, gamma=1e4),
    ):
        with pytest.warns(RuntimeWarning, match="1.0e-05 of the way"):
            build()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optim.EntropySGD(weights, gamma=1e4)  # form A has no 1 / gamma
        optim.HamiltonJacobi(weights, gamma=1e4, form="gradient")
        optim.HamiltonJacobi(weights, gamma=1e4, lr=0.0)


@pytest.mark.parametrize("call", ["settle", "restart"])
def test_steps_that_were_given_up_are_counted(call):
    weights = nn.Parameter(torch.ones(1))
    optimizer = optim.HamiltonJacobi([weights], L=2, gamma=0.1, gamma_decay=6e-3)
    _run(optimizer, weights, 3)
    getattr(optimizer, call)()
    with pytest.warns(RuntimeWarning, match="diverges whatever the loss") as seen:
        _run(optimizer, weights, 40)
    step, update = map(
        int, re.search(r"step (\d+) on \(outer update (\d+)\)", str(seen[0].message)).groups()
    )
    while optimizer.updates < update:
        _run(optimizer, weights, 1)
    assert optimizer.iteration == step


@pytest.mark.parametrize("name", ["entropy_sgd", "entropy_adam", "hamilton_jacobi", "parle"])
def test_a_schedule_may_end_with_the_training(name):
    table = [4.0, 3.0, 2.0]
    weights = nn.Parameter(torch.ones(1))
    key = "scoping_gamma" if name == "parle" else "scoping"
    optimizer = optim.build(name, [weights], L=2, **{key: lambda gamma, t: table[t]})
    _run(optimizer, weights, 6)
    assert optimizer.updates == 3
    with pytest.raises(IndexError):
        _run(optimizer, weights, 1)
