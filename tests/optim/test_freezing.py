"""Layers frozen and thawed in mid-cycle, and parameters without numbers."""

import pytest
import torch
from reference.cases_complexity import UNCOUPLED
from reference.optim_problems import (
    CASES,
    IDS,
    MINIMAL,
    QUIET,
    Quadratic,
    draws,
    flat,
    make,
)
from reference.replica_problems import replica
from torch import nn

from landscape import optim
from landscape.optim.inner_loop import InnerLoopOptimizer

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
# All with more than one gradient between two answers, and those whose answer is a point of its own.
LOOPS = [
    (name, settings | UNCOUPLED.get(name, {}))
    for name, settings in QUIET
    if make(name, settings, Quadratic()).gradients_per_update > 1 or name == "elastic_sgd"
]
every_loop = pytest.mark.parametrize(("name", "settings"), LOOPS)
every_type = pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])


def step(model, optimizer, k):
    optimizer.zero_grad()
    loss = model.loss(k)
    loss.backward()
    optimizer.observe(loss)
    optimizer.step()


def answer(model, optimizer):
    with optimizer.solution():
        return model.first.detach().clone(), model.second.detach().clone()


def begun(name, settings, dtype, steps):
    model = Quadratic().to(dtype)
    optimizer = make(name, settings, model)
    for k in range(steps):
        step(model, optimizer, k)
    return model, optimizer


@every_type
@pytest.mark.parametrize("gradient_stays", [False, True])
@every_loop
def test_a_layer_frozen_in_mid_cycle_stands_still_and_disturbs_nothing(
    name, settings, gradient_stays, dtype
):
    """In the answer, too; the other layer goes on as if nothing had happened."""
    cycle = begun(name, settings, dtype, 0)[1].gradients_per_update
    for stop in range(2 * cycle + 1):
        other, reference = begun(name, settings, dtype, stop)
        model, optimizer = begun(name, settings, dtype, stop)
        model.first.requires_grad_(False)
        if not gradient_stays:
            model.first.grad = None
        held = model.first.detach().clone()
        for k in range(stop, stop + 2 * cycle + 1):
            step(model, optimizer, k)
            if gradient_stays:
                model.first.grad = torch.ones_like(model.first)
            step(other, reference, k)
            first, second = answer(model, optimizer)
            assert torch.equal(model.first, held)
            assert torch.equal(first, held)
            assert torch.equal(model.second, other.second)
            assert torch.equal(second, answer(other, reference)[1])


@every_loop
def test_a_layer_thawed_in_the_same_cycle_goes_on_in_it(name, settings):
    """Its answer is again what it was."""
    cycle = begun(name, settings, torch.float64, 0)[1].gradients_per_update
    for stop in range(1, 2 * cycle):
        model, optimizer = begun(name, settings, torch.float64, stop)
        other, reference = begun(name, settings, torch.float64, stop)
        model.first.requires_grad_(False)
        answer(model, optimizer)
        model.first.requires_grad_(True)
        for k in range(stop, stop + 2 * cycle):
            for m, o in ((model, optimizer), (other, reference)):
                step(m, o, k)
        assert torch.equal(flat(model), flat(other))


@every_loop
def test_a_layer_thawed_later_starts_where_it_stands(name, settings):
    for stop in range(4):
        model, optimizer = begun(name, settings, torch.float64, stop)
        cycle = optimizer.gradients_per_update
        model.first.requires_grad_(False)
        held = model.first.detach().clone()
        # On to the end of the next cycle, so that a new one begins with both.
        end = cycle * (stop // cycle + 2)
        for k in range(stop, end):
            step(model, optimizer, k)
        model.first.requires_grad_(True)
        assert torch.equal(model.first, held)
        if isinstance(optimizer, InnerLoopOptimizer) and name != "parle":
            assert torch.equal(answer(model, optimizer)[0], held)
        before = model.loss(0).item()
        for k in range(end, end + 30 * cycle):
            step(model, optimizer, k)
        assert not torch.equal(model.first, held)
        with optimizer.solution():
            assert model.loss(0).item() < before


@pytest.mark.parametrize("name", ["elastic_sgd", "parle"])
def test_a_frozen_layer_of_replicas_keeps_its_master(name):
    """Each replica's layer stays where it is; the master waits, and they are drawn to it later."""
    models = [replica("quadratic", a) for a in range(3)]
    optimizer = optim.build(name, [m.parameters() for m in models], lr=0.05)
    optimizer.prepare()

    def go(first, last):
        for k in range(first, last):
            optimizer.zero_grad()
            for model in models:
                model.loss(k).backward()
            optimizer.step()

    cycle = optimizer.gradients_per_update
    go(0, cycle + 1)
    master = answer(models[0], optimizer)[0]
    for model in models:
        model.first.requires_grad_(False)
    held = [model.first.detach().clone() for model in models]
    go(cycle + 1, 3 * cycle)
    with optimizer.solution():
        for model, first in zip(models, held, strict=True):
            assert torch.equal(model.first, first)
            assert torch.equal(model.second, models[0].second)
    for model in models:
        model.first.requires_grad_(True)
    with optimizer.solution():
        assert all(torch.equal(model.first, master) for model in models)
    apart = (held[0] - held[1]).norm()
    go(3 * cycle, 9 * cycle)
    assert (models[0].first - models[1].first).norm() < apart


@every_type
@every_case
def test_parameters_without_numbers_change_nothing(name, settings, dtype):
    """Beside others, first or last, with a gradient or without."""
    paths = []
    for extra in (False, True):
        w = nn.Parameter(torch.linspace(-1, 2, 12).to(dtype))
        empty = [nn.Parameter(torch.zeros(shape, dtype=dtype)) for shape in (0, (3, 0), (0, 2, 2))]
        params = [empty[0], w, *empty[1:]] if extra else [w]
        optimizer = optim.build(name, params, generator=draws(), check_finite=True, **settings)
        optimizer.prepare()
        path = []
        for k in range(2 * optimizer.gradients_per_update + 1):
            w.grad = torch.cos(w.detach() + k) + 0.1 * torch.arange(12).to(dtype)
            for p in empty[: k % 3]:
                p.grad = torch.zeros_like(p)
            optimizer.observe(1 / (1 + k))
            optimizer.step()
            with optimizer.solution():
                path.append(w.detach().clone())
            path.append(w.detach().clone())
        paths.append(torch.stack(path))
    assert torch.equal(*paths)
    assert not torch.equal(paths[0][0], paths[0][-1])


@every_type
@pytest.mark.parametrize("name", optim.names())
def test_nothing_but_parameters_without_numbers(name, dtype):
    """A layer of width 0 has an optimizer of its own in some programs."""
    w = nn.Parameter(torch.zeros(0, 3, dtype=dtype))
    settings = MINIMAL.get(name, {})
    if "critical" in optim.settings(name):  # whose scale counts the weights
        settings = settings | {"critical": "local_minima"}
    optimizer = optim.build(name, [w], generator=draws(), check_finite=True, **settings)
    optimizer.prepare()
    for _ in range(2 * optimizer.gradients_per_update):
        w.grad = torch.zeros_like(w)
        optimizer.observe(1.0)
        optimizer.step()
        with optimizer.solution():
            assert w.shape == (0, 3)
    optimizer.load_state_dict(optimizer.state_dict())


@every_case
def test_where_all_layers_are_frozen_nothing_moves(name, settings):
    model, optimizer = begun(name, settings, torch.float64, 2)
    for p in model.parameters():
        p.requires_grad_(False)
        p.grad = None
    kept = flat(model)
    for _ in range(2 * optimizer.gradients_per_update):
        optimizer.observe(1.0)
        optimizer.step()
    assert torch.equal(flat(model), kept)
