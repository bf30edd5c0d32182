"""Weights that somebody else changes, schedules that others drive: honoured, or refused."""

import copy

import pytest
import torch
from reference.optim_problems import CASES, IDS, Classifier, Quadratic, flat, make, train
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel

from landscape import optim

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
OUTSIDE = (
    r"Parameter .+ was changed from outside since the last step of .* call restart\(\) after the ch"
)


def keep(model):
    return copy.deepcopy(model.state_dict())


@every_case
def test_weights_loaded_from_outside_are_taken_or_refused(name, settings):
    """`model.load_state_dict(best)` at every phase of a cycle: never undone without a word."""
    cycle = make(name, settings, Quadratic()).gradients_per_update
    refused = 0
    for k in range(1, 2 * cycle + 1):
        model = Classifier(7)
        best = {key: 0.5 * value for key, value in keep(model).items()}
        optimizer = make(name, {**settings, "lr": 0.0}, model)
        if name == "heat_smoothing":  # moves by its own noise even so
            optimizer = make(name, {**settings, "lr": 0.0, "momentum": 0.0}, model)
        train(model, optimizer, k)
        model.load_state_dict(best)
        loaded = flat(model)
        if name == "elastic_sgd":  # has no cycle, but a master, which follows at its own rate
            optimizer.restart()
        try:
            train(model, optimizer, 1, start=k)
        except RuntimeError as problem:
            refused += 1
            assert "was changed from outside since the last step" in str(problem)  # noqa: PT017
            assert torch.equal(flat(model), loaded), "before anything has changed"
            with pytest.raises(RuntimeError, match=OUTSIDE), optimizer.solution():
                pass
            optimizer.restart()
            with optimizer.solution():
                assert torch.equal(flat(model), loaded)
            train(model, optimizer, 2 * cycle, start=k)
        else:
            train(model, optimizer, 2 * cycle - 1, start=k + 1)
        if settings.get("projection", name.endswith("cgd")) or settings.get("average"):
            continue  # the sphere rescales them; a mean over the run remembers all of it
        with optimizer.solution():
            assert torch.allclose(flat(model), loaded, rtol=0, atol=1e-12)
    loops = name in ("entropy_sgd", "entropy_adam", "hamilton_jacobi", "parle")
    assert bool(refused) == (loops or name in ("heat_smoothing", "two_step_cgd"))


@every_case
def test_a_restart_between_two_cycles_changes_nothing(name, settings):
    """But for a master that is late, and for methods that are always between two moves."""
    straight, model = Quadratic(), Quadratic()
    a, b = make(name, settings, straight), make(name, settings, model)
    cycle = a.gradients_per_update
    train(straight, a, cycle)
    train(model, b, cycle)
    working = flat(model)
    b.restart()
    assert b.iteration == cycle
    with b.solution():
        assert torch.equal(flat(model), working)
    late = settings.get("master") == "printed" or "lr_master" in settings
    if name == "heat_smoothing" or late:
        return
    train(straight, a, cycle, start=cycle)
    train(model, b, cycle, start=cycle)
    assert torch.equal(flat(straight), flat(model))


@every_case
def test_what_only_reads_or_restores_is_no_change(name, settings):
    """Averages, evaluation, copies, saving, a state loaded before or after the weights."""
    straight, model = Classifier(7), Classifier(7)
    train(straight, make(name, settings, straight), 9)
    optimizer = make(name, settings, model)
    average = AveragedModel(model)
    for k in range(9):
        train(model, optimizer, 1, start=k)
        with optimizer.solution():
            average.update_parameters(model)
            model.loss(0)
        average.update_parameters(model)
        copy.deepcopy((model, optimizer))
        if k in (2, 6):
            weights, state = keep(model), copy.deepcopy(optimizer.state_dict())
            train(model, optimizer, 2, start=20)
            for part in (0, 1) if k == 2 else (1, 0):
                if part:
                    optimizer.load_state_dict(state)
                else:
                    model.load_state_dict(weights)
    assert torch.equal(flat(model), flat(straight))


def test_weights_may_be_changed_between_two_cycles():
    """Clipping them, say, when the iteration is a whole number of cycles."""
    model = Quadratic()
    optimizer = make("entropy_sgd", {"L": 4, "gamma": 2.0, "temperature": 0.0}, model)
    for k in range(12):
        train(model, optimizer, 1, start=k)
        if optimizer.iteration % optimizer.gradients_per_update == 0:
            with torch.no_grad():
                for p in model.parameters():
                    p.clamp_(-0.2, 0.2)
    with optimizer.solution():
        assert flat(model).abs().max() <= 0.2


@pytest.mark.parametrize("name", ["elastic_sgd", "parle"])
def test_the_master_starts_at_the_replicas_again(name):
    models = [Quadratic() for _ in range(3)]
    optimizer = optim.build(name, [m.parameters() for m in models])
    for k in range(optimizer.gradients_per_update):  # a whole number of cycles
        for m in models:
            m.zero_grad()
            m.loss(k).backward()
        optimizer.step()
    with torch.no_grad():
        for a, m in enumerate(models):
            m.first.fill_(float(a))
    with pytest.raises(RuntimeError, match=OUTSIDE), optimizer.solution():
        pass
    optimizer.restart()
    with optimizer.solution():
        assert all(torch.equal(m.first, torch.ones_like(m.first)) for m in models)


def test_parts_of_one_tensor_do_not_disturb_each_other():
    """Torch counts writes to the whole of it."""
    start = torch.linspace(1, 2, 10)
    whole = start.clone()
    parts = [torch.nn.Parameter(part) for part in whole.split(5)]
    optimizers = [optim.build("entropy_sgd", [part], L=4, temperature=0.0) for part in parts]
    for _ in range(9):
        for part, optimizer in zip(parts, optimizers, strict=True):
            part.grad = part.detach().clone()
            optimizer.step()
    assert whole[0] < 0.9
    assert torch.allclose(whole / whole[0], start / start[0])


@pytest.mark.parametrize(
    ("name", "settings"), [("heat_smoothing", {"gamma": 0.1}), ("two_step_cgd", {"lambda_0": 0.1})]
)
def test_prepare_does_not_hide_a_change(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 3)
    with torch.no_grad():
        model.first.zero_()
    for call in (optimizer.prepare, optimizer.step):
        with pytest.raises(RuntimeError, match="Parameter .+ was changed from outside since"):
            call()
    optimizer.restart()
    optimizer.prepare()
    train(model, optimizer, 3, start=3)


def test_a_named_parameter_is_named():
    model = Quadratic()
    optimizer = optim.build("entropy_sgd", model.named_parameters(), L=4)
    train(model, optimizer, 2)
    with torch.no_grad():
        model.second.zero_()
    with pytest.raises(RuntimeError, match=r"^Parameter 'second' was .* would undo that: call"):
        train(model, optimizer, 1)


# schedules that others drive


@pytest.mark.parametrize("name", ["entropy_sgd", "entropy_adam", "hamilton_jacobi", "parle"])
def test_the_rate_of_a_cycle_is_that_of_its_last_step(name):
    """A schedule that reaches 0 within a cycle throws that cycle's gradients away."""
    settings = {"L": 5, "gamma": 1.0}
    moved = {}
    for steps in (10, 11):
        model = Quadratic()
        optimizer = make(name, settings, model)
        schedule = lr_scheduler.LambdaLR(optimizer, lambda k, end=steps - 1: float(k < end))
        train(model, optimizer, 5)
        for _ in range(5):
            schedule.step()
        with optimizer.solution():
            before = flat(model)
        for k in range(5, 10):
            train(model, optimizer, 1, start=k)
            schedule.step()
        with optimizer.solution():
            moved[steps] = not torch.equal(flat(model), before)
    # Zero from the tenth step on, the last of the second cycle; or one step later.
    assert moved == {10: name == "parle", 11: True} or moved == {10: False, 11: True}


def test_one_cycle_turns_the_first_beta_of_entropy_adam_and_not_the_inner_momentum():
    model = Quadratic()
    optimizer = make("entropy_adam", {"L": 2, "momentum": 0.7}, model)
    schedule = lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.1, total_steps=10, base_momentum=0.3, max_momentum=0.6
    )
    first = []
    for k in range(9):
        first.append(optimizer.param_groups[0]["betas"][0])
        train(model, optimizer, 1, start=k)
        schedule.step()
    assert max(first) == 0.6
    assert 0.3 <= min(first) < 0.4
    assert optimizer.param_groups[0]["momentum"] == 0.7
    assert optimizer.param_groups[0]["betas"][1] == 0.999


def test_an_average_outside_the_block_is_one_of_the_working_points():
    """By design: the weights are where the gradients are taken; the answer is in the block."""
    model = Quadratic()
    optimizer = make("entropy_sgd", {"L": 4, "gamma": 2.0, "temperature": 0.0}, model)
    outside, inside = AveragedModel(model), AveragedModel(model)
    points, answers = [], []
    for k in range(6):
        train(model, optimizer, 1, start=k)
        outside.update_parameters(model)
        points.append(flat(model))
        with optimizer.solution():
            inside.update_parameters(model)
            answers.append(flat(model))
    assert torch.allclose(flat(outside.module), torch.stack(points).mean(0), rtol=0, atol=1e-12)
    assert torch.allclose(flat(inside.module), torch.stack(answers).mean(0), rtol=0, atol=1e-12)
    assert (flat(inside.module) - flat(outside.module)).abs().max() > 1e-3
