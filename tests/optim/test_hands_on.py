"""What one may do by hand: give noise and fields, read the answer and x, settle."""

import copy

import pytest
import torch
from reference.optim_problems import CASES, IDS, Classifier, Quadratic, draws, flat, make, train
from reference.replica_problems import Ensemble

from landscape import optim
from landscape.optim.inner_loop import InnerLoopOptimizer

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)


def _flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


@every_case
def test_the_answer_can_be_read_at_any_step(name, settings):
    model = Classifier(7)
    optimizer = make(name, settings, model)
    for k in range(optimizer.gradients_per_update + 2):
        working, answer = flat(model), _flat(optimizer.answer())
        assert torch.equal(flat(model), working)
        with optimizer.solution():
            assert torch.equal(flat(model), answer)
            assert torch.equal(_flat(optimizer.answer()), answer)
        train(model, optimizer, 1, start=k)


@every_case
def test_settling_makes_the_answer_the_working_point(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 2 * optimizer.gradients_per_update + 1)
    answer = _flat(optimizer.answer())
    optimizer.settle()
    assert torch.equal(flat(model), answer)
    assert torch.equal(_flat(optimizer.answer()), answer)
    # It goes on from there, saved and loaded as well as straight.
    again = Quadratic()
    again.load_state_dict(model.state_dict())
    resumed = make(name, settings, again, seed=99)
    again.load_state_dict(model.state_dict())
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for m, o in ((model, optimizer), (again, resumed)):
        train(m, o, 2 * o.gradients_per_update)
    assert torch.equal(flat(again), flat(model))
    assert flat(model).isfinite().all()
    with optimizer.solution():
        assert not torch.equal(flat(model), answer)
        with pytest.raises(RuntimeError, match=r"Leave the solution\(\) block"):
            optimizer.settle()


@every_case
def test_frozen_after_settling_a_parameter_stays_at_the_answer(name, settings):
    model = Quadratic()
    optimizer = make(name, settings | ({"projection": False} if "cgd" in name else {}), model)
    train(model, optimizer, optimizer.gradients_per_update + 1)
    optimizer.settle()
    model.first.requires_grad_(False)
    kept = model.first.detach().clone()
    train(model, optimizer, 3)
    assert torch.equal(model.first, kept)


INNER = [case for case in CASES if case[0] in ("entropy_sgd", "entropy_adam", "hamilton_jacobi")]


@pytest.mark.parametrize(("name", "settings"), INNER)
def test_x_is_read_in_mid_cycle(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    for k in range(2 * optimizer.gradients_per_update):
        assert torch.equal(_flat(optimizer.anchors()), _flat(optimizer.answer()))
        train(model, optimizer, 1, start=k)
    assert isinstance(optimizer, InnerLoopOptimizer)


@pytest.mark.parametrize("convention", ["thesis", "authors"])
def test_the_replicas_own_x_is_read_in_mid_cycle(convention):
    ensemble = Ensemble("parle", {"L": 3, "lr": 0.1, "convention": convention}, "quadratic")
    ensemble.train(3)
    between = _flat(ensemble.optimizer.anchors())
    assert torch.equal(between, ensemble.weights().reshape(-1))
    ensemble.train(1)
    assert torch.equal(_flat(ensemble.optimizer.anchors()), between)
    assert not torch.equal(ensemble.weights().reshape(-1), between)
    master = ensemble.answers()[0]
    ensemble.optimizer.settle()
    assert torch.equal(ensemble.weights(), master.expand(3, -1))


NOISY = [
    ("entropy_sgd", {"L": 3, "temperature": 0.1, "gamma": 2.0}),
    ("entropy_adam", {"L": 3, "temperature": 0.1}),
    ("heat_smoothing", {"L": 3, "gamma": 0.1}),
    ("sgld", {"samples": 10, "lr": 0.01}),
    ("anneal_sgd", {"J": 0.1, "tau0": 5, "layers": 4}),
    ("resampled_noise", {"J": 0.1, "tau0": 5, "layers": 4}),
]


@pytest.mark.parametrize(("name", "settings"), NOISY)
def test_numbers_handed_in_are_the_noise(name, settings):
    """The generator's own numbers, handed in, give the generator's run."""
    drawn, given = Quadratic(), Quadratic()
    one = make(name, settings, drawn)
    two = optim.build(name, given.parameters(), **settings)
    source = draws()
    two.set_noise(lambda p: torch.empty_like(p).normal_(generator=source))
    two.prepare()
    train(drawn, one, 7)
    train(given, two, 7)
    assert torch.allclose(flat(given), flat(drawn), rtol=0, atol=1e-14)
    _, twin = copy.deepcopy((given, two))
    assert twin._sources == two._sources
    fresh = optim.build(name, given.parameters(), **settings)
    fresh.set_noise(lambda p: torch.zeros(3))
    with pytest.raises(optim.HyperparameterError, match=r"gave the shape \(3,\)"):
        train(given, fresh, 3)
    fresh.set_noise(lambda p: None)
    with pytest.raises(optim.HyperparameterError, match="gave nothing for a parameter of shape"):
        train(given, fresh, 3)
    with pytest.raises(optim.HyperparameterError, match="is a function of a parameter, not 3"):
        fresh.set_noise(3)


def test_a_large_network_takes_what_is_handed_in():
    w = torch.nn.Parameter(torch.zeros(600, 500))
    optimizer = optim.EntropySGD([w], L=5, temperature=5.0, lr_inner=0.1)
    optimizer.set_noise(torch.ones_like)
    w.grad = torch.zeros_like(w)
    optimizer.step()
    assert torch.allclose(w, torch.ones_like(w))


def test_what_draws_nothing_takes_no_noise():
    for name in ("sgd", "adam", "hamilton_jacobi", "parle", "elastic_sgd"):
        optimizer = optim.build(name, Quadratic().parameters())
        with pytest.raises(optim.HyperparameterError, match="draws no random numbers"):
            optimizer.set_noise(torch.ones_like)


def test_a_field_handed_in_is_the_field():
    settings = {"J": 0.05, "tau0": 7.0, "layers": 4, "lr": 0.05}
    drawn, given = Quadratic(), Quadratic()
    one = make("anneal_sgd", settings, drawn)
    scale = one.scale()
    field = [h / scale for h in one.perturbation()]
    two = optim.build("anneal_sgd", given.parameters(), **settings)
    two.set_field(field)
    train(drawn, one, 9)
    train(given, two, 9)
    assert torch.allclose(flat(given), flat(drawn), rtol=0, atol=1e-14)
    two.set_field([h.numpy() for h in field])
    assert torch.equal(two.state[given.second]["field"], field[1])
    with pytest.raises(optim.HyperparameterError, match="for each of the 2 parameters, not 1"):
        two.set_field(field[:1])
    with pytest.raises(optim.HyperparameterError, match=r"parameter 1 must have the shape \(21,\)"):
        two.set_field([field[0], None])
    given.first.requires_grad_(False)
    with pytest.raises(optim.HyperparameterError, match="parameter 0 must have None"):
        two.set_field(field)
    with pytest.raises(optim.HyperparameterError, match="set_noise"):
        make("resampled_noise", settings, Quadratic()).set_field(field)


BARE = [
    ("entropy_sgd", {"L": 3, "temperature": 0.0, "gamma_decay": 0.0}),
    ("entropy_sgd", {"L": 3, "temperature": 0.0, "convention": "authors"}),
    ("hamilton_jacobi", {"L": 3, "gamma_decay": 0.0}),
    ("two_step_cgd", {"lambda_0": 0.2, "schedule": "constant", "projection": False}),
    ("parle", {"L": 3, "momentum": 0.0}),
    ("parle", {"L": 3, "momentum": 0.0, "convention": "authors"}),
    ("elastic_sgd", {}),
]


@pytest.mark.parametrize("call", ["settle", "restart"])
@pytest.mark.parametrize(("name", "settings"), BARE)
def test_without_momenta_and_schedules_it_goes_on_as_a_fresh_one(name, settings, call):
    model, other = Quadratic(), Quadratic()
    optimizer = make(name, settings, model)
    steps = 2 * optimizer.gradients_per_update + 1
    train(model, optimizer, steps)
    if call == "restart":
        with torch.no_grad():
            model.first.add_(3.0)
    getattr(optimizer, call)()
    other.load_state_dict(model.state_dict())
    fresh = make(name, settings, other)
    for m, o in ((model, optimizer), (other, fresh)):
        train(m, o, steps, start=50)
    assert torch.allclose(flat(model), flat(other), rtol=0, atol=1e-13)
