"""Optimizers inside the wrappers of other libraries, and copies made while the answer is in."""

import copy
import pickle

import pytest
import torch
from reference.optim_problems import CASES, IDS, Classifier, flat, make, train
from reference.wrappers import (
    AcceleratedOptimizer,
    CopyingWrapper,
    ForwardingWrapper,
    SharingWrapper,
)

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
every_wrapper = pytest.mark.parametrize("wrapper", [ForwardingWrapper, CopyingWrapper,
                                                    SharingWrapper])  # fmt: skip
LEAVE = r"Leave the solution\(\) block before"


@every_case
@every_wrapper
def test_the_block_holds_for_the_wrapper_and_the_wrapped(name, settings, wrapper):
    model = Classifier(7)
    optimizer = make(name, settings, model)
    wrapped = wrapper(optimizer)
    train(model, wrapped, optimizer.gradients_per_update + 1)
    saved, working = optimizer.state_dict(), flat(model)
    for enters in (wrapped, optimizer):
        with enters.solution():
            answer = flat(model)
            with wrapped.solution(), optimizer.solution():
                assert torch.equal(flat(model), answer)
            for one in (optimizer, wrapped):
                for forbidden in (
                    one.step,
                    one.state_dict,
                    lambda one=one: one.load_state_dict(saved),
                    one.restart,
                ):
                    with pytest.raises(RuntimeError, match=LEAVE):
                        forbidden()
        assert torch.equal(flat(model), working)


@every_case
@every_wrapper
def test_wrapper_and_wrapped_are_one_run(name, settings, wrapper):
    """Also after a state was loaded, through either of them."""
    straight, model = Classifier(7), Classifier(7)
    plain, optimizer = make(name, settings, straight), make(name, settings, model)
    length = 2 * optimizer.gradients_per_update + 1
    train(straight, plain, 3 * length)
    wrapped = wrapper(optimizer)
    wrapped.prepare()
    train(model, wrapped, length)
    for k, (source, target) in enumerate(((wrapped, optimizer), (optimizer, wrapped)), 1):
        state = copy.deepcopy(source.state_dict())
        weights = {k: v.clone() for k, v in model.state_dict().items()}
        train(model, wrapped, 2, start=k * length)  # and back again
        model.load_state_dict(weights)
        target.load_state_dict(state)
        assert wrapped.iteration == optimizer.iteration == k * length
        assert all(
            wrapped.state[p] is optimizer.state[p]
            for g in optimizer.param_groups
            for p in g["params"]
        )
        train(model, wrapped, length, start=k * length)
    assert torch.equal(flat(model), flat(straight))
    with plain.solution(), wrapped.solution():
        assert torch.equal(flat(model), flat(straight))


@every_case
def test_accelerate_moves_the_state_of_a_fresh_optimizer(name, settings):
    straight, model = Classifier(7), Classifier(7)
    train(straight, make(name, settings, straight), 7)
    optimizer = make(name, settings, model)
    wrapped = AcceleratedOptimizer(optimizer)
    for k in range(7):
        wrapped.zero_grad()
        loss = model.loss(k)
        loss.backward()
        optimizer.observe(loss)
        wrapped.step()
    assert torch.equal(flat(model), flat(straight))
    with wrapped.optimizer.solution(), pytest.raises(RuntimeError, match=LEAVE):
        wrapped.state_dict()


@every_case
def test_copies_and_pickles_are_refused_while_the_answer_is_in(name, settings):
    model = Classifier(7)
    optimizer = make(name, settings, model)
    train(model, optimizer, 2)
    with optimizer.solution():
        answer = flat(model)
        for attempt in (
            lambda: copy.deepcopy((model, optimizer)),
            lambda: copy.copy(optimizer),
            lambda: pickle.dumps((model, optimizer)),
        ):
            with pytest.raises(RuntimeError, match=rf"{LEAVE} copying the optimizer: the para"):
                attempt()
        twin = copy.deepcopy(model)  # the model alone is how an answer is kept
    assert torch.equal(flat(twin), answer)
    twin, other = copy.deepcopy((model, optimizer))
    train(twin, other, 3, start=2)
    train(model, optimizer, 3, start=2)
    assert torch.equal(flat(twin), flat(model))


def test_the_weights_of_the_answer_are_kept_by_a_copy_of_them():
    """`model.state_dict()` refers to the weights, here as for every torch model."""
    model = Classifier(7)
    optimizer = make("entropy_sgd", {"L": 5}, model)
    train(model, optimizer, 7)
    with optimizer.solution():
        answer = flat(model)
        referred = model.state_dict()
        kept = copy.deepcopy(model.state_dict())
    assert torch.equal(torch.cat([v.reshape(-1) for v in kept.values()]), answer)
    assert not torch.equal(torch.cat([v.reshape(-1) for v in referred.values()]), answer)
