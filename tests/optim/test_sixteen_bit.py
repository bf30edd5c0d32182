"""16-bit weights: every optimizer does what it does in float32, and rounds once."""

import copy
import io
import pickle
from types import SimpleNamespace

import pytest
import torch
from reference import optim_descent, optim_entropy
from reference.optim_problems import (
    CASES,
    IDS,
    MINIMAL,
    QUIET,
    TWINS,
    Quadratic,
    Twin,
    draws,
    train,
)
from torch import nn
from torch.nn.functional import cross_entropy

from landscape import optim
from landscape.optim import sixteen_bit

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
every_type = pytest.mark.parametrize("dtype", sixteen_bit.TYPES)
SLOPE = torch.linspace(0.5, 1.5, 64)


def vectors(dtype):
    """The same start in 16 and in 32 bits."""
    start = torch.linspace(-1, 2, 64).to(dtype)
    return nn.Parameter(start.clone()), nn.Parameter(start.float())


def built(name, settings, w, seed=11):
    optimizer = optim.build(name, [w], generator=draws(seed), **settings)
    optimizer.prepare()
    return optimizer


def step(optimizer, w, k, dtype):
    """A step with the gradient that a network in `dtype` would see."""
    seen = w.detach().to(dtype).float()
    g = (SLOPE * (seen - 0.1 * torch.cos(torch.arange(64) + k))).to(dtype)
    w.grad = g.to(w.dtype)
    optimizer.observe(1 / (1 + k))
    optimizer.step()


@every_type
@every_case
def test_it_is_the_float32_run_rounded(name, settings, dtype):
    """Bit for bit, noise, averages and answers included, at every phase of a cycle."""
    narrow, wide = vectors(dtype)
    a, b = built(name, settings, narrow), built(name, settings, wide)
    start = narrow.detach().clone()
    for k in range(3 * a.gradients_per_update + 1):
        for optimizer, w in ((a, narrow), (b, wide)):
            step(optimizer, w, k, dtype)
        assert torch.equal(narrow, wide.to(dtype))
        working = narrow.detach().clone()
        with a.solution(), b.solution():
            assert torch.equal(narrow, wide.to(dtype))
        assert torch.equal(narrow, working)
        for one, two in zip(a.perturbation() or [], b.perturbation() or [], strict=True):
            assert (one is two is None) or torch.equal(one, two)
    assert not torch.equal(narrow, start)
    kept = {k: v for k, v in a.state[narrow].items() if torch.is_tensor(v)}
    assert torch.equal(kept.pop("float32"), wide)
    for key, value in kept.items():
        assert torch.equal(value, b.state[wide][key])


class Rounded(Quadratic):
    """The quadratic as bfloat16 shows it: weights and gradients are rounded in any type."""

    def loss(self, k):
        seen = SimpleNamespace(
            parameters=lambda: [p.bfloat16().double() for p in self.parameters()]
        )
        return Quadratic.loss(seen, k)


def twin(name, settings):
    """(working point, answer) after each step, all in float64."""
    problem = Twin(Rounded)
    if name in TWINS:
        return TWINS[name](problem, settings)
    if name == "entropy_sgd":
        return optim_entropy.entropy_sgd(problem.gradient, None, problem.w, 30, **settings)
    path = getattr(optim_descent, name)(problem.gradient, problem.w, 30, **settings)
    return ((w, w) for w in path)


STATED = {"lr": 0.3, "lr_inner": 0.1, "gamma": 5.0, "L": 3, "alpha": 0.25, "temperature": 0.0}
WITH_TWIN = [
    *((n, s) for n, s in QUIET if n in (*TWINS, "sgd", "adam")),
    ("entropy_sgd", STATED | {"momentum": 0.9, "momentum_outer": 0.5, "weight_decay": 0.01}),
]


@pytest.mark.parametrize(("name", "settings"), WITH_TWIN)
def test_the_masters_are_the_float64_twin(name, settings):
    """Which has no 16 bits but in what the gradient sees: to 1e-5, unless a weight lies so near to
    the middle of two 16-bit numbers that float32 and float64 show different ones.
    """
    more = {"gamma_decay": 0.0} if name == "entropy_sgd" else {}
    model = Rounded().bfloat16()
    optimizer = optim.build(name, model.parameters(), generator=draws(), **settings, **more)
    # The twin starts from weights that 16 bits have not rounded; so do the masters.
    for p, exact in zip(model.parameters(), Quadratic().parameters(), strict=True):
        optimizer.state[p]["float32"] = exact.detach().float()
    optimizer.prepare()
    for k, (working, _) in zip(range(30), twin(name, settings), strict=False):
        train(model, optimizer, 1, start=k)
        masters = [optimizer.state[p]["float32"].reshape(-1) for p in model.parameters()]
        assert torch.allclose(torch.cat(masters).double(), working, rtol=0, atol=2e-3)
    assert k == 29


@pytest.mark.parametrize("name", optim.names())
def test_sixty_four_numbers_move_as_in_float32(name):
    """As many as fill the vectors of a CPU, which fused kernels of torch have left standing."""
    settings = {"lr": 0.1} | MINIMAL.get(name, {})
    narrow, wide = vectors(torch.bfloat16)
    a, b = built(name, settings, narrow), built(name, settings, wide)
    start = wide.detach().clone()
    for k in range(a.gradients_per_update):
        for optimizer, w in ((a, narrow), (b, wide)):
            w.grad = (SLOPE + 0.1 * k).to(w.dtype)
            optimizer.observe(1.0)
            optimizer.step()
    tolerance = 2**-7 * wide.detach().abs().clamp(min=0.05)
    assert ((narrow.float() - wide).abs() <= tolerance).all()
    assert (wide != start).all()


@every_case
def test_steps_that_each_vanish_add_up(name, settings):
    """At this rate no single step of SGD changes a number of bfloat16 that is near 1."""
    narrow, wide = vectors(torch.bfloat16)
    a, b = (built(name, settings | {"lr": 1e-4}, w) for w in (narrow, wide))
    with b.solution():
        start = wide.detach().clone()
    for k in range(120):
        for optimizer, w in ((a, narrow), (b, wide)):
            step(optimizer, w, k, torch.bfloat16)
    with a.solution(), b.solution():
        assert torch.equal(narrow, wide.to(torch.bfloat16))
        assert not torch.equal(narrow, start.to(torch.bfloat16))


@every_type
@every_case
def test_a_checkpoint_keeps_what_16_bits_do_not_show(name, settings, dtype):
    straight, _ = vectors(dtype)
    optimizer = built(name, settings, straight)
    cycle = optimizer.gradients_per_update
    total = 2 * cycle + 3
    for k in range(total):
        step(optimizer, straight, k, dtype)
    for stop in range(1, cycle + 2):
        w, _ = vectors(dtype)
        before = built(name, settings, w)
        for k in range(stop):
            step(before, w, k, dtype)
        file = io.BytesIO()
        torch.save({"w": w.detach(), "optimizer": before.state_dict()}, file)
        file.seek(0)
        saved = torch.load(file, weights_only=True)
        again = nn.Parameter(torch.ones(64, dtype=dtype))
        after = built(name, settings, again, seed=3)
        # The model may be restored before the optimizer or after it.
        weights = (again.data.copy_, saved["w"])
        parts = (weights, (after.load_state_dict, saved["optimizer"]))
        for load, state in parts if stop % 2 else reversed(parts):
            load(state)
        for k in range(stop, total):
            step(after, again, k, dtype)
        assert torch.equal(again, straight)
        for key, value in optimizer.state[straight].items():
            found = after.state[again][key]
            assert torch.equal(found, value) if torch.is_tensor(value) else found == value


@every_case
def test_copies_and_pickles_go_on(name, settings):
    w, _ = vectors(torch.bfloat16)
    optimizer = built(name, settings, w)
    for k in range(2):
        step(optimizer, w, k, torch.bfloat16)
    twins = [copy.deepcopy((optimizer, w)), pickle.loads(pickle.dumps((optimizer, w)))]
    for one, p in [(optimizer, w), *twins]:
        for k in range(2, 7):
            step(one, p, k, torch.bfloat16)
        assert torch.equal(p, w)
        assert torch.equal(one.state[p]["float32"], optimizer.state[w]["float32"])


@pytest.mark.parametrize("name", optim.names())
def test_values_set_from_outside_become_those_of_the_copy(name):
    """Number by number: those that were left alone keep what 16 bits do not show."""
    settings = {"lr": 1e-3} | MINIMAL.get(name, {})
    w, _ = vectors(torch.bfloat16)
    optimizer = built(name, settings, w)
    step(optimizer, w, 0, torch.bfloat16)
    before = optimizer.state[w]["float32"].clone()
    with torch.no_grad():
        w[:5] = 3.0
    with sixteen_bit.widened(optimizer):
        (seen,) = optimizer.param_groups[0]["params"]
        assert seen[:5].tolist() == [3.0] * 5
        assert torch.equal(seen[5:], before[5:])
        assert seen.dtype == torch.float32
        assert seen.requires_grad
    assert optimizer.param_groups[0]["params"][0] is w
    assert w[:5].tolist() == [3.0] * 5


@pytest.mark.parametrize("name", optim.names())
def test_a_refused_step_leaves_everything_as_it_was(name):
    settings = {"lr": 0.1} | MINIMAL.get(name, {})
    w, _ = vectors(torch.bfloat16)
    optimizer = optim.build(name, [w], generator=draws(), check_finite=True, **settings)
    step(optimizer, w, 0, torch.bfloat16)
    kept, master = w.detach().clone(), optimizer.state[w]["float32"].clone()
    w.grad[3] = float("nan")
    optimizer.observe(1.0)
    with pytest.raises(optim.NonFiniteGradientError, match="parameter 0 of group 0"):
        optimizer.step()
    assert torch.equal(w, kept)
    assert torch.equal(optimizer.state[w]["float32"], master)
    assert list(optimizer.state) == optimizer.param_groups[0]["params"] == [w]
    assert w.grad[3].isnan()
    assert not optimizer.state[w]["float32"].requires_grad


@pytest.mark.parametrize("name", optim.names())
def test_a_model_may_change_its_type_in_mid_run(name):
    """To 16 bits and back; a state of 16-bit weights may be loaded for 32-bit ones."""
    settings = {"lr": 0.1} | MINIMAL.get(name, {})
    model = nn.Linear(8, 8, bias=False)
    optimizer = optim.build(name, model.parameters(), generator=draws(), **settings)

    def go(dtype, seen, steps=3):
        for k in range(steps):
            seen.weight.grad = torch.ones_like(seen.weight).mul_(k + 1)
            optimizer.observe(1.0)
            optimizer.step()
        assert seen.weight.dtype == dtype
        state = optimizer.state[seen.weight]
        assert all(v.dtype == torch.float32 for v in state.values() if torch.is_tensor(v))
        assert seen.weight.isfinite().all()

    go(torch.float32, model)
    go(torch.bfloat16, model.bfloat16())
    saved = optimizer.state_dict()
    go(torch.float32, model.float())
    optimizer.load_state_dict(saved)
    assert "float32" not in optimizer.state[model.weight]
    go(torch.float32, model)


class Network(nn.Module):
    """Two hidden layers on 20 numbers; the middle one stays in float32 with mixed=True."""

    def __init__(self, dtype, mixed=False):
        super().__init__()
        torch.manual_seed(0)
        kinds = (dtype, torch.float32 if mixed else dtype, dtype)
        sizes = ((20, 64), (64, 64), (64, 3))
        # The same draws for all types.
        self.layers = nn.ModuleList(
            nn.Linear(*size).to(torch.bfloat16).to(kind)
            for size, kind in zip(sizes, kinds, strict=True)
        )

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x.to(layer.weight.dtype))
            x = torch.relu(x) if i < 2 else x
        return x.float()


def points(k, samples=64):
    """Three overlapping clouds; the same ones for the same k."""
    centres = torch.randn(3, 20, generator=draws(1))
    draw = draws(100 + k)
    y = torch.randint(0, 3, (samples,), generator=draw)
    return 0.5 * centres[y] + torch.randn(samples, 20, generator=draw), y


def trained(use, dtype, *, mixed=False, replicas=1, steps=200):
    """Mean loss of the answer at the start and at the end."""
    name, settings = USES[use]
    models = [Network(dtype, mixed) for _ in range(replicas)]
    params = [model.parameters() for model in models]
    optimizer = optim.build(
        name, params if replicas > 1 else params[0], generator=draws(), **settings
    )
    optimizer.prepare()

    def loss():
        with optimizer.solution(), torch.no_grad():
            losses = [cross_entropy(models[0](x), y) for x, y in map(points, range(-8, 0))]
        return sum(value.item() for value in losses) / len(losses)

    before = loss()
    for k in range(steps):
        optimizer.zero_grad()
        for a, model in enumerate(models):
            x, y = points(replicas * k + a)
            value = cross_entropy(model(x), y)
            value.backward()
        optimizer.observe(value)
        optimizer.step()
    return before, loss()


USES = {
    "sgd": ("sgd", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "sgd_plain": ("sgd", {"lr": 0.02}),
    "entropy_sgd": ("entropy_sgd", {"L": 5, "lr_inner": 0.02, "gamma": 100.0, "momentum": 0.9}),
    "entropy_authors": (
        "entropy_sgd", {"L": 5, "lr_inner": 0.02, "momentum": 0.9, "convention": "authors"},
    ),
    "anneal_sgd": (
        "anneal_sgd",
        {"lr": 5e-3, "momentum": 0.9, "J": 1e-3, "tau0": 50, "layers": 3},
    ),
    "anneal_adam": ("anneal_sgd", {"base": "adam", "lr": 5e-4, "J": 1e-3, "tau0": 50, "layers": 3}),
    "sgld": ("sgld", {"samples": 1000, "lr": 5e-5, "temperature": 0.1}),
    "sgld_mean": (
        "sgld",
        {"samples": 1000, "lr": 5e-5, "temperature": 0.1, "average": True, "burn_in": 100},
    ),
    "parle": ("parle", {"L": 5, "lr": 0.5, "lr_inner": 0.02, "momentum": 0.9}),
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_a_network_reaches_the_loss_of_float32(use):
    start, narrow = trained(use, torch.bfloat16)
    _, wide = trained(use, torch.float32)
    assert wide < 0.7 * start, "the comparison is empty if nothing is learnt"
    assert abs(narrow / wide - 1) < 0.05


@pytest.mark.parametrize("use", ["sgd", "entropy_sgd"])
def test_layers_of_both_kinds_in_one_network(use):
    start, mixed = trained(use, torch.bfloat16, mixed=True)
    _, wide = trained(use, torch.float32)
    assert wide < 0.7 * start
    assert abs(mixed / wide - 1) < 0.05


def test_several_replicas_reach_the_loss_of_float32():
    start, narrow = trained("parle", torch.bfloat16, replicas=3)
    _, wide = trained("parle", torch.float32, replicas=3)
    assert wide < 0.7 * start
    assert abs(narrow / wide - 1) < 0.05


def test_reading_and_evaluating_is_no_change_from_outside_and_hides_none():
    w = torch.nn.Parameter(torch.ones(8, dtype=torch.bfloat16))
    optimizer = optim.EntropySGD([w], lr=0.1, L=5)
    for _ in range(2):
        w.grad = torch.full_like(w, 0.5)
        optimizer.step()
    optimizer.perturbation()
    with optimizer.solution():
        pass
    w.grad = torch.full_like(w, 0.5)
    optimizer.step()
    with torch.no_grad():
        w.mul_(2)
    optimizer.perturbation()
    with pytest.raises(RuntimeError, match="changed from outside"):
        optimizer.step()


def test_a_fresh_16_bit_state_has_the_entries_of_a_trained_one():
    def built():
        w = torch.nn.Parameter(torch.ones(8, dtype=torch.bfloat16))
        return w, optim.EntropySGD([w], lr=0.1, L=5, temperature=0.0)

    w, optimizer = built()
    fresh = optimizer.state_dict()["state"][0]
    w.grad = torch.full_like(w, 0.5)
    optimizer.step()
    trained = optimizer.state_dict()
    assert {k: v.dtype for k, v in fresh.items() if torch.is_tensor(v)} == {
        k: v.dtype for k, v in trained["state"][0].items() if torch.is_tensor(v)
    }
    other, loaded = built()
    other.data.copy_(w.data)
    loaded.load_state_dict(trained)
    for one, p in ((optimizer, w), (loaded, other)):
        p.grad = torch.full_like(p, 0.25)
        one.step()
    assert torch.equal(optimizer.state[w]["float32"], loaded.state[other]["float32"])


@every_case
def test_a_layer_frozen_while_the_answer_is_in_goes_back(name, settings):
    """As in 32 bits, where freezing in the block does not leave it at the answer."""
    narrow, wide = vectors(torch.bfloat16)
    a, b = built(name, settings, narrow), built(name, settings, wide)
    for k in range(a.gradients_per_update + 1):
        for optimizer, w in ((a, narrow), (b, wide)):
            step(optimizer, w, k, torch.bfloat16)
    for optimizer, w in ((a, narrow), (b, wide)):
        with optimizer.solution():
            w.requires_grad_(False)
    assert torch.equal(narrow, wide.bfloat16())
    for w in (narrow, wide):
        w.requires_grad_(True)
    for k in range(3):
        for optimizer, w in ((a, narrow), (b, wide)):
            step(optimizer, w, k, torch.bfloat16)
    assert torch.equal(narrow, wide.bfloat16())
    assert torch.equal(a.state[narrow]["float32"], wide)


@every_case
@pytest.mark.parametrize("back", [True, False])
def test_a_model_may_change_its_type_while_the_answer_is_in(name, settings, back):
    """`model.bfloat16()` to write out the answer: the working point and the answer stay apart."""
    for w in vectors(torch.bfloat16):
        optimizer = built(name, settings, w)
        for k in range(optimizer.gradients_per_update + 1):
            step(optimizer, w, k, torch.bfloat16)
        before, answer = w.detach().bfloat16().clone(), optimizer.answer()[0].bfloat16()
        with optimizer.solution():
            kind = w.dtype
            w.data = w.data.to(torch.float32 if kind == torch.bfloat16 else torch.bfloat16)
            if back:
                w.data = w.data.to(kind)
        assert torch.equal(w.bfloat16(), before)
        assert torch.equal(optimizer.answer()[0].bfloat16(), answer)
