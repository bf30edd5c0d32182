"""States that pass through torch.distributed.checkpoint, or from one optimizer to another."""

import copy
import json

import numpy as np
import pytest
import torch
from reference.optim_problems import (
    CASES,
    IDS,
    Classifier,
    Quadratic,
    draws,
    flat,
    make,
    train,
)

from landscape import optim

dcp = pytest.importorskip("torch.distributed.checkpoint")
from torch.distributed.checkpoint.state_dict import (  # noqa: E402
    StateDictOptions,
    get_optimizer_state_dict,
    get_state_dict,
    set_optimizer_state_dict,
    set_state_dict,
)

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)


def held(optimizer):
    """Copies of everything that the optimizer keeps for each parameter."""
    return [
        {k: v.clone() if torch.is_tensor(v) else v for k, v in optimizer.state.get(p, {}).items()}
        for group in optimizer.param_groups
        for p in group["params"]
    ]


def same(one, other):
    return all(
        x.keys() == y.keys()
        and all(torch.equal(x[k], y[k]) if torch.is_tensor(x[k]) else x[k] == y[k] for k in x)
        for x, y in zip(one, other, strict=True)
    )


@every_case
def test_looking_at_the_state_of_a_fresh_optimizer_changes_nothing(name, settings):
    model, twin = Classifier(7), Classifier(7)
    optimizer = make(name, settings, model)
    other = make(name, settings, twin)
    weights, generator = flat(model), optimizer.generator.get_state()
    state = held(optimizer)
    get_state_dict(model, optimizer)
    assert torch.equal(flat(model), weights)
    assert torch.equal(optimizer.generator.get_state(), generator)
    assert optimizer.iteration == 0
    assert same(held(optimizer), state)
    assert all(p.grad is None for p in model.parameters())
    steps = 2 * optimizer.gradients_per_update + 1
    train(model, optimizer, steps)
    train(twin, other, steps)
    assert torch.equal(flat(model), flat(twin))


@every_case
def test_a_run_goes_on_exactly_from_get_and_set_state_dict(name, settings):
    cycle = make(name, settings, Quadratic()).gradients_per_update
    total = 2 * cycle + 2
    straight = Classifier(7)
    train(straight, make(name, settings, straight), total)
    for k in sorted({0, 1, cycle - 1, cycle, cycle + 1}):
        model = Classifier(7)
        optimizer = make(name, settings, model)
        train(model, optimizer, k)
        saved = copy.deepcopy(get_state_dict(model, optimizer))
        resumed = Classifier(7)
        again = make(name, settings, resumed, seed=5)
        set_state_dict(resumed, again, model_state_dict=saved[0], optim_state_dict=saved[1])
        assert again.iteration == k
        train(resumed, again, total - k, start=k)
        assert torch.equal(flat(resumed), flat(straight))


@every_case
def test_a_fresh_optimizer_is_filled_from_a_file_at_any_phase(name, settings, tmp_path):
    """DCP loads in place, entry by entry: all must be there before the first step."""
    cycle = make(name, settings, Quadratic()).gradients_per_update
    total = 2 * cycle + 2
    straight = Classifier(7)
    train(straight, make(name, settings, straight), total)
    for k in sorted({1, cycle + 1}):
        model = Classifier(7)
        optimizer = make(name, settings, model)
        train(model, optimizer, k)
        parts = get_state_dict(model, optimizer)
        folder = tmp_path / str(k)
        dcp.save({"model": parts[0], "optimizer": parts[1]}, checkpoint_id=folder, no_dist=True)
        resumed = Classifier(7)
        again = make(name, settings, resumed, seed=5)
        parts = get_state_dict(resumed, again)
        state = {"model": parts[0], "optimizer": parts[1]}
        dcp.load(state, checkpoint_id=folder, no_dist=True)
        set_state_dict(
            resumed, again, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
        )
        train(resumed, again, total - k, start=k)
        assert torch.equal(flat(resumed), flat(straight))


@every_case
def test_every_entry_of_a_state_is_there_from_the_start(name, settings):
    model = Classifier(7)
    optimizer = make(name, settings, model)
    first = {i: set(entry) for i, entry in optimizer.state_dict()["state"].items()}
    for k in range(2 * optimizer.gradients_per_update + 1):
        train(model, optimizer, 1, start=k)
        for i, entry in optimizer.state_dict()["state"].items():
            assert set(entry) == first[i]


@every_case
def test_two_optimizers_never_share_a_state(name, settings):
    model, other = Quadratic(), Quadratic()
    a, b = make(name, settings, model), make(name, settings, other)
    train(model, a, 2)
    other.load_state_dict(model.state_dict())
    b.load_state_dict(a.state_dict())
    before, weights = held(b), flat(other)
    train(model, a, 2 * a.gradients_per_update, start=2)
    assert torch.equal(flat(other), weights)
    assert same(held(b), before)


def test_what_a_saver_has_cut_is_refused_in_one_sentence():
    model = Quadratic()
    optimizer = make("entropy_sgd", {"L": 3}, model)
    train(model, optimizer, 2)
    whole = get_optimizer_state_dict(model, optimizer)
    cut = copy.deepcopy(whole)
    del cut["state"]["first"]["x"]
    again = make("entropy_sgd", {"L": 3}, Quadratic())
    with pytest.raises(optim.HyperparameterError, match=r"lacks 'x' of parameter first, which it"):
        again.load_state_dict(cut)
    assert again.iteration == 0
    options = StateDictOptions(flatten_optimizer_state_dict=True)
    other = Quadratic()
    flattened = get_optimizer_state_dict(model, optimizer, options=options)
    with pytest.raises(optim.HyperparameterError, match="without flatten_optimizer_state_dict"):
        set_optimizer_state_dict(
            other, make("entropy_sgd", {"L": 3}, other), flattened, options=options
        )
    other = make("entropy_sgd", {"L": 4}, Quadratic())
    with pytest.raises(optim.HyperparameterError, match=r"saved with L=3 and not with L=4"):
        other.load_state_dict(whole)


def test_states_that_were_saved_before_the_entries_were_complete_still_load():
    straight, model = Quadratic(), Quadratic()
    settings = {"L": 3, "momentum": 0.5}
    train(straight, make("entropy_sgd", settings, straight), 8)
    optimizer = make("entropy_sgd", settings, model)
    train(model, optimizer, 2)
    state = optimizer.state_dict()
    del state["param_groups"][0]["landscape"], state["landscape"]["held"]
    for number, p in enumerate(model.parameters()):
        state["state"][number] = dict(optimizer.state[p])
    again = make("entropy_sgd", settings, model, seed=5)
    again.load_state_dict(state)
    train(model, again, 6, start=2)
    assert torch.equal(flat(model), flat(straight))


def test_what_is_kept_as_text_is_exact():
    optimizer = make("matched_cgd", {"lambda_0": 0.1}, Quadratic())
    optimizer._losses.update(seen=0.1 + 0.2, first=float("inf"), sum=np.float64(0.7))
    state = optimizer.state_dict()
    text = json.loads(state["param_groups"][0]["landscape"])
    assert text["losses"]["seen"] == 0.1 + 0.2
    assert text["losses"]["sum"] == 0.7
    del state["landscape"]
    again = make("matched_cgd", {"lambda_0": 0.1}, Quadratic(), seed=1)
    again.load_state_dict(state)
    assert again._losses == optimizer._losses
    assert torch.equal(again.generator.get_state(), draws().get_state())
    assert "landscape" not in again.param_groups[0]


@every_case
def test_a_whole_state_on_the_cpu_goes_the_same_way(name, settings):
    """The options with which a sharded run is saved as one file."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    straight, model = Classifier(7), Classifier(7)
    steps = make(name, settings, Quadratic()).gradients_per_update + 1
    train(straight, make(name, settings, straight), steps + 3)
    optimizer = make(name, settings, model)
    train(model, optimizer, steps)
    saved = copy.deepcopy(get_state_dict(model, optimizer, options=options))
    resumed = Classifier(7)
    again = make(name, settings, resumed, seed=5)
    parts = {"model_state_dict": saved[0], "optim_state_dict": saved[1], "options": options}
    if not any(optimizer._kept(group, 0)[0] for group in optimizer.param_groups):
        # Torch itself does not load the whole state of an optimizer that keeps no tensors.
        with pytest.raises(AssertionError, match="Expected device"):
            set_state_dict(resumed, again, **parts)
        return
    set_state_dict(resumed, again, **parts)
    train(resumed, again, 3, start=steps)
    assert torch.equal(flat(resumed), flat(straight))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@every_case
def test_a_layer_that_is_frozen_is_loaded_before_it_is(name, settings, dtype, tmp_path):
    """DCP leaves a frozen parameter's state out, which is refused where there is one."""

    def begun(seed):
        model = Classifier(7)
        model.net.to(dtype)
        model.x = model.x.to(dtype)
        return model, make(name, settings, model, seed=seed)

    model, optimizer = begun(11)
    steps = optimizer.gradients_per_update + 1
    train(model, optimizer, steps)
    optimizer.settle()
    model.net[0].weight.requires_grad_(False)
    train(model, optimizer, 1, start=steps)
    parts = get_state_dict(model, optimizer)
    state = {"model": parts[0], "optimizer": parts[1]}
    dcp.save(state, checkpoint_id=tmp_path, no_dist=True)

    frozen, refusing = begun(5)
    frozen.net[0].weight.requires_grad_(False)
    if optimizer.state[model.net[0].weight]:
        with pytest.raises(optim.HyperparameterError, match=r"so load first and freeze then\.$"):
            set_optimizer_state_dict(frozen, refusing, copy.deepcopy(parts[1]))
    resumed, again = begun(5)
    parts = get_state_dict(resumed, again)
    state = {"model": parts[0], "optimizer": parts[1]}
    dcp.load(state, checkpoint_id=tmp_path, no_dist=True)
    set_state_dict(
        resumed, again, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
    )
    resumed.net[0].weight.requires_grad_(False)
    for thaws in (False, True):
        for m, o in ((model, optimizer), (resumed, again)):
            m.net[0].weight.requires_grad_(thaws)
            train(m, o, 2 * steps, start=steps + 1)
        assert torch.equal(flat(resumed), flat(model))
