"""AutoL2 against its listing, and around any optimizer."""

import copy
import io
import math
import pickle
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_complexity import auto_l2
from reference.optim_problems import Quadratic, flat, train

from landscape import optim
from landscape.optim import AutoL2, HyperparameterError


def sgd():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)


# Few different values, so that ties and repeated minima are common.
VALUES = st.one_of(st.integers(0, 6).map(float), st.just(math.inf))
SEQUENCES = st.lists(st.tuples(VALUES, VALUES), max_size=40)


@settings(max_examples=200, deadline=None)
@given(
    measured=SEQUENCES,
    every=st.integers(1, 4),
    refractory=st.sampled_from([0.0, 0.1, 0.4]),
    factor=st.sampled_from([2, 10]),
    printed=st.booleans(),
)
def test_strengths_are_those_of_the_listing(measured, every, refractory, factor, printed):
    auto = AutoL2(sgd(), factor=factor, every=every, refractory=refractory, printed=printed)
    losses, errors = [m[0] for m in measured], [m[1] for m in measured]
    more = {"factor": factor, "refractory": refractory, "printed": printed}
    found = []
    for n in range(every * len(measured)):
        assert auto.due == ((n + 1) % every == 0)
        auto.step(*measured[n // every] if auto.due else ())
        found.append(auto.strength)
        assert auto.optimizer.param_groups[0]["weight_decay"] == auto.strength
    assert found == list(auto_l2(losses, errors, every, **more))
    changes = [(n + 1, x) for n, x in enumerate(found) if x != ([0.1] + found)[n]]
    assert auto.history == [(0, 0.1), *changes]


@settings(max_examples=200, deadline=None)
@given(losses=st.lists(VALUES, min_size=2, max_size=40))
def test_that_the_minima_lag_changes_no_decision_on_one_quantity(losses):
    """Prompt minima, over all measurements before t, decide alike: the lag is only in the listing.

    If loss_{t-k} is no new minimum, both minima are equal; if it is, it cannot be above its own
    minimum, nor above the older and larger one.
    """
    auto = AutoL2(sgd(), every=1, refractory=0.0)
    decays = []
    for loss in losses:
        decays.append(auto.step(loss, 0.0))
    prompt = []
    for t, loss in enumerate(losses):
        lowest = min(losses[:t], default=math.inf)
        prompt.append(t > 0 and loss > lowest and losses[t - 1] > lowest)
    assert decays == prompt


def test_a_decay_forgets_the_measurement_before_it():
    """The error of step 3 is the lowest, but the loss decays at step 4, and it enters nothing."""
    auto = AutoL2(sgd(), every=1, refractory=0.0)
    losses, errors = [1.0, 2.0, 2.0, 2.0, 0.5, 0.5, 0.4], [9.0, 8.0, 1.0, 7.0, 7.0, 7.0, 7.0]
    decays = [auto.step(a, b) for a, b in zip(losses, errors, strict=True)]
    assert decays == [False, False, True, True, False, False, False]
    # With the minimum 1.0, errors of 7.0 and 7.0 would decay at step 5 and later.


def test_the_refractory_period_in_steps():
    """Ever worse: decays at once, after more than 10 steps, after more than 100."""
    auto = AutoL2(sgd(), every=1)
    for t in range(130):
        auto.step(float(t), 0.0)
    assert [t for t, _ in auto.history] == [0, 3, 14, 115]
    assert [x for _, x in auto.history] == pytest.approx([0.1, 0.01, 1e-3, 1e-4])


def test_the_error_alone_decays_unless_as_printed():
    for printed in (False, True):
        auto = AutoL2(sgd(), every=1, printed=printed)
        for error in (1.0, 2.0, 3.0):
            auto.step(1.0, error)
        assert auto.strength == (0.1 if printed else 0.01)


def test_what_is_not_a_number_counts_as_infinite():
    auto = AutoL2(sgd(), every=1)
    for loss in (1.0, math.nan, math.nan):
        auto.step(torch.tensor(loss, requires_grad=True), 0.0)
    assert auto.history == [(0, 0.1), (3, 0.01)]


def test_measurements_are_asked_for_only_when_due():
    auto, asked = AutoL2(sgd(), every=3), []

    def measure():
        asked.append(auto._steps)
        return 1.0, 2.0

    for _ in range(7):
        auto.step(measure=measure)
    assert len(asked) == 2
    auto.step()
    with pytest.raises(HyperparameterError, match="loss and error of step 9.*whenever `due`"):
        auto.step()
    auto.step(1.0, 2.0)  # the refused call has not been counted
    assert not auto.due


@pytest.mark.parametrize(
    "build",
    [torch.optim.SGD, optim.SGD, optim.Adam, partial(optim.EntropySGD, temperature=0.0)],
)
def test_it_is_the_gradient_of_the_works_term(build):
    """weight_decay = lambda is the term lambda |w|^2 / 2 in the loss."""
    decayed, penalised = Quadratic(), Quadratic()
    auto = AutoL2(build(decayed.parameters(), lr=0.1), initial=0.3)
    other = build(penalised.parameters(), lr=0.1)
    train(decayed, auto.optimizer, 5)
    plain = penalised.loss
    penalised.loss = lambda k: (
        plain(k) + 0.15 * sum(p.square().sum() for p in penalised.parameters())
    )
    train(penalised, other, 5)
    assert torch.allclose(flat(decayed), flat(penalised), rtol=0, atol=1e-14)


def test_it_acts_on_the_chosen_groups():
    weights, biases, late = (torch.nn.Parameter(torch.ones(2)) for _ in range(3))
    groups = [{"params": [weights]}, {"params": [biases], "weight_decay": 0.0}]
    everywhere = AutoL2(torch.optim.SGD(copy.deepcopy(groups), lr=0.1), every=1)
    chosen = AutoL2(torch.optim.SGD(groups, lr=0.1), every=1, groups=[0])
    for auto in (everywhere, chosen):
        auto.optimizer.add_param_group({"params": [late], "weight_decay": 0.7})
        for loss in (1.0, 2.0, 2.0):
            auto.step(loss, 0.0)
    for auto, expected in ((everywhere, [0.01, 0.01, 0.01]), (chosen, [0.01, 0.0, 0.7])):
        assert [g["weight_decay"] for g in auto.optimizer.param_groups] == expected


@pytest.mark.parametrize("at", range(9))
def test_a_run_goes_on_exactly_from_any_step(at):
    measured = [(5.0, 1.0), (6.0, 2.0), (6.0, 1.0), (2.0, 0.5), (9.0, 3.0), (9.0, 0.1)]
    straight = AutoL2(sgd(), every=2, refractory=0.01)
    for n in range(12):
        straight.step(*measured[n // 2])
    first = AutoL2(sgd(), every=2, refractory=0.01)
    for n in range(at):
        first.step(*measured[n // 2])
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = AutoL2(sgd(), every=2, refractory=0.01)
    second.load_state_dict(torch.load(file, weights_only=True))
    assert second.optimizer.param_groups[0]["weight_decay"] == first.strength
    for auto in (second, copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        for n in range(at, 12):
            auto.step(*measured[n // 2])
        assert auto.state_dict() == straight.state_dict()
    assert len(straight.history) > 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"initial": 0}, "initial must be a positive number"),
        ({"factor": 1}, "factor must be a number above 1"),
        ({"every": 0}, "every must be an integer of at least 1"),
        ({"refractory": -1}, "refractory must be a number of at least 0"),
        ({"printed": 1}, "printed must be True or False"),
        ({"groups": [1]}, "there is no parameter group 1; the optimizer has 1"),
    ],
)
def test_impossible_settings_are_refused(settings, words):
    with pytest.raises(HyperparameterError, match=words):
        AutoL2(sgd(), **settings)


def test_an_optimizer_without_weight_decay_is_refused():
    other = optim.CosineCGD([torch.nn.Parameter(torch.ones(2))], lambda_0=0.1, T=5)
    with pytest.raises(HyperparameterError, match="sets weight_decay, which CosineCGD does not"):
        AutoL2(other)


def test_a_state_of_other_settings_is_refused():
    with pytest.raises(HyperparameterError, match="saved with .*'every': 10.*not with"):
        AutoL2(sgd(), every=5).load_state_dict(AutoL2(sgd()).state_dict())
