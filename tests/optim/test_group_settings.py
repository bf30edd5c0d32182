"""Settings as numpy numbers and tensors, and keys of parameter groups that are other code's."""

import io

import numpy as np
import pytest
import torch
from reference.optim_problems import (
    CASES,
    IDS,
    MINIMAL,
    Classifier,
    Quadratic,
    draws,
    flat,
    make,
    train,
)
from torch import nn
from torch.optim import lr_scheduler

from landscape import optim
from landscape.optim import predicted_l2, scoping
from landscape.optim.rate_schedules import LearningRate, Polynomial

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)


def as_numpy(value):
    """The same number, of a type of numpy's."""
    kinds = {bool: np.bool_, int: np.int64, float: np.float64}
    if isinstance(value, tuple):
        return tuple(map(as_numpy, value))
    return kinds.get(type(value), lambda v: v)(value)


def as_array(value):
    if isinstance(value, tuple):
        return tuple(map(as_array, value))
    return np.array(value) if isinstance(value, (bool, int, float)) else value


def as_tensor(value):
    if isinstance(value, tuple):
        return tuple(map(as_tensor, value))
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return torch.tensor(value) if isinstance(value, (bool, int)) else value


every_kind = pytest.mark.parametrize("kind", [as_numpy, as_array, as_tensor])


@every_kind
@every_case
def test_numbers_of_any_kind_are_the_run_of_plain_ones(name, settings, kind):
    expected, found = Classifier(7), Classifier(7)
    plain = make(name, settings, expected)
    other = make(name, {k: kind(v) for k, v in settings.items()}, found)
    train(expected, plain, 2 * plain.gradients_per_update + 1)
    train(found, other, 2 * plain.gradients_per_update + 1)
    assert torch.equal(flat(found), flat(expected))
    # A file holds plain numbers, as strangers read it, and each state is one of the other.
    file = io.BytesIO()
    torch.save(other.state_dict(), file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    assert saved["landscape"]["recipe"] == plain.state_dict()["landscape"]["recipe"]
    plain.load_state_dict(saved)


@every_kind
@every_case
def test_numbers_of_any_kind_written_into_groups(name, settings, kind):
    """As a scheduler does: every setting of a group, after some steps."""
    expected, found = Classifier(7), Classifier(7)
    plain, other = make(name, settings, expected), make(name, settings, found)
    for k in range(2 * plain.gradients_per_update + 1):
        group = other.param_groups[0]
        for key in other.defaults:
            group[key] = kind(plain.param_groups[0][key])
        train(expected, plain, 1, start=k)
        train(found, other, 1, start=k)
    assert torch.equal(flat(found), flat(expected))


@pytest.mark.parametrize("name", optim.names())
def test_integers_for_the_optimizer_as_a_whole(name):
    counts = {
        "L": 3, "K": 2, "T": 4, "steps_per_epoch": 2, "batches_per_epoch": 7, "burn_in": 1,
        "layers": 4, "samples": 9,
    }  # fmt: skip
    settings = MINIMAL.get(name, {}) | {
        k: v for k, v in counts.items() if k in optim.settings(name)
    }
    settings |= {"smoothing": "moving_average"} if "K" in settings else {}
    settings |= {"schedule": "cosine"} if name == "two_step_cgd" else {}
    settings |= {"average": True} if name == "sgld" else {}
    models = Quadratic(), Quadratic()
    for model, kind in zip(models, (lambda v: v, as_numpy), strict=True):
        optimizer = make(name, {k: kind(v) for k, v in settings.items()}, model)
        train(model, optimizer, 7)
    assert torch.equal(*map(flat, models))


def test_a_rate_that_is_a_tensor_may_be_changed_in_place():
    models = Quadratic(), Quadratic()
    rate = torch.tensor(0.1, dtype=torch.float64)
    live = make("entropy_sgd", {"lr": rate, "lr_inner": rate}, models[0])
    by_hand = make("entropy_sgd", {"lr": 0.1, "lr_inner": 0.1}, models[1])
    for k in range(3):
        for model, optimizer in zip(models, (live, by_hand), strict=True):
            train(model, optimizer, 20, start=20 * k)
        rate.mul_(0.5)
        by_hand.param_groups[0].update(lr=rate.item(), lr_inner=rate.item())
    assert torch.equal(*map(flat, models))
    assert live.param_groups[0]["lr"] is rate


def test_cyclic_schedule_of_tensors():
    """The rate and momentum of torch's CyclicLR, given tensors, are those given numbers."""
    models = Quadratic(), Quadratic()
    for model, kind in zip(
        models, (float, lambda v: torch.tensor(v, dtype=torch.float64)), strict=True
    ):
        optimizer = optim.build("sgd", model.parameters(), lr=kind(0.1), momentum=kind(0.9))
        schedule = lr_scheduler.CyclicLR(
            optimizer, kind(0.01), kind(0.1), 4, base_momentum=kind(0.5), max_momentum=kind(0.9)
        )
        for k in range(12):
            train(model, optimizer, 1, start=k)
            schedule.step()
    assert torch.allclose(*map(flat, models), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("scheduler", "more"),
    [
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=20), {}),
        (lambda o: lr_scheduler.ExponentialLR(o, 0.9), {"lr": torch.tensor(0.1)}),
        (lambda o: lr_scheduler.LambdaLR(o, lambda k: np.float32(0.5) ** k), {}),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, np.int64(10), np.float64(1e-3)), {}),
    ],
)
@pytest.mark.parametrize("name", [n for n in optim.names() if n != "sgld"])
def test_schedulers_on_numbers_of_any_kind(name, scheduler, more):
    model = Quadratic()
    settings = MINIMAL.get(name, {}) | {"lr": np.float64(0.1)} | more
    if "momentum" in optim.settings(name):
        settings["momentum"] = np.float32(0.5)
    optimizer = make(name, settings, model)
    schedule = scheduler(optimizer)
    for k in range(12):
        train(model, optimizer, 1, start=k)
        schedule.step()
    assert flat(model).isfinite().all()
    assert not torch.equal(flat(model), flat(Quadratic()))


def test_schedules_and_rules_beside_the_optimizers():
    assert scoping.Exponential(np.float64(0.5)) == scoping.Exponential(0.5)
    assert scoping.Bounded(torch.tensor(0.5), np.float32(2.0)) == scoping.Bounded(0.5, 2.0)
    line = scoping.build("linear", updates=np.int64(4), final=torch.tensor(2.0))
    assert line(10.0, 2) == 6.0
    rates = LearningRate(np.float64(0.1), (np.int64(2), np.float32(4)), np.int32(5), np.int64(9))
    assert rates == LearningRate(0.1, (2, 4.0), 5, 9)
    w = nn.Parameter(torch.ones(1))
    schedule = rates.scheduler(optim.build("sgd", [w], lr=0.1), np.int64(10), np.int64(2))
    assert all(type(mark) is int for mark in schedule.milestones)
    power = Polynomial(np.float64(0.1)).scheduler(optim.build("sgd", [w], lr=0.1), np.int64(10))
    assert type(power.lr_lambdas[0].steps) is int
    auto = optim.AutoL2(torch.optim.SGD([w]), np.float64(0.5), every=np.int64(2))
    assert auto.state_dict() == optim.AutoL2(torch.optim.SGD([w]), 0.5, every=2).state_dict()
    assert type(predicted_l2.predicted_l2(np.float64(0.01), torch.tensor(100))) is float


def test_schedules_of_ones_own_may_return_any_kind():
    models = Quadratic(), Quadratic(), Quadratic()
    for model, kind in zip(models, (float, np.float64, torch.tensor), strict=True):
        shrink = lambda gamma, t, kind=kind: kind(gamma / (1 + t))  # noqa: E731
        optimizer = optim.build(
            "parle", model.parameters(), L=2, scoping_gamma=shrink, scoping_rho=shrink
        )
        train(model, optimizer, 8)
    assert torch.allclose(flat(models[0]), flat(models[1]), rtol=0, atol=0)
    assert torch.allclose(flat(models[0]), flat(models[2]), rtol=0, atol=1e-6)  # a float32 tensor


# what is refused

BAD_RATES = [
    torch.tensor(-1.0), torch.tensor(float("nan")), torch.tensor([float("inf")]),
    np.float64("nan"), np.float32(-0.1), float("inf"), torch.tensor([0.1, 0.2]),
    np.array([0.1, 0.2]), torch.tensor(0.1 + 1j), True, None, "0.1",
]  # fmt: skip


@pytest.mark.parametrize("rate", BAD_RATES, ids=str)
@pytest.mark.parametrize("name", optim.names())
def test_rates_that_are_none_are_refused_in_one_sentence(name, rate):
    if rate is None and name == "entropy_sgd":
        return  # its default
    with pytest.raises(optim.HyperparameterError, match="lr must be a number of at least 0") as no:
        optim.build(name, Quadratic().parameters(), **(MINIMAL.get(name, {}) | {"lr": rate}))
    assert "\n" not in str(no.value)
    assert str(no.value).endswith(".")


@pytest.mark.parametrize(
    "rate", [float("nan"), float("inf"), torch.tensor(float("nan")), np.float64("inf")], ids=str
)
@pytest.mark.parametrize("name", optim.names())
def test_rates_that_become_no_number_are_refused_before_anything_changes(name, rate):
    model = Quadratic()
    optimizer = make(name, MINIMAL.get(name, {}), model)
    train(model, optimizer, 2)
    before = flat(model)
    optimizer.param_groups[0]["lr"] = rate
    words = r": lr is (nan|inf) at iteration 2, and the weights are unchanged; .*\.$"
    with pytest.raises(optim.HyperparameterError, match=words):
        train(model, optimizer, 1, start=2)
    assert torch.equal(flat(model), before)
    assert optimizer.iteration == 2


def test_other_settings_that_become_no_number_are_refused():
    for name, key, value in (
        ("sgd", "momentum", float("nan")),
        ("adam", "betas", (0.9, np.float64("nan"))),
        ("entropy_sgd", "temperature", torch.tensor(float("nan"))),
    ):
        model = Quadratic()
        optimizer = make(name, {}, model)
        optimizer.param_groups[0][key] = value
        with pytest.raises(optim.HyperparameterError, match=f"{key} is nan at iteration 0"):
            train(model, optimizer, 1)


# keys of other code

NOTES = {"lr_scale": 0.65, "rho": 0.05, "max_lr": 0.4, "min_lr": 0.0, "layer_name": "stem",
         "base_momentum": 0.85, "max_momentum": 0.95, "lr_mult": 2.0, "maximize": False,
         "weight_decay": 0.0, "foreach": None, "is_bias": True}  # fmt: skip


@pytest.mark.parametrize("name", optim.names())
def test_keys_of_other_code_are_carried_along(name):
    """Those of layer decay, sharpness-aware steps and schedulers change nothing and stay."""
    plain, noted = Quadratic(), Quadratic()
    settings = {"lr": 0.05} | MINIMAL.get(name, {})
    keys = {k: v for k, v in NOTES.items() if k not in make(name, settings, plain).defaults}
    plain = Quadratic()
    expected = make(name, settings, plain)
    groups = [{"params": list(noted.parameters()), **keys}]
    optimizer = optim.build(name, groups, generator=draws(), **settings)
    optimizer.prepare()
    for model, one in ((plain, expected), (noted, optimizer)):
        train(model, one, 7)
    assert torch.equal(flat(plain), flat(noted))
    group = optimizer.param_groups[0]
    assert {k: group[k] for k in keys} == keys
    again = make(name, settings, Quadratic())
    again.load_state_dict(optimizer.state_dict())
    assert {k: again.param_groups[0][k] for k in keys} == keys


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("sgd", "momentun", "has no setting 'momentun' for a parameter group (did you mean 'mom"),
        ("sgd", "LR", "has no setting 'LR' for a parameter group (did you mean 'lr'?); it has lr,"),
        ("sgd", "learning_rate", "(did you mean 'lr'?)"),
        ("sgd", "weight-decay", "(did you mean 'weight_decay'?)"),
        ("sgd", "wd", "(did you mean 'weight_decay'?)"),
        ("sgd", "betas", "has no setting 'betas' for a parameter group; it has lr, momentum,"),
        ("sgd", "maximize", "has no setting 'maximize' for a parameter group; it has"),
        ("sgld", "momentum", "has no setting 'momentum' for a parameter group; it has"),
        ("sgld", "temprature", "(did you mean 'temperature'?)"),
        ("entropy_sgd", "gama", "(did you mean 'gamma'?)"),
        ("entropy_sgd", "momentum_out", "(did you mean 'momentum_outer'?)"),
        ("entropy_sgd", "L", "'L' for a parameter group, since it holds for all of them; give it"),
        ("cosine_cgd", "radius", "since it holds for all of them; give it to CosineCGD(...)"),
        ("parle", "master", "since it holds for all of them; give it to Parle(...)"),
        ("sgld", "burn_in", "since it holds for all of them; give it to SGLD(...)"),
        ("entropy_sgd", "gamma_decay", "since it holds for all of them; give it to EntropySGD"),
        ("sgd", "generator", "since it holds for all of them; give it to SGD(...)"),
    ],
)
def test_misspelt_settings_of_a_group_are_refused(name, key, words):
    model = Quadratic()
    group = {"params": [model.first], key: 0.5}
    with pytest.raises(optim.HyperparameterError) as refused:
        optim.build(name, [group], **MINIMAL.get(name, {}))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    optimizer = optim.build(name, [model.second], **MINIMAL.get(name, {}))
    with pytest.raises(optim.HyperparameterError):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize("name", ["elastic_sgd", "parle"])
def test_keys_of_other_code_with_several_replicas(name):
    models = [Quadratic() for _ in range(2)]
    params = [list(m.parameters()) for m in models]
    optimizer = optim.build(name, [{"params": params, "lr_scale": object()}])
    assert optimizer.replicas == 2
    assert "lr_scale" in optimizer.param_groups[0]
